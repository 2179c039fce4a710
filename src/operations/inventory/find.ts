/** inventory.find: objects by one exact fact, from the live inventory. */
import { isIP } from 'node:net';
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { GatewayError } from '../../errors.ts';
import { type InventoryRecord, KINDS, type Kind } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { freshness, freshnessOf, kind, ObjectRow, objectRow } from './row.ts';

const SELECTORS = ['ip', 'uuid', 'dns', 'path', 'name'] as const;
type Selector = (typeof SELECTORS)[number];

/** One spelling of an IPv6 address out of many. */
function canonical(ip: string): string {
  return isIP(ip) === 6 && URL.canParse(`http://[${ip}]`) ? new URL(`http://[${ip}]`).hostname.slice(1, -1) : ip;
}

function answersTo(record: InventoryRecord, hostname: string): boolean {
  const name = record.kind === 'vm' ? record.hostname : record.kind === 'host' ? record.name : null;
  return name?.toLowerCase() === hostname.toLowerCase();
}

function hasUuid(record: InventoryRecord, uuid: string): boolean {
  const uuids =
    record.kind === 'vm' ? [record.uuid, record.instance_uuid] : record.kind === 'host' ? [record.uuid] : [];
  return uuids.some((each) => each?.toLowerCase() === uuid.toLowerCase());
}

/** An index of the inventory where there is one; addresses and host names are compared one by one. */
function findIn(each: Kind, by: Selector, wanted: string, { inventory }: Context): readonly InventoryRecord[] {
  const all: readonly InventoryRecord[] = inventory.all(each);
  switch (by) {
    case 'ip': {
      const address = canonical(wanted);
      // A host that was added by its address is called by it; other addresses of hosts are not in the inventory.
      return all.filter((record) =>
        record.kind === 'vm'
          ? record.ip_addresses.some((ip) => canonical(ip) === address)
          : record.kind === 'host' && canonical(record.name) === address,
      );
    }
    case 'dns':
      return all.filter((record) => answersTo(record, wanted));
    case 'uuid':
      return inventory.resolve(each, wanted).filter((record) => hasUuid(record, wanted));
    case 'path':
      return inventory.resolve(each, wanted).filter(({ name }) => name !== wanted);
    case 'name':
      return inventory.resolve(each, wanted).filter(({ name }) => name === wanted);
  }
}

export default operation({
  name: 'inventory.find',
  summary: 'Find objects by address, UUID, name or path',
  description:
    'Finds the objects with exactly this IP address (VM, host), UUID (BIOS or instance UUID of a VM, hardware UUID of a host), DNS name (VM, host), inventory path or name. Give one of them. Answers every object that fits, none included; inventory.search finds pieces of texts.',
  http: 'GET /v1/inventory/find',
  scope: 'read',
  danger: 'safe',
  toolset: 'inventory',
  availability: 'any',
  input: z.strictObject({
    ip: z
      .string()
      .max(64)
      .refine((ip) => isIP(ip) !== 0, 'Not an IPv4 or IPv6 address')
      .optional()
      .describe('IPv4 or IPv6 address, as VMware Tools report it'),
    uuid: z
      .string()
      .regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, 'Not a UUID')
      .optional()
      .describe('UUID, with its hyphens'),
    dns: z.string().min(1).max(255).optional().describe('Name the guest gives itself, or name of the host'),
    path: z
      .string()
      .regex(/^\//, 'An inventory path begins with /')
      .max(4096)
      .optional()
      .describe('Inventory path: /DC0/vm/Prod/web-01'),
    name: z.string().min(1).max(256).optional().describe('Exact name'),
    kind: kind.optional().describe('Only objects of this kind'),
  }),
  output: z.strictObject({ items: z.array(ObjectRow).describe('Every object that fits'), ...freshness }),
  examples: [
    { title: 'Whose address is it', input: { ip: '10.0.1.15' } },
    { title: 'What lies at a path', input: { path: '/DC0/vm/Prod' } },
    { title: 'A datastore by name', input: { name: 'ssd-01', kind: 'datastore' } },
  ],
}).run((input, context) => {
  const given = SELECTORS.filter((selector) => input[selector] !== undefined);
  const [by, second] = given;
  if (by === undefined || second !== undefined) {
    throw new GatewayError(
      'invalid_input',
      `Give exactly one of ${SELECTORS.join(', ')}; ${given.length} were given.`,
      {
        errors: (by === undefined ? [''] : given.map((name) => `/${name}`)).map((pointer) => ({
          pointer,
          message: `Exactly one of ${SELECTORS.join(', ')} is needed`,
        })),
      },
    );
  }
  const kinds = input.kind === undefined ? KINDS : [input.kind];
  return {
    items: kinds
      .flatMap((each) => findIn(each, by, input[by] ?? '', context))
      .map((record) => objectRow(record, context)),
    ...freshnessOf(context),
  };
});
