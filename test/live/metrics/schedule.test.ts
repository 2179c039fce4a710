/** Rounds on a fixed schedule. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { onSchedule } from '../../../src/live/metrics/schedule.ts';

test('runs at once, then at multiples of the interval', async () => {
  const abort = new AbortController();
  const times: number[] = [];
  await onSchedule(
    50,
    abort.signal,
    async () => {
      if (times.push(Date.now()) === 4) abort.abort();
    },
    () => undefined,
  );
  // A loaded machine is late, but no round comes before its turn and no turn has two.
  const turns = times.map((time) => Math.floor(time / 50));
  expect(new Set(turns).size).toBe(4);
});

test('a job that takes longer leaves rounds out, counts them, and never runs twice at once', async () => {
  const abort = new AbortController();
  let running = 0;
  let most = 0;
  let runs = 0;
  let missed = 0;
  await onSchedule(
    20,
    abort.signal,
    async () => {
      most = Math.max(most, ++running);
      await sleep(70);
      running -= 1;
      if (++runs === 3) abort.abort();
    },
    (rounds) => {
      missed += rounds;
    },
  );
  expect(most).toBe(1);
  expect(missed).toBeGreaterThanOrEqual(3 * 3);
});

test('ends at once when it is aborted between two rounds', async () => {
  const abort = new AbortController();
  let runs = 0;
  const job = async () => {
    runs += 1;
  };
  const ended = onSchedule(3_600_000, abort.signal, job, () => undefined);
  await sleep(5);
  abort.abort();
  await ended;
  expect(runs).toBe(1);
});
