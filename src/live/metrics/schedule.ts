/** A fixed schedule with single flight. */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs a job now, then at every multiple of the interval on the wall clock. A moment that passes while the job runs is
 * left out and reported, never made up for. Resolves once the signal is aborted and the job has ended.
 * @param job must not reject
 */
export async function onSchedule(
  intervalMs: number,
  signal: AbortSignal,
  job: () => Promise<void>,
  onOverrun: (missed: number) => void,
): Promise<void> {
  while (!signal.aborted) {
    const due = (Math.floor(Date.now() / intervalMs) + 1) * intervalMs;
    await job();
    const late = Date.now() - due;
    if (late >= 0) onOverrun(Math.floor(late / intervalMs) + 1);
    const pause = late < 0 ? -late : intervalMs - (late % intervalMs);
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}
