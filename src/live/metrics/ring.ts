/** The samples of all objects of one kind on one target: the newest exactly, an hour of them packed. */
import { MISSING, pack, unpack } from './packed.ts';

/** Rows are reserved in steps, so that one new VM does not copy a whole frame. */
const ROW_STEP = 64;

/** All values of one 20-s slot, row by row. */
interface Frame {
  slot: number;
  codes: Uint16Array;
}

/**
 * A ring of frames, one for each slot of 20 s, so time needs no storage and memory grows as samples come. An object has
 * a row, a counter has a column. At 10,000 VMs and 26 counters a frame is 520 KB, and a full hour 94 MB.
 */
export class SampleRing {
  readonly #columns: number;
  readonly #frames: (Frame | undefined)[];
  readonly #rows = new Map<string, number>();
  readonly #free: number[] = [];
  #capacity = 0;
  #newestSlot = -1;
  /** By row: slot of the newest sample, -1 where there is none. */
  #newest = new Int32Array(0);
  /** By row and column: values of the newest sample as vSphere sent them; NaN where there is none. */
  #current = new Float64Array(0);

  /**
   * @param columns counters of one object
   * @param slots how many samples of 20 s are kept
   */
  constructor(columns: number, slots: number) {
    this.#columns = columns;
    this.#frames = new Array(slots);
  }

  /** Bytes that the samples take. */
  get bytes(): number {
    const frames = this.#frames.reduce((sum, frame) => sum + (frame?.codes.byteLength ?? 0), 0);
    return frames + this.#newest.byteLength + this.#current.byteLength;
  }

  /** Objects that have a row. */
  get size(): number {
    return this.#rows.size;
  }

  /** How many samples of an object are kept. */
  get slots(): number {
    return this.#frames.length;
  }

  /** The newest slot of any object; -1 before the first sample. */
  get newestSlot(): number {
    return this.#newestSlot;
  }

  /** Row of an object, made if need be. */
  open(id: string): number {
    const known = this.#rows.get(id);
    if (known !== undefined) return known;
    const row = this.#free.pop() ?? this.#rows.size;
    this.#rows.set(id, row);
    if (row >= this.#capacity) this.#grow();
    return row;
  }

  /** Row of an object, if it has one. */
  row(id: string): number | undefined {
    return this.#rows.get(id);
  }

  /** Forgets an object; its row is used again. */
  drop(id: string): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    this.#rows.delete(id);
    this.#free.push(row);
    this.#newest[row] = -1;
    const start = row * this.#columns;
    for (const frame of this.#frames) frame?.codes.fill(MISSING, start, start + this.#columns);
  }

  /** Slot of the newest sample of a row; -1 where there is none. */
  newest(row: number): number {
    return this.#newest[row] ?? -1;
  }

  /** Value of the newest sample of a row, as it was sent; null where there was none. */
  current(row: number, column: number): number | null {
    if (this.newest(row) < 0) return null;
    const value = this.#current[row * this.#columns + column] ?? Number.NaN;
    return Number.isNaN(value) ? null : value;
  }

  /**
   * Keeps one value. The first value of a slot stays: overlapping queries bring samples again, and on a simulator
   * the repeated ones differ. What is older than the ring is left out.
   */
  put(row: number, slot: number, column: number, value: number): void {
    const frame = this.#frame(slot);
    if (frame === undefined) return;
    const index = row * this.#columns + column;
    if (frame.codes[index] === MISSING) frame.codes[index] = pack(value);
    const newest = this.newest(row);
    if (slot < newest) return;
    const start = row * this.#columns;
    if (slot > newest) {
      this.#newest[row] = slot;
      this.#current.fill(Number.NaN, start, start + this.#columns);
    }
    if (Number.isNaN(this.#current[index])) this.#current[index] = value;
  }

  /** The kept value of a slot; null where there is none. */
  at(row: number, slot: number, column: number): number | null {
    const frame = this.#frames[slot % this.#frames.length];
    if (frame?.slot !== slot) return null;
    return unpack(frame.codes[row * this.#columns + column] ?? MISSING);
  }

  /** The frame of a slot, long enough for every row; undefined for a slot that has left the ring. */
  #frame(slot: number): Frame | undefined {
    const place = slot % this.#frames.length;
    const size = this.#capacity * this.#columns;
    const known = this.#frames[place];
    if (known !== undefined && known.slot > slot) return undefined;
    if (known?.slot === slot && known.codes.length === size) return known;
    const codes = known?.codes.length === size ? known.codes : new Uint16Array(size);
    codes.fill(MISSING);
    if (known?.slot === slot) codes.set(known.codes);
    const frame = { slot, codes };
    this.#frames[place] = frame;
    this.#newestSlot = Math.max(this.#newestSlot, slot);
    return frame;
  }

  #grow(): void {
    this.#capacity = Math.ceil((this.#rows.size * 1.05) / ROW_STEP) * ROW_STEP;
    const newest = new Int32Array(this.#capacity).fill(-1);
    newest.set(this.#newest);
    this.#newest = newest;
    const current = new Float64Array(this.#capacity * this.#columns).fill(Number.NaN);
    current.set(this.#current);
    this.#current = current;
  }
}
