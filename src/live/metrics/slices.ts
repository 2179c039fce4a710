/** How the objects and counters of a round are cut into queries. */
import type { MoRef } from '../../vsphere/vim25/types.ts';
import type { Asked } from './catalogue.ts';

/** An object to ask about. */
export interface Subject {
  ref: MoRef;
  /** Only samples after this moment; undefined for the newest `samples`. */
  since: Date | undefined;
  /** How many samples it will answer with, about. */
  samples: number;
}

/** Part of the subjects and counters that is still to be asked, or goes into one query. */
export interface Slice {
  from: number;
  to: number;
  asked: readonly Asked[];
}

/** Values in one answer, at most: an hour of many objects after an outage must not come as one. */
const MAX_VALUES = 300_000;

/**
 * Takes as much off the queue as one query may hold, and leaves the rest there.
 * @param limit metrics in one query, at least 1
 */
export function take(queue: Slice[], subjects: readonly Subject[], limit: number): Slice | undefined {
  const slice = queue.pop();
  if (slice === undefined) return undefined;
  const { from, to } = slice;
  const asked = slice.asked.slice(0, limit);
  if (asked.length < slice.asked.length) queue.push({ from, to, asked: slice.asked.slice(asked.length) });
  let end = from;
  let values = 0;
  while (end < to && (end - from + 1) * asked.length <= limit) {
    values += (subjects[end]?.samples ?? 0) * asked.length;
    if (values > MAX_VALUES && end > from) break;
    end += 1;
  }
  if (end < to) queue.push({ from: end, to, asked });
  return { from, to: end, asked };
}
