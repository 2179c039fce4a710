/** Any object of the inventory as the row that its list operation shows: what the stream sends of it. */
import type { Context } from '../context.ts';
import type { InventoryRecord } from '../live/model.ts';
import { clusterRow } from './cluster/list.ts';
import { datacenterRow } from './datacenter/list.ts';
import { datastoreRow } from './datastore/list.ts';
import { folderRow } from './folder/list.ts';
import { hostSummary } from './host/shapes.ts';
import { networkRow } from './network/list.ts';
import { poolRow } from './pool/list.ts';
import { vmSummary } from './vm/shapes.ts';

export function rowOf(record: InventoryRecord, context: Pick<Context, 'inventory'>): object {
  switch (record.kind) {
    case 'vm':
      return vmSummary(record, context);
    case 'host':
      return hostSummary(record, context);
    case 'cluster':
      return clusterRow(record);
    case 'datastore':
      return datastoreRow(record, context);
    case 'network':
      return networkRow(record, context);
    case 'folder':
      return folderRow(record, context);
    case 'datacenter':
      return datacenterRow(record, context);
    case 'pool':
      return poolRow(record, context);
  }
}
