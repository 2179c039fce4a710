/** folder.list: folders that fit the filters, from the live inventory. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import type { FolderRecord } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { commonFilters, every, page } from '../page.ts';
import { resolveOne } from '../resolve.ts';
import { pageFields, pageOf, reference } from '../shapes.ts';

const Row = z.strictObject({
  id: z.string().describe('Id, <vcenter>:<moref>'),
  name: z.string().describe('Name'),
  vcenter: z.string().describe('The vCenter it belongs to'),
  type: z.string().describe('Folder, or StoragePod (a datastore cluster)'),
  path: z.string().describe('Inventory path, usable wherever a folder is named'),
  parent: z.string().nullable().describe('Id of the folder or datacenter above it'),
  child_types: z.array(z.string()).describe('vSphere types that may live in it'),
  child_count: z.number().int().describe('Objects directly in it'),
});

/** The row of a folder. */
export function folderRow(folder: FolderRecord, { inventory }: Pick<Context, 'inventory'>): z.output<typeof Row> {
  return {
    id: folder.id,
    name: folder.name,
    vcenter: folder.vcenter,
    type: folder.type,
    path: inventory.path(folder.id),
    parent: folder.parent,
    child_types: [...folder.child_types],
    child_count: inventory.children(folder.id).length,
  };
}

export default operation({
  name: 'folder.list',
  summary: 'List folders',
  description: 'Lists the folders of the inventory with their paths, to find where a VM lives or may be created.',
  http: 'GET /v1/folders',
  scope: 'read',
  danger: 'safe',
  toolset: 'inventory',
  availability: 'any',
  input: z.strictObject({
    ...pageFields,
    parent: reference('Only folders directly in this folder').optional(),
    child_type: z.string().min(1).max(64).optional().describe('Only folders for this type, e.g. VirtualMachine'),
  }),
  output: pageOf(Row, 'folders'),
  examples: [{ title: 'Folders for VMs', input: { child_type: 'VirtualMachine' } }],
}).run((filters, context) => {
  const { inventory } = context;
  const { child_type } = filters;
  const parent = filters.parent === undefined ? undefined : resolveOne('folder', filters.parent, context).id;
  return page(filters, context, {
    records: inventory.all('folder'),
    shape: Row,
    toRow: (folder) => folderRow(folder, context),
    filter: every<FolderRecord>([
      ...commonFilters<FolderRecord>(filters, (folder) => [folder.name]),
      parent === undefined ? undefined : (folder) => folder.parent === parent,
      child_type === undefined ? undefined : (folder) => folder.child_types.includes(child_type),
    ]),
  });
});
