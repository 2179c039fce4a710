/** What is kept of an answer. */
import { describe, expect, test } from 'vitest';
import { slotOf } from '../../../src/live/metrics/csv.ts';
import { SampleRing } from '../../../src/live/metrics/ring.ts';
import { keep } from '../../../src/live/metrics/samples.ts';
import type { AnyPerfEntityMetricBase } from '../../../src/vsphere/vim25/types.ts';

const SLOT = slotOf(Date.parse('2026-03-01T10:00:20Z'));
const COLUMNS = new Map([
  [2, 0],
  [6, 1],
]);

/** An answer for one VM: series by counter id and instance. */
function answer(sampleInfoCSV: string, series: [id: number, instance: string, csv: string][]): AnyPerfEntityMetricBase {
  return {
    $type: 'PerfEntityMetricCSV',
    entity: { $type: 'VirtualMachine', value: 'vm-1' },
    sampleInfoCSV,
    value: series.map(([counterId, instance, value]) => ({
      $type: 'PerfMetricSeriesCSV',
      id: { counterId, instance },
      value,
    })),
  };
}

describe('keep', () => {
  const TIMES = '20,2026-03-01T10:00:00Z,20,2026-03-01T10:00:20Z';
  const kept = (entry: AnyPerfEntityMetricBase, newestSlot = SLOT) => {
    const ring = new SampleRing(2, 10);
    const any = keep(ring, ring.open('lab:vm-1'), entry, COLUMNS, newestSlot);
    const values = [SLOT - 1, SLOT].map((slot) => [0, 1].map((column) => ring.at(0, slot, column)));
    return { any, values };
  };

  test('puts each value in the slot of its time and the column of its counter', () => {
    expect(
      kept(
        answer(TIMES, [
          [2, '', '10,20'],
          [6, '', '0,7'],
        ]),
      ),
    ).toEqual({
      any: true,
      values: [
        [10, 0],
        [20, 7],
      ],
    });
  });

  test('takes -1, an empty series and a missing series as no sample', () => {
    expect(
      kept(
        answer(TIMES, [
          [2, '', '-1,20'],
          [6, '', ''],
        ]),
      ).values,
    ).toEqual([
      [null, null],
      [20, null],
    ]);
    expect(kept(answer(TIMES, [])).any).toBe(false);
    expect(kept(answer('', [[2, '', '']])).any).toBe(false);
  });

  test('takes no notice of counters and instances that were not asked for', () => {
    expect(
      kept(
        answer(TIMES, [
          [10_042, '', '1,2'],
          [2, '0', '3,4'],
        ]),
      ).any,
    ).toBe(false);
  });

  test('bears with more values than times, and fewer', () => {
    expect(
      kept(
        answer(TIMES, [
          [2, '', '10,20,30'],
          [6, '', '5'],
        ]),
      ).values,
    ).toEqual([
      [10, 5],
      [20, null],
    ]);
  });

  test('leaves out a sample of the future, which would hide all that follow', () => {
    expect(kept(answer(TIMES, [[2, '', '10,20']]), SLOT - 1).values).toEqual([
      [10, null],
      [null, null],
    ]);
  });

  test('leaves out an answer in another format', () => {
    expect(kept({ $type: 'PerfEntityMetric', entity: { $type: 'VirtualMachine', value: 'vm-1' } }).any).toBe(false);
  });
});
