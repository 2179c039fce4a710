/** datacenter.list: datacenters that fit the filters, from the live inventory. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import type { DatacenterRecord } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { commonFilters, every, page } from '../page.ts';
import { pageFields, pageOf } from '../shapes.ts';

const Row = z.strictObject({
  id: z.string().describe('Id, <vcenter>:<moref>'),
  name: z.string().describe('Name'),
  vcenter: z.string().describe('The vCenter it belongs to'),
  path: z.string().describe('Inventory path'),
  parent: z.string().nullable().describe('Id of the folder above it'),
  vm_folder: z.string().nullable().describe('Id of its root folder of VMs'),
  host_folder: z.string().nullable().describe('Id of its root folder of hosts and clusters'),
  datastore_folder: z.string().nullable().describe('Id of its root folder of datastores'),
  network_folder: z.string().nullable().describe('Id of its root folder of networks'),
});

/** The row of a datacenter. */
export function datacenterRow(
  datacenter: DatacenterRecord,
  { inventory }: Pick<Context, 'inventory'>,
): z.output<typeof Row> {
  return {
    id: datacenter.id,
    name: datacenter.name,
    vcenter: datacenter.vcenter,
    path: inventory.path(datacenter.id),
    parent: datacenter.parent,
    vm_folder: datacenter.vm_folder,
    host_folder: datacenter.host_folder,
    datastore_folder: datacenter.datastore_folder,
    network_folder: datacenter.network_folder,
  };
}

export default operation({
  name: 'datacenter.list',
  summary: 'List datacenters',
  description:
    'Lists the datacenters of every vCenter with the ids of their four root folders; folder.list shows what is below them. A bare ESXi host has one, ha-datacenter.',
  http: 'GET /v1/datacenters',
  scope: 'read',
  danger: 'safe',
  toolset: 'inventory',
  availability: 'any',
  input: z.strictObject(pageFields),
  output: pageOf(Row, 'datacenters'),
  examples: [{ title: 'All datacenters', input: {} }],
}).run((filters, context) =>
  page(filters, context, {
    records: context.inventory.all('datacenter'),
    shape: Row,
    toRow: (datacenter) => datacenterRow(datacenter, context),
    filter: every<DatacenterRecord>(commonFilters<DatacenterRecord>(filters, ({ name }) => [name])),
  }),
);
