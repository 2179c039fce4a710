/** Gives the event loop back to others in the middle of long work. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Longest piece of work without a break, milliseconds. */
const PIECE_MS = 5;
/** Items between two looks at the clock. */
const EVERY = 64;

export class Pacer {
  #items = 0;
  #since = performance.now();

  /** To be awaited after each item; costs next to nothing unless it is time for a break. */
  pause(): Promise<void> | undefined {
    this.#items += 1;
    return this.#items % EVERY === 0 && performance.now() - this.#since > PIECE_MS ? this.#rest() : undefined;
  }

  async #rest(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
  }
}
