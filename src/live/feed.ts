/** Ties the sources of facts to the hub: what the inventory, the tasks and the poller say becomes messages. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Filter, Hub } from './hub/hub.ts';
import { frame } from './hub/messages.ts';
import { renderTick } from './hub/metrics-frame.ts';
import type { Inventory } from './inventory/inventory.ts';
import type { Metrics } from './metrics/metrics.ts';
import { type Change, type InventoryRecord, KINDS, type Kind } from './model.ts';
import type { Task, Tasks } from './tasks/tasks.ts';

/** How a record is shown on the stream: the row that its list operation shows. */
export type RowOf = (record: InventoryRecord) => object;

interface Sources {
  inventory: Inventory;
  tasks: Tasks;
  metrics: Metrics;
  rowOf: RowOf;
}

function changeData({ action, changed, version, record }: Change, rowOf: RowOf): object {
  return { action, changed, version, ...rowOf(record) };
}

/** Tasks are found by the object they work on, because that is what a client has the id of. */
function publishTask(hub: Hub, task: Task): void {
  hub.publish('task', task.vcenter, task.target ?? task.id, task);
}

/** Begins to publish. @returns a function that stops it. */
export function feed(hub: Hub, { inventory, tasks, metrics, rowOf }: Sources, log: Logger): () => void {
  const stops = [
    inventory.onChange((changes) => {
      for (const change of changes) hub.publish(change.kind, change.vcenter, change.id, changeData(change, rowOf));
    }),
    inventory.onStatus((status) => hub.publish('system', status.vcenter, null, status)),
    tasks.onChange((task) => publishTask(hub, task)),
    metrics.onTick((tick) => {
      const named = { ...tick, nameOf: (id: string) => inventory.find(id)?.name ?? id };
      hub.publishTick(named).catch((error: unknown) => log.error({ err: error }, 'samples could not be published'));
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Rows in one write of a snapshot. */
const PORTION = 200;

function* portions(records: readonly InventoryRecord[], kind: Kind, filter: Filter, rowOf: RowOf): Iterable<Buffer> {
  for (let from = 0; from < records.length; from += PORTION) {
    const frames = records
      .slice(from, from + PORTION)
      .filter((record) => filter.ids?.has(record.id) ?? true)
      .filter((record) => filter.vcenters?.has(record.vcenter) ?? true)
      .map((record) => frame(kind, JSON.stringify({ action: 'snapshot', ...rowOf(record) })));
    if (frames.length > 0) yield Buffer.concat(frames);
  }
}

/** The present state in the form of the stream; see `Snapshot` of the hub. */
export function snapshotOf({ inventory, metrics, rowOf }: Omit<Sources, 'tasks'>) {
  return async function* snapshot(filter: Filter, full: boolean): AsyncIterable<Buffer> {
    if (full) {
      for (const kind of KINDS) {
        if (!filter.topics.has(kind)) continue;
        for (const portion of portions(inventory.all(kind), kind, filter, rowOf)) {
          yield portion;
          await turn();
        }
      }
      if (filter.topics.has('system')) {
        for (const status of inventory.statuses()) yield frame('system', JSON.stringify(status));
      }
    }
    if (!filter.topics.has('metrics')) return;
    for (const { vcenter } of inventory.statuses()) {
      for (const kind of ['vm', 'host'] as const) {
        const known = inventory
          .all(kind)
          .filter((record) => record.vcenter === vcenter && metrics.last(record.id) !== undefined);
        const [first] = known;
        if (first === undefined) continue;
        const body = await renderTick(
          {
            vcenter,
            kind,
            at: metrics.last(first.id)?.at ?? new Date().toISOString(),
            ids: known.map((record) => record.id),
            valuesOf: (id) => metrics.last(id)?.values ?? {},
            nameOf: (id) => inventory.find(id)?.name ?? id,
          },
          filter,
        );
        if (body !== undefined) yield body;
      }
    }
  };
}
