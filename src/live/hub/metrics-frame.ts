/** The samples of one round as one message, for all who want the same of them. */
import { setImmediate as turn } from 'node:timers/promises';
import { type Filter, frame } from './messages.ts';

/** What the poller says after a round. */
export interface Tick {
  vcenter: string;
  /** vCenter's time of the samples. */
  at: string;
  kind: 'vm' | 'host';
  ids: readonly string[];
  valuesOf(id: string): Record<string, number | null>;
  nameOf(id: string): string;
}

/** Longest time that one turn of the event loop is held while a message is made. */
const SLICE_MS = 8;

/** Text of one object's sample, shared by all filters of a tick that want every counter. */
const fragments = new WeakMap<Tick, Map<string, string>>();

function fragment(tick: Tick, id: string, counters: ReadonlySet<string> | undefined): string {
  if (counters !== undefined) {
    const values = Object.fromEntries(Object.entries(tick.valuesOf(id)).filter(([counter]) => counters.has(counter)));
    return JSON.stringify({ id, name: tick.nameOf(id), values });
  }
  const made = fragments.get(tick) ?? new Map<string, string>();
  fragments.set(tick, made);
  const text = made.get(id) ?? JSON.stringify({ id, name: tick.nameOf(id), values: tick.valuesOf(id) });
  made.set(id, text);
  return text;
}

/** The message, or undefined when the filter wants nothing of this tick. Yields to the event loop when it takes long. */
export async function renderTick(tick: Tick, filter: Filter): Promise<Buffer | undefined> {
  if (filter.vcenters !== undefined && !filter.vcenters.has(tick.vcenter)) return undefined;
  const { ids: wanted } = filter;
  const ids = wanted === undefined ? tick.ids : tick.ids.filter((id) => wanted.has(id));
  if (ids.length === 0) return undefined;
  const parts: string[] = [];
  let began = performance.now();
  for (const id of ids) {
    parts.push(fragment(tick, id, filter.counters));
    if (performance.now() - began > SLICE_MS) {
      await turn();
      began = performance.now();
    }
  }
  const head = JSON.stringify({ at: tick.at, vcenter: tick.vcenter, kind: tick.kind }).slice(0, -1);
  return frame('metrics', `${head},"samples":[${parts.join(',')}]}`);
}
