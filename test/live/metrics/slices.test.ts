/** Cutting a round into queries. */
import { describe, expect, test } from 'vitest';
import type { Asked } from '../../../src/live/metrics/catalogue.ts';
import { nextConcurrency } from '../../../src/live/metrics/query.ts';
import { type Slice, type Subject, take } from '../../../src/live/metrics/slices.ts';

const asked = (count: number): Asked[] => Array.from({ length: count }, (_, column) => ({ counterId: column, column }));

const subjects = (count: number, samples = 2): Subject[] =>
  Array.from({ length: count }, (_, index) => ({
    ref: { $type: 'VirtualMachine', value: `vm-${index}` },
    since: undefined,
    samples,
  }));

/** All queries of a round. */
function cut(objects: Subject[], counters: number, limit: number): Slice[] {
  const queue = [{ from: 0, to: objects.length, asked: asked(counters) }];
  const slices: Slice[] = [];
  for (let slice = take(queue, objects, limit); slice !== undefined; slice = take(queue, objects, limit)) {
    slices.push(slice);
  }
  return slices;
}

describe('take', () => {
  test.each([
    [10_000, 26, 256, 1_112],
    [10_000, 26, 20_000, 14],
    [9, 26, 256, 1],
    [10, 26, 256, 2],
    [0, 26, 256, 1],
  ])('%i objects and %i counters at %i metrics a query make %i queries', (objects, counters, limit, queries) => {
    expect(cut(subjects(objects), counters, limit)).toHaveLength(queries);
  });

  test.each([1, 7, 26, 64, 256])('each counter of each object is asked for once, within a limit of %i', (limit) => {
    const slices = cut(subjects(23), 26, limit);
    const pairs = slices.flatMap(({ from, to, asked: of }) =>
      Array.from({ length: to - from }, (_, index) => of.map(({ column }) => `${from + index}/${column}`)).flat(),
    );
    expect(new Set(pairs).size).toBe(23 * 26);
    expect(pairs).toHaveLength(23 * 26);
    for (const { from, to, asked: of } of slices) expect((to - from) * of.length).toBeLessThanOrEqual(limit);
  });

  test('an hour of samples is fetched in smaller portions, but one object at least', () => {
    const sizes = cut(subjects(1_000, 180), 26, 20_000).map(({ from, to }) => to - from);
    expect(Math.max(...sizes) * 26 * 180).toBeLessThanOrEqual(300_000);
    expect(cut(subjects(2, 100_000), 26, 20_000)).toHaveLength(2);
  });
});

describe('nextConcurrency', () => {
  test.each([
    { times: [], current: 2, next: 2, why: 'nothing was asked' },
    { times: [100, 4_900], current: 2, next: 2, why: 'all were quick' },
    { times: [...Array(99).fill(100), 9_000], current: 4, next: 4, why: 'one in a hundred was slow' },
    { times: [6_000, 6_000, 100], current: 4, next: 2, why: 'most were slow' },
    { times: [6_000], current: 1, next: 1, why: 'there is no less than one' },
    { times: [100], current: 1, next: 4, why: 'they are quick again' },
  ])('is $next after $current, because $why', ({ times, current, next }) => {
    expect(nextConcurrency(times, current, current === 2 ? 2 : 4)).toBe(next);
  });
});
