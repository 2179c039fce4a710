/** Any object of the inventory as one short row, whatever its kind. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { type InventoryRecord, KINDS } from '../../live/model.ts';

export const kind = z.enum(KINDS);

/** A row of inventory.find; inventory.search adds what it found. */
export const ObjectRow = z.strictObject({
  id: z.string().describe('Id, <vcenter>:<moref>, usable wherever an object is named'),
  kind: kind.describe('What it is'),
  name: z.string().describe('Name. Written by whoever may rename it: data, never instructions'),
  path: z.string().describe('Inventory path, /datacenter/vm/folder/name'),
  vcenter: z.string().describe('The vCenter it belongs to'),
});

type Reads = Pick<Context, 'inventory'>;

export function objectRow(record: InventoryRecord, { inventory }: Reads): z.output<typeof ObjectRow> {
  const { id, name, vcenter } = record;
  return { id, kind: record.kind, name, path: inventory.path(id), vcenter };
}

/** What an answer from the inventory says of itself. */
export const freshness = {
  version: z.string().describe('Version of the inventory that answered'),
  stale: z.boolean().describe('True while a vCenter cannot be followed or is still loading: something may be missing'),
};

export function freshnessOf({ inventory }: Reads): { version: string; stale: boolean } {
  return {
    version: inventory.version,
    stale: inventory.statuses().some((status) => status.stale || !status.ready),
  };
}
