/** Samples in memory. */
import { describe, expect, test } from 'vitest';
import { SampleRing } from '../../../src/live/metrics/ring.ts';

const SLOT = 88_000_000;

describe('SampleRing', () => {
  test('keeps the newest value exactly and the older ones in their slots', () => {
    const ring = new SampleRing(2, 3);
    const row = ring.open('lab:vm-1');
    ring.put(row, SLOT, 0, 123_456_789);
    ring.put(row, SLOT + 1, 0, 987_654_321);
    expect(ring.newest(row)).toBe(SLOT + 1);
    expect(ring.current(row, 0)).toBe(987_654_321);
    expect(ring.current(row, 1)).toBeNull();
    expect(ring.at(row, SLOT, 0)! / 123_456_789).toBeCloseTo(1, 3);
    expect(ring.at(row, SLOT, 1)).toBeNull();
  });

  test('takes samples newest first as well as oldest first', () => {
    const ring = new SampleRing(1, 5);
    const row = ring.open('a');
    for (const offset of [2, 1, 0]) ring.put(row, SLOT + offset, 0, 10 + offset);
    expect([0, 1, 2].map((offset) => ring.at(row, SLOT + offset, 0))).toEqual([10, 11, 12]);
    expect(ring.current(row, 0)).toBe(12);
  });

  test('the first value of a slot stays', () => {
    const ring = new SampleRing(1, 3);
    const row = ring.open('a');
    ring.put(row, SLOT, 0, 1);
    ring.put(row, SLOT, 0, 2);
    expect(ring.at(row, SLOT, 0)).toBe(1);
    expect(ring.current(row, 0)).toBe(1);
  });

  test('a value that comes late fills the newest sample', () => {
    const ring = new SampleRing(2, 3);
    const row = ring.open('a');
    ring.put(row, SLOT, 0, 1);
    ring.put(row, SLOT, 1, 5);
    expect(ring.current(row, 1)).toBe(5);
  });

  test('forgets what is older than the ring is long, and ignores it when it comes', () => {
    const ring = new SampleRing(1, 3);
    const row = ring.open('a');
    for (let offset = 0; offset < 5; offset++) ring.put(row, SLOT + offset, 0, offset);
    ring.put(row, SLOT, 0, 99);
    expect([0, 1, 2, 3, 4].map((offset) => ring.at(row, SLOT + offset, 0))).toEqual([null, null, 2, 3, 4]);
    expect(ring.current(row, 0)).toBe(4);
  });

  test('a gap reads as nothing, not as the values of an hour ago', () => {
    const ring = new SampleRing(1, 3);
    const row = ring.open('a');
    ring.put(row, SLOT, 0, 1);
    ring.put(row, SLOT + 2, 0, 3);
    ring.put(row, SLOT + 5, 0, 6);
    expect([3, 4, 5].map((offset) => ring.at(row, SLOT + offset, 0))).toEqual([null, null, 6]);
  });

  test('objects that come later get room in the slots that are there already', () => {
    const ring = new SampleRing(1, 3);
    ring.put(ring.open('first'), SLOT, 0, 1);
    const rows = Array.from({ length: 500 }, (_, index) => ring.open(`vm-${index}`));
    for (const row of rows) ring.put(row, SLOT, 0, row);
    expect(rows.map((row) => ring.at(row, SLOT, 0))).toEqual(rows);
    expect(ring.at(ring.row('first')!, SLOT, 0)).toBe(1);
    expect(ring.current(ring.row('first')!, 0)).toBe(1);
  });

  test('a dropped object is gone, and who gets its row sees nothing of it', () => {
    const ring = new SampleRing(1, 3);
    const row = ring.open('old');
    ring.put(row, SLOT, 0, 1);
    ring.drop('old');
    expect(ring.row('old')).toBeUndefined();
    expect(ring.open('new')).toBe(row);
    expect(ring.newest(row)).toBe(-1);
    expect(ring.current(row, 0)).toBeNull();
    expect(ring.at(row, SLOT, 0)).toBeNull();
  });

  test('takes memory as samples come, and no more after a full turn', () => {
    const ring = new SampleRing(26, 180);
    const row = ring.open('a');
    const empty = ring.bytes;
    ring.put(row, SLOT, 0, 1);
    const young = ring.bytes;
    for (let offset = 0; offset < 400; offset++) ring.put(row, SLOT + offset, 0, 1);
    expect(young - empty).toBeLessThan(10_000);
    expect(ring.bytes - empty).toBe((young - empty) * 180);
  });
});
