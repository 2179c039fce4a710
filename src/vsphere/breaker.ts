/** Keeps the gateway from waiting for a vCenter that is down, and a vCenter that comes back from being run over. */
import { GatewayError } from '../errors.ts';

/** Of a failed call: whether vCenter was out of reach, answered (faults are answers), or did not come into it. */
export type Verdict = 'outage' | 'answer' | 'silent';

export interface BreakerOptions {
  /** Named in the refusal. */
  name: string;
  onOpen?(error: unknown): void;
  /** Consecutive outages that open it. */
  threshold?: number;
  /** Of the pause after opening; it doubles with every failed probe, up to the last. */
  minPauseMs?: number;
  maxPauseMs?: number;
  /** Milliseconds on a clock that never jumps. */
  clock?(): number;
  /** 0 up to 1; spreads the pauses of several gateways. */
  random?(): number;
}

/** Circuit breaker: closed, open for a pause, then half-open, when one call goes through and decides. */
export class Breaker {
  readonly #options: Required<Omit<BreakerOptions, 'onOpen'>> & Pick<BreakerOptions, 'onOpen'>;
  #outages = 0;
  /** Times it opened since the last success. */
  #openings = 0;
  #openUntil: number | undefined;
  #probing = false;

  constructor(options: BreakerOptions) {
    this.#options = {
      threshold: 5,
      minPauseMs: 1_000,
      maxPauseMs: 60_000,
      clock: () => performance.now(),
      random: Math.random,
      ...options,
    };
  }

  get state(): 'closed' | 'open' | 'half_open' {
    if (this.#openUntil === undefined) return 'closed';
    return this.#options.clock() < this.#openUntil ? 'open' : 'half_open';
  }

  /** @throws {GatewayError} upstream_unavailable with `retry_after`, while calls are refused. */
  check(): void {
    if (this.#openUntil === undefined) return;
    const remaining = this.#openUntil - this.#options.clock();
    if (remaining <= 0 && !this.#probing) return;
    throw new GatewayError(
      'upstream_unavailable',
      `${this.#options.name} cannot be reached at the moment; the gateway keeps trying.`,
      { retry_after: Math.max(1, Math.ceil(remaining / 1_000)) },
    );
  }

  /** Runs the call, or refuses it as `check` does. */
  async run<T>(work: () => Promise<T>, judge: (error: unknown) => Verdict): Promise<T> {
    this.check();
    const probe = this.#openUntil !== undefined;
    if (probe) this.#probing = true;
    try {
      const result = await work();
      this.#close();
      return result;
    } catch (error) {
      const verdict = judge(error);
      if (verdict === 'outage') this.#count(error, probe);
      else if (verdict === 'answer') this.#close();
      throw error;
    } finally {
      if (probe) this.#probing = false;
    }
  }

  #close(): void {
    this.#outages = 0;
    this.#openings = 0;
    this.#openUntil = undefined;
  }

  #count(error: unknown, probe: boolean): void {
    this.#outages += 1;
    // Calls that were under way when it opened end later; they are no news.
    if (!probe && (this.#openUntil !== undefined || this.#outages < this.#options.threshold)) return;
    const { minPauseMs, maxPauseMs, clock, random } = this.#options;
    const pause = Math.min(maxPauseMs, minPauseMs * 2 ** this.#openings);
    this.#openings += 1;
    this.#openUntil = clock() + pause * (0.5 + random() / 2);
    this.#options.onOpen?.(error);
  }
}
