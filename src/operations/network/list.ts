/** network.list: standard networks, distributed port groups and opaque networks, from the live inventory. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import type { NetworkRecord } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { memo } from '../memo.ts';
import { commonFilters, every, page } from '../page.ts';
import { pageFields, pageOf } from '../shapes.ts';

const Row = z.strictObject({
  id: z.string().describe('Id, <vcenter>:<moref>'),
  name: z.string().describe('Name'),
  vcenter: z.string().describe('The vCenter it belongs to'),
  type: z.string().describe('Network, DistributedVirtualPortgroup or OpaqueNetwork'),
  vlan: z
    .union([z.number(), z.string()])
    .nullable()
    .describe('VLAN id, or ranges for a trunk; null where vSphere does not say'),
  uplink: z.boolean().describe("True for a distributed switch's uplinks, which VMs cannot use"),
  distributed_switch: z.string().nullable().describe('Reference of the distributed switch'),
  port_group_key: z.string().nullable().describe('config.key of a distributed port group'),
  host_count: z.number().int().describe('Hosts that offer it'),
  vm_count: z.number().int().describe('VMs attached to it'),
});

const rows = memo<NetworkRecord, z.output<typeof Row>>();

/** The row of a network: the same frozen object until it or the number of its VMs changes. */
export function networkRow(network: NetworkRecord, { inventory }: Pick<Context, 'inventory'>): z.output<typeof Row> {
  const vmCount = inventory.vmsOf(network.id).length;
  return rows(network, [vmCount], () => ({
    id: network.id,
    name: network.name,
    vcenter: network.vcenter,
    type: network.type,
    vlan: network.vlan,
    uplink: network.uplink,
    distributed_switch: network.distributed_switch,
    port_group_key: network.port_group_key,
    host_count: network.hosts.length,
    vm_count: vmCount,
  }));
}

export default operation({
  name: 'network.list',
  summary: 'List networks',
  description:
    'Lists networks that VMs attach to: standard networks, distributed port groups and opaque networks, with VLAN and use.',
  http: 'GET /v1/networks',
  scope: 'read',
  danger: 'safe',
  toolset: 'network',
  availability: 'any',
  input: z.strictObject({
    ...pageFields,
    type: z
      .enum(['Network', 'DistributedVirtualPortgroup', 'OpaqueNetwork'])
      .optional()
      .describe('Only networks of this type'),
  }),
  output: pageOf(Row, 'networks'),
  examples: [
    { title: 'All networks', input: {} },
    { title: 'Distributed port groups', input: { type: 'DistributedVirtualPortgroup' } },
  ],
}).run((filters, context) => {
  const { inventory } = context;
  return page(filters, context, {
    records: inventory.all('network'),
    shape: Row,
    toRow: (network) => networkRow(network, context),
    filter: every<NetworkRecord>([
      ...commonFilters<NetworkRecord>(filters, (network) => [network.name, network.type]),
      filters.type === undefined ? undefined : (network) => network.type === filters.type,
    ]),
  });
});
