/** Reads the two comma-separated texts of PerfEntityMetricCSV. */
import { SAMPLE_SECONDS } from './counters.ts';

const SLOT_MS = SAMPLE_SECONDS * 1_000;

/** ESXi samples at :00, :20 and :40; a clock that reads a little early must not move a sample into the slot before. */
const EARLY_MS = 2_000;

/** The 20-s slot that holds a moment; slots are counted from the epoch. NaN for an invalid time. */
export function slotOf(epochMs: number): number {
  return Math.floor((epochMs + EARLY_MS) / SLOT_MS);
}

/** Epoch milliseconds at which a slot begins. */
export function slotTime(slot: number): number {
  return slot * SLOT_MS;
}

/**
 * Slots of `sampleInfoCSV`: `interval,time,interval,time,…`. vCenter sends the oldest first, the simulator the newest;
 * both are kept as they come, because the values follow the same order.
 */
export function parseSlots(sampleInfo: string): number[] {
  const slots: number[] = [];
  if (sampleInfo === '') return slots;
  const fields = sampleInfo.split(',');
  for (let index = 1; index < fields.length; index += 2) slots.push(slotOf(Date.parse(fields[index] ?? '')));
  return slots;
}

/**
 * Calls `take(index, value)` for every number of a series (`12,-1,7`). -1 is vSphere's way to say that there was no
 * sample: negative values are left out, and so is anything that is no number. Zeros are written out in this format, so
 * an empty text means that nothing was measured, not zero.
 */
export function parseValues(csv: string, take: (index: number, value: number) => void): void {
  let index = 0;
  let start = 0;
  while (start < csv.length) {
    let end = csv.indexOf(',', start);
    if (end === -1) end = csv.length;
    // Number('') is 0, which would turn a missing sample into a measurement.
    const value = end === start ? Number.NaN : Number(csv.slice(start, end));
    if (value >= 0) take(index, value);
    index += 1;
    start = end + 1;
  }
}
