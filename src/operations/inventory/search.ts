/** inventory.search: free text over the objects of every kind, best matches first. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { GatewayError } from '../../errors.ts';
import { type InventoryRecord, KINDS } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { freshness, freshnessOf, kind, ObjectRow, objectRow } from './row.ts';

/** In the order of their weight, when a text is found in several as well. */
const FIELDS = ['name', 'hostname', 'ip', 'uuid', 'path', 'annotation'] as const;
type Field = (typeof FIELDS)[number];

type Texts = readonly (string | null)[];

function textsOf(record: InventoryRecord, { inventory }: Context): Record<Field, Texts> {
  const vm = record.kind === 'vm' ? record : undefined;
  return {
    name: [record.name],
    hostname: vm === undefined ? [] : [vm.hostname],
    ip: vm?.ip_addresses ?? [],
    uuid: record.kind === 'host' ? [record.uuid] : vm === undefined ? [] : [vm.uuid, vm.instance_uuid],
    path: [inventory.path(record.id)],
    annotation: vm === undefined ? [] : [vm.annotation],
  };
}

interface Match {
  record: InventoryRecord;
  field: Field;
  /** 0: the whole text, 1: its beginning, 2: within it; then the weight of the field. */
  rank: number;
}

function match(record: InventoryRecord, needle: string, context: Context): Match | undefined {
  const texts = textsOf(record, context);
  let best: Match | undefined;
  for (const [weight, field] of FIELDS.entries()) {
    for (const text of texts[field]) {
      const at = text === null ? -1 : text.toLowerCase().indexOf(needle);
      if (at < 0) continue;
      const closeness = at > 0 ? 2 : text?.length === needle.length ? 0 : 1;
      const rank = closeness * FIELDS.length + weight;
      if (best === undefined || rank < best.rank) best = { record, field, rank };
    }
  }
  return best;
}

const Cursor = z.tuple([z.string(), z.number().int(), z.string(), z.string()]);
type Place = [rank: number, name: string, id: string];

const placeOf = ({ rank, record }: Match): Place => [rank, record.name, record.id];

function compare(a: Place, b: Place): number {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? '';
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}

function readCursor(cursor: string, q: string): Place {
  try {
    const [of, ...place] = Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    if (of === q) return place;
  } catch {
    // Falls through to the one answer for every cursor that is not ours.
  }
  throw new GatewayError('invalid_input', 'The cursor is not one that this search gave out; start again without it.', {
    errors: [{ pointer: '/cursor', message: 'Not a cursor of this search' }],
  });
}

export default operation({
  name: 'inventory.search',
  summary: 'Search objects of every kind by free text',
  description:
    'Finds VMs, hosts, clusters, datastores, networks, folders, datacenters and pools by a piece of name, guest hostname, IP, UUID, path or notes, best match first: whole text, beginning, anywhere. Use it when you do not know the kind or the exact name; inventory.find looks up exactly, vm.list filters more finely.',
  http: 'GET /v1/inventory/search',
  scope: 'read',
  danger: 'safe',
  toolset: 'inventory',
  availability: 'any',
  input: z.strictObject({
    q: z.string().min(1).max(256).describe('The text to look for; case does not count'),
    kinds: z.array(kind).min(1).max(KINDS.length).optional().describe('Only objects of these kinds'),
    vcenter: z.string().min(1).max(64).optional().describe('Only this vCenter'),
    limit: z.number().int().min(1).max(1000).default(50).describe('Rows in the answer, 1 to 1,000'),
    cursor: z.string().min(1).max(4096).optional().describe('next_cursor of the page before'),
  }),
  output: z.strictObject({
    items: z
      .array(ObjectRow.extend({ matched_field: z.enum(FIELDS).describe('Where the text was found') }))
      .describe('The objects, best match first'),
    next_cursor: z.string().nullable().describe('Pass it as cursor for the next page; null on the last'),
    total: z.number().int().describe('Objects that fit, on all pages'),
    ...freshness,
  }),
  examples: [
    { title: 'Whatever is called something with web', input: { q: 'web' } },
    { title: 'The VM or host behind an address', input: { q: '10.0.1.', kinds: ['vm', 'host'], limit: 10 } },
  ],
}).run(({ q, kinds = KINDS, vcenter, limit, cursor }, context) => {
  const needle = q.toLowerCase();
  const found = [...new Set(kinds)]
    .flatMap((each): readonly InventoryRecord[] => context.inventory.all(each))
    .filter((record) => vcenter === undefined || record.vcenter === vcenter)
    .flatMap((record) => match(record, needle, context) ?? [])
    .sort((a, b) => compare(placeOf(a), placeOf(b)));
  const after = cursor === undefined ? undefined : readCursor(cursor, q);
  const rest = after === undefined ? found : found.filter((each) => compare(placeOf(each), after) > 0);
  const shown = rest.slice(0, limit);
  const last = shown.at(-1);
  const next = rest.length > limit && last !== undefined ? JSON.stringify([q, ...placeOf(last)]) : null;
  return {
    items: shown.map(({ record, field }) => ({ ...objectRow(record, context), matched_field: field })),
    next_cursor: next === null ? null : Buffer.from(next).toString('base64url'),
    total: found.length,
    ...freshnessOf(context),
  };
});
