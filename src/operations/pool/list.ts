/** pool.list: resource pools and vApps that fit the filters, from the live inventory. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import type { PoolRecord } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { commonFilters, every, page } from '../page.ts';
import { resolveOne } from '../resolve.ts';
import { pageFields, pageOf, reference } from '../shapes.ts';

const Row = z.strictObject({
  id: z.string().describe('Id, <vcenter>:<moref>'),
  name: z.string().describe('Name; the root pool of a cluster or host is called Resources'),
  vcenter: z.string().describe('The vCenter it belongs to'),
  type: z.string().describe('ResourcePool or VirtualApp'),
  path: z.string().describe('Inventory path, usable wherever a pool is named'),
  parent: z.string().nullable().describe('Id of the pool above it; of the cluster or host for a root pool'),
  owner: z.string().nullable().describe('Id of the cluster, or of the compute resource of a host that stands alone'),
  owner_name: z.string().nullable().describe('Name of that'),
  cpu_reservation_mhz: z.number().nullable().describe('CPU guaranteed to it, MHz'),
  cpu_limit_mhz: z.number().nullable().describe('CPU it may use, MHz; -1: no limit'),
  memory_reservation_mib: z.number().nullable().describe('Memory guaranteed to it, MiB'),
  memory_limit_mib: z.number().nullable().describe('Memory it may use, MiB; -1: no limit'),
  vm_count: z.number().int().describe('VMs directly in it'),
});

/** The row of a resource pool. */
export function poolRow(pool: PoolRecord, { inventory }: Pick<Context, 'inventory'>): z.output<typeof Row> {
  return {
    id: pool.id,
    name: pool.name,
    vcenter: pool.vcenter,
    type: pool.type,
    path: inventory.path(pool.id),
    parent: pool.parent,
    owner: pool.owner,
    owner_name: pool.owner === null ? null : (inventory.find(pool.owner)?.name ?? null),
    cpu_reservation_mhz: pool.cpu_reservation_mhz,
    cpu_limit_mhz: pool.cpu_limit_mhz,
    memory_reservation_mib: pool.memory_reservation_mib,
    memory_limit_mib: pool.memory_limit_mib,
    vm_count: inventory.vmsOf(pool.id).length,
  };
}

export default operation({
  name: 'pool.list',
  summary: 'List resource pools',
  description:
    'Lists resource pools and vApps with their limits, reservations and number of VMs, to find where a VM may run. Root pools are all called Resources: name them by id or path.',
  http: 'GET /v1/pools',
  scope: 'read',
  danger: 'safe',
  toolset: 'inventory',
  availability: 'any',
  input: z.strictObject({
    ...pageFields,
    cluster: reference('Only pools of this cluster').optional(),
    parent: reference('Only pools directly in this pool').optional(),
  }),
  output: pageOf(Row, 'resource pools'),
  examples: [{ title: 'All pools', input: {} }],
}).run((filters, context) => {
  const cluster = filters.cluster === undefined ? undefined : resolveOne('cluster', filters.cluster, context).id;
  const parent = filters.parent === undefined ? undefined : resolveOne('pool', filters.parent, context).id;
  return page(filters, context, {
    records: context.inventory.all('pool'),
    shape: Row,
    toRow: (pool) => poolRow(pool, context),
    filter: every<PoolRecord>([
      ...commonFilters<PoolRecord>(filters, (pool) => [pool.name]),
      cluster === undefined ? undefined : (pool) => pool.owner === cluster,
      parent === undefined ? undefined : (pool) => pool.parent === parent,
    ]),
  });
});
