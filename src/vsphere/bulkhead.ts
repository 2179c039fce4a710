/** A bounded way in: so many calls at once, so many that wait, and no more. */
import pLimit from 'p-limit';
import { GatewayError } from '../errors.ts';

/** Calls that may wait for a slot; the next is refused at once. */
const MAX_WAITING = 256;

export class Bulkhead {
  readonly #name: string;
  readonly #slots: number;
  readonly #limit;

  /** @param name of the vCenter, for the refusal. */
  constructor(name: string, slots: number) {
    this.#name = name;
    this.#slots = slots;
    this.#limit = pLimit(slots);
  }

  /**
   * Runs the call when there is a slot.
   * @param maxWaitMs of waiting for the slot; afterwards the call is refused, and was never begun.
   * @throws {GatewayError} overloaded
   */
  async run<T>(work: () => Promise<T>, maxWaitMs: number, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted();
    if (this.#limit.activeCount < this.#slots) return this.#limit(work);
    if (this.#limit.pendingCount >= MAX_WAITING) throw this.#overloaded();

    let begun = false;
    let gaveUp = false;
    const turn = this.#limit(async () => {
      if (gaveUp) return undefined;
      begun = true;
      return { result: await work() };
    });
    return new Promise<T>((resolve, reject) => {
      const leave = (reason: unknown) => {
        // Once begun, the call itself obeys the signal and its deadline.
        if (begun) return;
        gaveUp = true;
        done();
        reject(reason);
      };
      const onAbort = () => leave(signal?.reason);
      const timer = setTimeout(() => leave(this.#overloaded()), maxWaitMs);
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      turn.then(
        (outcome) => {
          done();
          if (outcome !== undefined) resolve(outcome.result);
        },
        (error: unknown) => {
          done();
          reject(error);
        },
      );
    });
  }

  #overloaded(): GatewayError {
    return new GatewayError('overloaded', `Too many calls wait for ${this.#name}; try again shortly.`, {
      retry_after: 2,
    });
  }
}
