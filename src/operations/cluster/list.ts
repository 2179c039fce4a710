/** cluster.list: clusters that fit the filters, from the live inventory. */
import { z } from 'zod';
import type { ClusterRecord } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { memo } from '../memo.ts';
import { commonFilters, every, page } from '../page.ts';
import { pageFields, pageOf } from '../shapes.ts';

const Row = z.strictObject({
  id: z.string().describe('Id, <vcenter>:<moref>'),
  name: z.string().describe('Name'),
  vcenter: z.string().describe('The vCenter it belongs to'),
  host_count: z.number().int().describe('Hosts'),
  effective_host_count: z.number().int().describe('Hosts that can run VMs now'),
  cpu_mhz: z.number().describe('CPU of all hosts, MHz'),
  effective_cpu_mhz: z.number().describe('CPU that VMs can use, MHz'),
  memory_bytes: z.number().describe('Memory of all hosts, bytes'),
  effective_memory_bytes: z.number().describe('Memory that VMs can use, bytes'),
  ha_enabled: z.boolean().nullable().describe('vSphere HA'),
  drs_enabled: z.boolean().nullable().describe('DRS'),
  drs_behavior: z.string().nullable().describe('manual, partiallyAutomated or fullyAutomated'),
  resource_pool: z.string().nullable().describe('Id of its root resource pool'),
});

const rows = memo<ClusterRecord, z.output<typeof Row>>();

/** The row of a cluster: the same frozen object until the cluster changes. */
export function clusterRow(cluster: ClusterRecord): z.output<typeof Row> {
  return rows(cluster, [], () => ({
    id: cluster.id,
    name: cluster.name,
    vcenter: cluster.vcenter,
    host_count: cluster.host_count,
    effective_host_count: cluster.effective_host_count,
    cpu_mhz: cluster.cpu_mhz,
    effective_cpu_mhz: cluster.effective_cpu_mhz,
    memory_bytes: cluster.memory_bytes,
    effective_memory_bytes: cluster.effective_memory_bytes,
    ha_enabled: cluster.ha_enabled,
    drs_enabled: cluster.drs_enabled,
    drs_behavior: cluster.drs_behavior,
    resource_pool: cluster.resource_pool,
  }));
}

export default operation({
  name: 'cluster.list',
  summary: 'List clusters',
  description: 'Lists clusters with hosts, capacity, HA and DRS. Hosts that stand alone are in host.list only.',
  http: 'GET /v1/clusters',
  scope: 'read',
  danger: 'safe',
  toolset: 'cluster',
  availability: 'vcenter',
  input: z.strictObject({
    ...pageFields,
    drs_enabled: z.boolean().optional().describe('Only clusters with DRS on, or off'),
    ha_enabled: z.boolean().optional().describe('Only clusters with HA on, or off'),
  }),
  output: pageOf(Row, 'clusters'),
  examples: [{ title: 'All clusters', input: {} }],
}).run((filters, context) =>
  page(filters, context, {
    records: context.inventory.all('cluster'),
    shape: Row,
    toRow: clusterRow,
    filter: every<ClusterRecord>([
      // The plain ComputeResource of a host that stands alone is no cluster.
      (cluster) => cluster.type === 'ClusterComputeResource',
      ...commonFilters<ClusterRecord>(filters, (cluster) => [cluster.name]),
      filters.drs_enabled === undefined ? undefined : (cluster) => cluster.drs_enabled === filters.drs_enabled,
      filters.ha_enabled === undefined ? undefined : (cluster) => cluster.ha_enabled === filters.ha_enabled,
    ]),
  }),
);
