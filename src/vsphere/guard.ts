/** What every short call passes on its way to vCenter: the breaker, the queue for a slot, one deadline over both. */
import type { Breaker } from './breaker.ts';
import type { Bulkhead } from './bulkhead.ts';
import { judge } from './outage.ts';

export class Guard {
  readonly #breaker: Breaker;
  readonly #bulkhead: Bulkhead;

  constructor(breaker: Breaker, bulkhead: Bulkhead) {
    this.#breaker = breaker;
    this.#bulkhead = bulkhead;
  }

  /**
   * @param work gets what is left of the time, in milliseconds.
   * @throws {GatewayError} upstream_unavailable or overloaded, when the call was never begun.
   */
  async run<T>(work: (leftMs: number) => Promise<T>, timeoutMs: number, signal: AbortSignal | undefined): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    this.#breaker.check();
    const call = () => work(Math.max(1, deadline - performance.now()));
    // Asked again after the queue: what waited while vCenter went down must not be sent there.
    return this.#bulkhead.run(() => this.#breaker.run(call, (error) => judge(error, signal)), timeoutMs, signal);
  }
}
