/** datastore.list: datastores that fit the filters, from the live inventory. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import type { DatastoreRecord } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { memo } from '../memo.ts';
import { commonFilters, every, page } from '../page.ts';
import { pageFields, pageOf } from '../shapes.ts';

const Row = z.strictObject({
  id: z.string().describe('Id, <vcenter>:<moref>'),
  name: z.string().describe('Name'),
  vcenter: z.string().describe('The vCenter it belongs to'),
  datastore_type: z.string().describe('VMFS, NFS, vsan …'),
  capacity_bytes: z.number().describe('Capacity, bytes'),
  free_bytes: z.number().describe('Free, bytes'),
  used_ratio: z.number().nullable().describe('Share in use, 0 to 1; null where the capacity is unknown'),
  accessible: z.boolean().describe('Accessible'),
  maintenance_mode: z.string().describe('normal, enteringMaintenance or inMaintenance'),
  multiple_host_access: z.boolean().nullable().describe('More than one host has it mounted'),
  host_count: z.number().int().describe('Hosts that have it mounted'),
  vm_count: z.number().int().describe('VMs with files on it'),
  url: z.string().describe('summary.url'),
});

const rows = memo<DatastoreRecord, z.output<typeof Row>>();

/** The row of a datastore: the same frozen object until it or the number of its VMs changes. */
export function datastoreRow(
  datastore: DatastoreRecord,
  { inventory }: Pick<Context, 'inventory'>,
): z.output<typeof Row> {
  const vmCount = inventory.vmsOf(datastore.id).length;
  return rows(datastore, [vmCount], () => ({
    id: datastore.id,
    name: datastore.name,
    vcenter: datastore.vcenter,
    datastore_type: datastore.datastore_type,
    capacity_bytes: datastore.capacity_bytes,
    free_bytes: datastore.free_bytes,
    used_ratio: datastore.capacity_bytes > 0 ? 1 - datastore.free_bytes / datastore.capacity_bytes : null,
    accessible: datastore.accessible,
    maintenance_mode: datastore.maintenance_mode,
    multiple_host_access: datastore.multiple_host_access,
    host_count: datastore.hosts.length,
    vm_count: vmCount,
    url: datastore.url,
  }));
}

export default operation({
  name: 'datastore.list',
  summary: 'List datastores',
  description:
    'Lists datastores with type, capacity, free space and how many hosts and VMs use them. Sort by -used_ratio to see the fullest.',
  http: 'GET /v1/datastores',
  scope: 'read',
  danger: 'safe',
  toolset: 'storage',
  availability: 'any',
  input: z.strictObject({
    ...pageFields,
    accessible: z.boolean().optional().describe('Only datastores that are, or are not, accessible'),
  }),
  output: pageOf(Row, 'datastores'),
  examples: [
    { title: 'All datastores', input: {} },
    { title: 'The fullest', input: { sort: '-used_ratio', limit: 3 } },
  ],
}).run((filters, context) => {
  const { inventory } = context;
  return page(filters, context, {
    records: inventory.all('datastore'),
    shape: Row,
    toRow: (datastore) => datastoreRow(datastore, context),
    filter: every<DatastoreRecord>([
      ...commonFilters<DatastoreRecord>(filters, (datastore) => [
        datastore.name,
        datastore.datastore_type,
        datastore.url,
      ]),
      filters.accessible === undefined ? undefined : (datastore) => datastore.accessible === filters.accessible,
    ]),
  });
});
