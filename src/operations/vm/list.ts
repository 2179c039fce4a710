/** vm.list: VMs that fit the filters, from the live inventory. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import type { Kind, VmRecord } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { commonFilters, every, page } from '../page.ts';
import { resolveOne } from '../resolve.ts';
import { pageFields, pageOf, reference } from '../shapes.ts';
import { powerState, VmSummary, vmSummary } from './shapes.ts';

const input = z.strictObject({
  ...pageFields,
  power_state: powerState.optional().describe('Only VMs in this power state'),
  host: reference('Only VMs on this host').optional(),
  cluster: reference('Only VMs in this cluster').optional(),
  folder: reference('Only VMs in this folder, at any depth').optional(),
  datastore: reference('Only VMs with files on this datastore').optional(),
  network: reference('Only VMs on this network').optional(),
  ip: z.string().min(2).max(64).optional().describe('Only the VM with this address'),
  attribute: z
    .string()
    .regex(/^[^=]+=.*$/)
    .max(256)
    .optional()
    .describe('Only VMs with this custom attribute: owner=alice'),
  template: z.boolean().optional().describe('true: only templates; false: no templates'),
});

/** Resolves a reference once and keeps what the test asks of its id. */
function related<K extends Kind>(
  kind: K,
  name: string | undefined,
  context: Context,
  test: (vm: VmRecord, id: string) => boolean,
): ((vm: VmRecord) => boolean) | undefined {
  if (name === undefined) return undefined;
  const { id } = resolveOne(kind, name, context);
  return (vm) => test(vm, id);
}

function isUnder(vm: VmRecord, folder: string, { inventory }: Context): boolean {
  for (let at = vm.parent; at !== null; at = inventory.find(at)?.parent ?? null) {
    if (at === folder) return true;
  }
  return false;
}

export default operation({
  name: 'vm.list',
  summary: 'List virtual machines',
  description:
    'Lists virtual machines with power state, size, host and addresses. Use filters instead of reading everything; follow next_cursor for more. vm.get shows one in full.',
  http: 'GET /v1/vms',
  scope: 'read',
  danger: 'safe',
  toolset: 'vm',
  availability: 'any',
  input,
  output: pageOf(VmSummary, 'VMs'),
  examples: [
    { title: 'The first VMs by name', input: { limit: 5 } },
    { title: 'Web servers that are off', input: { name: 'web-*', power_state: 'off' } },
    {
      title: 'Only some fields, largest memory first',
      input: { fields: ['memory_mib'], sort: '-memory_mib', limit: 10 },
    },
  ],
}).run((filters, context) => {
  const { power_state, ip, attribute, template } = filters;
  const [key, wanted] =
    attribute === undefined ? [] : [attribute.split('=', 1)[0]!, attribute.slice(attribute.indexOf('=') + 1)];
  return page(filters, context, {
    records: context.inventory.all('vm'),
    toRow: (vm) => vmSummary(vm, context),
    shape: VmSummary,
    filter: every<VmRecord>([
      ...commonFilters<VmRecord>(filters, (vm) => [
        vm.name,
        vm.hostname,
        vm.annotation,
        vm.guest_full_name,
        ...vm.ip_addresses,
      ]),
      power_state === undefined ? undefined : (vm) => vm.power_state === power_state,
      related('host', filters.host, context, (vm, id) => vm.host === id),
      related(
        'cluster',
        filters.cluster,
        context,
        (vm, id) => vm.host !== null && context.inventory.get('host', vm.host)?.cluster === id,
      ),
      related('folder', filters.folder, context, (vm, id) => isUnder(vm, id, context)),
      related('datastore', filters.datastore, context, (vm, id) => vm.datastores.includes(id)),
      related('network', filters.network, context, (vm, id) => vm.networks.includes(id)),
      ip === undefined ? undefined : (vm) => vm.ip_addresses.includes(ip),
      key === undefined ? undefined : (vm) => vm.custom_attributes[key] === wanted,
      template === undefined ? undefined : (vm) => vm.template === template,
    ]),
  });
});
