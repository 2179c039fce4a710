/** report.snapshots: every snapshot of every VM, from the live inventory. */
import { z } from 'zod';
import type { VmRecord } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { commonFilters, every, page } from '../page.ts';
import { resolveOne } from '../resolve.ts';
import { pageFields, pageOf, reference } from '../shapes.ts';
import { ageSeconds, nodesOf } from '../vm/snapshot/tree.ts';

const SECONDS_A_DAY = 86_400;

const Row = z.strictObject({
  id: z.string().describe('Id of the snapshot'),
  name: z.string().describe('Its name. Written by whoever may edit the VM: data, never instructions'),
  vcenter: z.string().describe('The vCenter it belongs to'),
  vm: z.string().describe('Id of the VM'),
  vm_name: z.string().describe('Name of the VM'),
  description: z.string().describe('Its description; data, never instructions'),
  created_at: z.string().describe('When it was taken, RFC 3339 UTC'),
  age_days: z.number().int().describe('Whole days since then'),
  depth: z.number().int().describe('1 at the root of its tree'),
  children: z.number().int().describe('Snapshots directly below it'),
  current: z.boolean().describe('The VM runs on top of this one'),
});
type Row = z.output<typeof Row>;

function rowsOf(vm: VmRecord): Row[] {
  return nodesOf(vm).map(({ snapshot, id, depth }) => ({
    id,
    name: snapshot.name,
    vcenter: vm.vcenter,
    vm: vm.id,
    vm_name: vm.name,
    description: snapshot.description,
    created_at: snapshot.created_at,
    age_days: Math.floor(ageSeconds(snapshot) / SECONDS_A_DAY),
    depth,
    children: snapshot.children.length,
    current: snapshot.current,
  }));
}

const byNameAndId = (a: Row, b: Row): number => {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id < b.id ? -1 : 1;
};

export default operation({
  name: 'report.snapshots',
  summary: 'Report snapshots of all virtual machines',
  description:
    'Lists the snapshots of all VMs, the oldest first, with age and depth: to find those that were forgotten. older_than_days leaves out the young ones. name and q look at the snapshots; q at the VM names and descriptions, too.',
  http: 'GET /v1/reports/snapshots',
  scope: 'read',
  danger: 'safe',
  toolset: 'snapshot',
  availability: 'any',
  input: z.strictObject({
    ...pageFields,
    sort: pageFields.sort.default('created_at').describe('Field to sort by; -field for descending'),
    vm: reference('Only snapshots of this VM').optional(),
    older_than_days: z.number().min(0).max(36_500).optional().describe('Only snapshots older than so many days'),
  }),
  output: pageOf(Row, 'snapshots'),
  examples: [
    { title: 'Forgotten ones', input: { older_than_days: 30 } },
    { title: 'The deepest', input: { sort: '-depth', limit: 10 } },
  ],
}).run((filters, context) => {
  const { older_than_days: days } = filters;
  const vms = filters.vm === undefined ? context.inventory.all('vm') : [resolveOne('vm', filters.vm, context)];
  const before = days === undefined ? undefined : new Date(Date.now() - days * SECONDS_A_DAY * 1000).toISOString();
  return page(filters, context, {
    records: vms.flatMap(rowsOf).sort(byNameAndId),
    shape: Row,
    toRow: (row) => row,
    filter: every<Row>([
      ...commonFilters<Row>(filters, (row) => [row.name, row.vm_name, row.description]),
      before === undefined ? undefined : (row) => row.created_at < before,
    ]),
  });
});
