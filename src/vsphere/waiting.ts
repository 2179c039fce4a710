/** Waiting that ends: by a signal, by a time, or by growing pauses between attempts. */
import { setTimeout as sleep } from 'node:timers/promises';

/** The promise, or the reason of the signal, whichever comes first; what the promise does is not affected. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Resolves when the promise has settled, either way, or the time is over. Never rejects. */
export async function settled(promise: Promise<unknown>, maxMs: number): Promise<void> {
  const stop = new AbortController();
  const timer = sleep(maxMs, undefined, { signal: stop.signal }).catch(() => undefined);
  await Promise.race([promise.catch(() => undefined), timer]);
  stop.abort();
}

/** Pauses between attempts: doubling from 1 s to 60 s, each shortened by up to half at random. */
export class Backoff {
  #attempts = 0;

  /** For the pause that is due now, milliseconds. */
  next(): number {
    const pause = Math.min(60_000, 1_000 * 2 ** this.#attempts);
    this.#attempts += 1;
    return pause * (0.5 + Math.random() / 2);
  }

  /** After a success. */
  reset(): void {
    this.#attempts = 0;
  }
}
