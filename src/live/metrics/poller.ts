/** Reads the counters of one target on a fixed schedule, whoever listens. */
import type { Logger } from 'pino';
import { GatewayError } from '../../errors.ts';
import { fromVsphere } from '../../vsphere/faults.ts';
import { SERVICE_INSTANCE } from '../../vsphere/login.ts';
import type { Session } from '../../vsphere/session.ts';
import type { Target } from '../../vsphere/target.ts';
import type { AnyPerfEntityMetricBase, MoRef } from '../../vsphere/vim25/types.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { toId } from '../model.ts';
import { type Asked, Catalogue, type CounterInfo } from './catalogue.ts';
import { COLUMNS, METRIC_KINDS, type MetricKind, SAMPLE_SECONDS } from './counters.ts';
import { slotOf } from './csv.ts';
import { QueryLimit } from './limit.ts';
import { nextConcurrency, queryAll } from './query.ts';
import { SampleRing } from './ring.ts';
import { keep, subjectsOf } from './samples.ts';
import { onSchedule } from './schedule.ts';

/** How the counters are read; the gateway's configuration, in seconds. */
export interface PollSettings {
  interval: number;
  retention: number;
  /** null: as many as vCenter allows. */
  max_query_metrics: number | null;
  concurrency: number;
}

/** How the reading of one target goes. */
export interface PollHealth {
  /** End of the last round that succeeded. */
  last_poll_at: string | null;
  /** Length of the last round, in milliseconds. */
  poll_ms: number | null;
  rounds: number;
  /** Rounds left out because the one before them was still running. */
  overruns: number;
  failures: number;
  /** Why the last round failed; null after a success. */
  last_error: string | null;
  /** vCenter's clock minus ours. */
  skew_seconds: number | null;
  /** QueryPerf calls of the last round. */
  queries: number;
  /** Metrics that one QueryPerf may hold at the moment; null before the first round. */
  max_query_metrics: number | null;
  /** Objects asked for in the last round. */
  objects: Record<MetricKind, number>;
  /** Objects that had no new sample, over all rounds. */
  missing_samples: number;
  /** Memory of the samples. */
  memory_bytes: number;
}

/** The objects of a kind that one round brought samples of. */
export interface Answered {
  kind: MetricKind;
  ids: string[];
}

export interface PollerDeps {
  target: Target;
  inventory: Inventory;
  settings: PollSettings;
  log: Logger;
  onAnswered(answered: Answered): void;
}

/** A sample may be this much ahead of vCenter's clock; what is further ahead has a wrong time. */
const AHEAD_MS = 60_000;

