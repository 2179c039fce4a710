/** Values in 16 bits. */
import { expect, test } from 'vitest';
import { MISSING, pack, unpack } from '../../../src/live/metrics/packed.ts';

test('whole numbers up to 4,096 come back as they were', () => {
  const changed = Array.from({ length: 4_097 }, (_, value) => value).filter((value) => unpack(pack(value)) !== value);
  expect(changed).toEqual([]);
});

test('larger values come back within 0.025 %, and greater ones never as smaller', () => {
  let before = 0;
  for (let value = 4_000; value < 2 ** 42; value *= 1.013) {
    const back = unpack(pack(value))!;
    expect(Math.abs(back - value) / value).toBeLessThan(0.00025);
    expect(back).toBeGreaterThanOrEqual(before);
    before = back;
  }
});

test('every code but the last is a value that has this code', () => {
  const others = Array.from({ length: MISSING }, (_, code) => code).filter((code) => pack(unpack(code)!) !== code);
  expect(others).toEqual([]);
});

test('what is missing stays missing, and nothing else turns into it', () => {
  expect(unpack(MISSING)).toBeNull();
  expect(unpack(pack(1e30))).toBeGreaterThan(2 ** 41);
});
