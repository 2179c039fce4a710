/** Between the inventory, QueryPerf and the ring: which objects to ask about, and what to keep of the answers. */
import type { AnyPerfEntityMetricBase } from '../../vsphere/vim25/types.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type MetricKind, SAMPLE_SECONDS } from './counters.ts';
import { parseSlots, parseValues, slotTime } from './csv.ts';
import type { SampleRing } from './ring.ts';
import type { Subject } from './slices.ts';

/** Samples asked for where none is known: five minutes, so that a graph is not empty after a start. */
const FIRST_SAMPLES = 15;

const SAMPLE_MS = SAMPLE_SECONDS * 1_000;

/**
 * Every VM that runs, and every host that answers: nothing else has real-time counters.
 * @param now vCenter's time, epoch milliseconds
 */
export function subjectsOf(
  inventory: Inventory,
  vcenter: string,
  kind: MetricKind,
  ring: SampleRing,
  now: number,
): Subject[] {
  const subjects: Subject[] = [];
  for (const record of inventory.all(kind)) {
    if (record.vcenter !== vcenter || record.connection_state !== 'connected') continue;
    if (record.power_state !== (record.kind === 'vm' ? 'on' : 'poweredOn')) continue;
    const ref = { $type: record.type, value: record.moref };
    const newest = ring.newest(ring.open(record.id));
    if (newest < 0) {
      subjects.push({ ref, since: undefined, samples: Math.min(FIRST_SAMPLES, ring.slots) });
    } else {
      // The newest sample is asked for again, because some of its values may have come late.
      const since = Math.max(slotTime(newest - 1), now - ring.slots * SAMPLE_MS);
      subjects.push({ ref, since: new Date(since), samples: Math.max(1, Math.ceil((now - since) / SAMPLE_MS)) });
    }
  }
  return subjects;
}

/**
 * Keeps the samples of one object.
 * @param columns by counter id of the target
 * @param newestSlot what is newer has a wrong time and is left out: it would hide all that follows
 * @returns whether there were any
 */
export function keep(
  ring: SampleRing,
  row: number,
  entry: AnyPerfEntityMetricBase,
  columns: ReadonlyMap<number, number>,
  newestSlot: number,
): boolean {
  if (entry.$type !== 'PerfEntityMetricCSV') return false;
  const slots = parseSlots(entry.sampleInfoCSV);
  let kept = false;
  for (const series of entry.value ?? []) {
    const column = columns.get(series.id.counterId);
    if (column === undefined || series.id.instance !== '' || !('value' in series)) continue;
    parseValues(series.value ?? '', (index, value) => {
      const slot = slots[index] ?? Number.NaN;
      if (!(slot <= newestSlot)) return;
      ring.put(row, slot, column, value);
      kept = true;
    });
  }
  return kept;
}