/** One target's schedule and samples. */
export class Poller {
  readonly rings: Readonly<Record<MetricKind, SampleRing>>;
  readonly #deps: PollerDeps;
  readonly #log: Logger;
  readonly #abort = new AbortController();
  readonly #catalogue: Catalogue;
  readonly #limit: QueryLimit;
  readonly #health: Omit<PollHealth, 'memory_bytes' | 'max_query_metrics'> = {
    last_poll_at: null,
    poll_ms: null,
    rounds: 0,
    overruns: 0,
    failures: 0,
    last_error: null,
    skew_seconds: null,
    queries: 0,
    objects: { vm: 0, host: 0 },
    missing_samples: 0,
  };
  #concurrency: number;
  #running: Promise<void> | undefined;

  constructor(deps: PollerDeps) {
    this.#deps = deps;
    this.#log = deps.log;
    this.#catalogue = new Catalogue(this.#log);
    this.#limit = new QueryLimit(deps.settings.max_query_metrics);
    this.#concurrency = deps.settings.concurrency;
    const slots = Math.max(2, Math.ceil(deps.settings.retention / SAMPLE_SECONDS));
    this.rings = { vm: new SampleRing(COLUMNS.vm.length, slots), host: new SampleRing(COLUMNS.host.length, slots) };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  /** Empty before the first round. */
  counters(): readonly CounterInfo[] {
    return this.#catalogue.infos;
  }

  /** Counters read of a kind at the moment. */
  asked(kind: MetricKind): readonly Asked[] {
    return this.#catalogue.asked(kind);
  }

  /** vCenter's time at this moment, as far as known; epoch milliseconds. */
  now(): number {
    return Date.now() + (this.#health.skew_seconds ?? 0) * 1_000;
  }

  health(): PollHealth {
    const memory = METRIC_KINDS.reduce((sum, kind) => sum + this.rings[kind].bytes, 0);
    return { ...this.#health, max_query_metrics: this.#limit.metrics || null, memory_bytes: memory };
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    await this.#inventoryReady();
    const overrun = (rounds: number) => {
      this.#health.overruns += rounds;
    };
    await onSchedule(this.#deps.settings.interval * 1_000, signal, () => this.#attempt(), overrun);
  }

  async #inventoryReady(): Promise<void> {
    const { inventory, target } = this.#deps;
    const { signal } = this.#abort;
    if (signal.aborted || inventory.status(target.name).ready) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        stop();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const stop = inventory.onStatus((status) => {
        if (status.vcenter === target.name && status.ready) done();
      });
      signal.addEventListener('abort', done);
    });
  }

  /** One round; its failure is counted and logged, and the next round comes all the same. */
  async #attempt(): Promise<void> {
    const began = performance.now();
    this.#health.rounds += 1;
    try {
      await this.#round();
      if (this.#health.last_error !== null) this.#log.info('counters are read again');
      this.#health.last_error = null;
      this.#health.last_poll_at = new Date().toISOString();
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      const level = this.#health.last_error === null ? 'warn' : 'debug';
      this.#log[level]({ err: error }, 'counters could not be read');
      this.#health.failures += 1;
      this.#health.last_error = fromVsphere(error, { vcenter: this.#deps.target.name, method: 'QueryPerf' }).message;
    } finally {
      this.#health.poll_ms = Math.round(performance.now() - began);
    }
  }

  async #round(): Promise<void> {
    const { signal } = this.#abort;
    const session = this.#deps.target.session('metrics');
    const { content } = await session.ready(signal);
    const { perfManager, about, setting } = content;
    if (perfManager === undefined) {
      throw new GatewayError('not_supported', `${this.#deps.target.name} has no performance counters.`);
    }
    const now = await this.#serverTime(session);
    const another = await this.#catalogue.load(session, perfManager, about, signal);
    if (another || this.#limit.outdated) await this.#limit.load(session, setting, about, signal);
    const times: number[] = [];
    for (const kind of METRIC_KINDS) times.push(...(await this.#poll(session, perfManager, kind, now)));
    this.#health.queries = times.length;
    this.#concurrency = nextConcurrency(times, this.#concurrency, this.#deps.settings.concurrency);
  }

  /** vCenter's clock, because all its sample times are of that clock. */
  async #serverTime(session: Session): Promise<number> {
    const { signal } = this.#abort;
    const before = Date.now();
    const now = (await session.call('CurrentTime', SERVICE_INSTANCE, {}, { signal })).getTime();
    this.#health.skew_seconds = (now - (before + Date.now()) / 2) / 1_000;
    return now;
  }

  /** Asks for all objects of a kind. @returns milliseconds that each query took. */
  async #poll(session: Session, perfManager: MoRef, kind: MetricKind, now: number): Promise<number[]> {
    const { target, inventory, onAnswered } = this.#deps;
    const ring = this.rings[kind];
    const subjects = subjectsOf(inventory, target.name, kind, ring, now);
    this.#health.objects[kind] = subjects.length;
    if (subjects.length === 0) return [];
    const asked = this.#catalogue.asked(kind);
    const columns = new Map(asked.map(({ counterId, column }) => [counterId, column]));
    const ids = new Set<string>();
    const onAnswer = (answer: readonly AnyPerfEntityMetricBase[]) => {
      for (const entry of answer) {
        const id = toId(target.name, entry.entity.value);
        const row = ring.row(id);
        if (row !== undefined && keep(ring, row, entry, columns, slotOf(now + AHEAD_MS))) ids.add(id);
      }
    };
    try {
      const { signal } = this.#abort;
      const query = { session, perfManager, limit: this.#limit, concurrency: this.#concurrency, signal };
      return await queryAll({ ...query, subjects, asked, onAnswer });
    } finally {
      this.#health.missing_samples += subjects.length - ids.size;
      if (ids.size > 0) onAnswered({ kind, ids: [...ids] });
    }
  }
}
