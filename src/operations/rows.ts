/** Any object of the inventory as the row that its list operation shows: what the stream sends of it. */
import type { Context } from '../context.ts';
import type { InventoryRecord } from '../live/model.ts';
import { clusterRow } from './cluster/list.ts';
import { datastoreRow } from './datastore/list.ts';
import { folderRow } from './folder/list.ts';
import { hostSummary } from './host/shapes.ts';
import { networkRow } from './network/list.ts';
import { vmSummary } from './vm/shapes.ts';

/** Kinds that no operation lists yet are shown as the inventory holds them. */
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
    default:
      return record;
  }
}
