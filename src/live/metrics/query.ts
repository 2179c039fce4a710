/** Asks for the samples of many objects in queries that vCenter takes, several side by side. */

import type { Session } from '../../vsphere/session.ts';
import { VimFault } from '../../vsphere/vim-fault.ts';
import type { AnyPerfEntityMetricBase, MoRef, PerfQuerySpec } from '../../vsphere/vim25/types.ts';
import type { Asked } from './catalogue.ts';
import { SAMPLE_SECONDS } from './counters.ts';
import type { QueryLimit } from './limit.ts';
import { type Slice, type Subject, take } from './slices.ts';

/** Queries that may be cut in two in one round, in search of the object that vCenter chokes on. */
const MAX_SPLITS = 40;

/** How vCenter says that a query is larger than it allows, where the type of the fault does not. */
const TOO_LARGE = /querySpec[. ]size|element count exceeds/i;

export interface QueryOptions {
  session: Session;
  perfManager: MoRef;
  subjects: readonly Subject[];
  asked: readonly Asked[];
  limit: QueryLimit;
  concurrency: number;
  signal: AbortSignal;
  onAnswer(answer: readonly AnyPerfEntityMetricBase[]): void;
}

/**
 * Asks for all counters of all subjects, once. Lowers the limit when vCenter says a query is too large. A fault that
 * one object may have caused (it was deleted a moment ago) cuts the query in two, until the culprit stands alone and
 * is left out.
 * @returns milliseconds that each query took
 * @throws what ends the round: transport errors, refusals of the session, faults that no single object explains
 */
export async function queryAll(options: QueryOptions): Promise<number[]> {
  const { subjects, asked, concurrency } = options;
  const queue: Slice[] = asked.length === 0 || subjects.length === 0 ? [] : [{ from: 0, to: subjects.length, asked }];
  const times: number[] = [];
  let splits = 0;
  let failed = false;

  const work = async (): Promise<void> => {
    while (!failed) {
      const slice = take(queue, subjects, options.limit.metrics);
      if (slice === undefined) return;
      const began = performance.now();
      try {
        options.onAnswer(await query(options, slice));
        times.push(performance.now() - began);
      } catch (error) {
        const count = slice.to - slice.from;
        if (isTooLarge(error) && options.limit.refused(count * slice.asked.length)) {
          queue.push(slice);
        } else if (isOfOneObject(error) && splits < MAX_SPLITS) {
          splits += 1;
          const middle = slice.from + Math.floor(count / 2);
          if (count > 1) queue.push({ ...slice, to: middle }, { ...slice, from: middle });
        } else {
          failed = true;
          throw error;
        }
      }
    }
  };

  const results = await Promise.allSettled(Array.from({ length: concurrency }, work));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return times;
}

async function query({ session, perfManager, subjects, signal }: QueryOptions, { from, to, asked }: Slice) {
  const metricId = asked.map(({ counterId }) => ({ counterId, instance: '' }));
  const querySpec = subjects.slice(from, to).map(
    ({ ref, since, samples }): PerfQuerySpec => ({
      entity: ref,
      ...(since === undefined ? { maxSample: samples } : { startTime: since }),
      metricId,
      intervalId: SAMPLE_SECONDS,
      format: 'csv',
    }),
  );
  return await session.call(
    'QueryPerf',
    { $type: 'PerformanceManager', value: perfManager.value },
    { querySpec },
    { signal },
  );
}

function isTooLarge(error: unknown): boolean {
  if (!(error instanceof VimFault)) return false;
  if (error.faultName === 'RestrictedByAdministrator') return true;
  return TOO_LARGE.test(`${error.message} ${error.fault['invalidProperty']}`);
}

function isOfOneObject(error: unknown): boolean {
  return error instanceof VimFault && ['ManagedObjectNotFound', 'InvalidArgument'].includes(error.faultName);
}

/** 95th percentile of the query times, in milliseconds, over which fewer queries run side by side. */
const SLOW_MS = 5_000;

/** A vCenter that answers slowly gets half as many queries at a time, until it is quick again. */
export function nextConcurrency(times: readonly number[], current: number, configured: number): number {
  const slow = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? 0;
  return slow > SLOW_MS ? Math.max(1, Math.floor(current / 2)) : configured;
}
