/** The texts of PerfEntityMetricCSV. */
import { describe, expect, test } from 'vitest';
import { parseSlots, parseValues, slotOf, slotTime } from '../../../src/live/metrics/csv.ts';

function read(csv: string): [number, number][] {
  const found: [number, number][] = [];
  parseValues(csv, (index, value) => found.push([index, value]));
  return found;
}

describe('parseValues', () => {
  test('reads one value, several, and zeros', () => {
    expect(read('7')).toEqual([[0, 7]]);
    expect(read('12,0,345678901234')).toEqual([
      [0, 12],
      [1, 0],
      [2, 345_678_901_234],
    ]);
  });

  test('leaves out -1, empty fields and what is no number, and keeps the place of the others', () => {
    expect(read('-1,5,,x,-1,6')).toEqual([
      [1, 5],
      [5, 6],
    ]);
  });

  test('finds nothing in an empty text', () => {
    expect(read('')).toEqual([]);
  });
});

describe('parseSlots', () => {
  const at = (time: string) => slotOf(Date.parse(time));

  test('gives the slots in the order of the text, oldest or newest first', () => {
    const older = at('2026-03-01T10:00:00Z');
    expect(parseSlots('20,2026-03-01T10:00:00Z,20,2026-03-01T10:00:20Z')).toEqual([older, older + 1]);
    expect(parseSlots('20,2026-03-01T10:00:20Z,20,2026-03-01T10:00:00Z')).toEqual([older + 1, older]);
  });

  test('an empty text has none, and a time that cannot be read is NaN', () => {
    expect(parseSlots('')).toEqual([]);
    expect(parseSlots('20,yesterday')).toEqual([Number.NaN]);
  });

  test('a sample that a clock stamps a second early belongs to the slot it was made for', () => {
    expect(at('2026-03-01T10:00:19Z')).toBe(at('2026-03-01T10:00:20Z'));
    expect(at('2026-03-01T10:00:39Z')).toBe(at('2026-03-01T10:00:20Z') + 1);
    expect(at('2026-03-01T10:00:37Z')).toBe(at('2026-03-01T10:00:20Z'));
  });

  test('a slot begins at a multiple of 20 s', () => {
    expect(new Date(slotTime(at('2026-03-01T10:00:27Z'))).toISOString()).toBe('2026-03-01T10:00:20.000Z');
  });
});
