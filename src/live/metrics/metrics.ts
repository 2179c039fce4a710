/** Performance counters of all targets: the newest values, an hour of samples, and a tick for every round. */
import type { Logger } from 'pino';
import type { Config } from '../../config/schema.ts';
import type { Target } from '../../vsphere/target.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { fromId } from '../model.ts';
import type { CounterInfo } from './catalogue.ts';
import { COLUMNS, METRIC_KINDS, type MetricKind, SAMPLE_SECONDS } from './counters.ts';
import { slotOf, slotTime } from './csv.ts';
import { type Answered, Poller, type PollHealth, type PollSettings } from './poller.ts';
import type { SampleRing } from './ring.ts';

export type { CounterInfo } from './catalogue.ts';
export type { PollHealth } from './poller.ts';

/** Raw values in vSphere's units by counter name; null where there was no sample. */
export type Values = Record<string, number | null>;

export interface Sample {
  /** vCenter's time of the sample, a multiple of 20 s; RFC 3339. */
  at: string;
  values: Values;
}

export interface Series {
  /** Seconds between two samples. */
  interval: typeof SAMPLE_SECONDS;
  /** Times of all samples, evenly spaced, oldest first. */
  at: string[];
  /** By counter name, as long as `at`; null where there was no sample. */
  series: Record<string, (number | null)[]>;
}

/** One round of one target and kind. */
export interface Tick {
  vcenter: string;
  kind: MetricKind;
  /** Newest sample of the round. */
  at: string;
  /** Objects that brought samples. */
  ids: string[];
  /** Newest values of one of them; made when asked for. */
  valuesOf(id: string): Values;
}

export interface MetricsDeps {
  targets: readonly Target[];
  inventory: Inventory;
  settings: Omit<Config['metrics'], 'max_query_metrics'> & PollSettings;
  log: Logger;
}

/** Samples older than this are no longer the state of an object: /metrics leaves them out. */
const FRESH_MS = 90_000;

/** All counters of all targets. */
export class Metrics {
  readonly #inventory: Inventory;
  readonly #log: Logger;
  readonly #enabled: boolean;
  readonly #pollers: ReadonlyMap<string, Poller>;
  readonly #listeners = new Set<(tick: Tick) => void>();
  #stopFollowing: (() => void) | undefined;

  constructor({ targets, inventory, settings, log }: MetricsDeps) {
    this.#inventory = inventory;
    this.#log = log;
    this.#enabled = settings.enabled;
    this.#pollers = new Map(
      targets.map((target) => {
        const child = log.child({ vcenter: target.name, component: 'metrics' });
        const onAnswered = (answered: Answered) => this.#tick(target.name, answered);
        return [target.name, new Poller({ target, inventory, settings, log: child, onAnswered })];
      }),
    );
  }

  start(): void {
    if (!this.#enabled || this.#stopFollowing !== undefined) return;
    this.#stopFollowing = this.#inventory.onChange((changes) => {
      for (const { action, id } of changes) if (action === 'removed') this.#drop(id);
    });
    for (const poller of this.#pollers.values()) poller.start();
  }

  async close(): Promise<void> {
    this.#stopFollowing?.();
    await Promise.all([...this.#pollers.values()].map((poller) => poller.close()));
  }

  /** The newest sample of an object; undefined where there is none. */
  last(id: string): Sample | undefined {
    const found = this.#find(id);
    if (found === undefined) return undefined;
    const { ring, row } = found;
    return { at: timeOf(ring.newest(row)), values: this.#values(found) };
  }

  /**
   * Samples of an object.
   * @param counters names; all that are read where undefined, and unknown ones come as nulls
   * @param backMs how far back, milliseconds
   */
  series(id: string, counters: readonly string[] | undefined, backMs: number): Series {
    const empty: Series = { interval: SAMPLE_SECONDS, at: [], series: {} };
    const found = this.#find(id);
    if (found === undefined) return empty;
    const { poller, kind, ring, row } = found;
    const names = counters ?? poller.asked(kind).map(({ column }) => COLUMNS[kind][column]?.name ?? '');
    const columns = names.map((name) => COLUMNS[kind].findIndex((spec) => spec.name === name));
    const newest = ring.newest(row);
    const at: string[] = [];
    const series = columns.map((): (number | null)[] => []);
    const oldest = Math.max(slotOf(poller.now() - backMs), newest - ring.slots + 1);
    for (let slot = oldest; slot <= newest; slot++) {
      const values = columns.map((column) => (column < 0 ? null : ring.at(row, slot, column)));
      // Before its first sample an object has nothing to show; a gap later on is shown.
      if (at.length === 0 && values.every((value) => value === null)) continue;
      at.push(timeOf(slot));
      for (const [index, value] of values.entries()) series[index]?.push(value);
    }
    return { ...empty, at, series: Object.fromEntries(names.map((name, index) => [name, series[index] ?? []])) };
  }

  /** The counters that are read of a target; empty before its first round. */
  counters(vcenter: string): readonly CounterInfo[] {
    return this.#pollers.get(vcenter)?.counters() ?? [];
  }

  /** Whether and how a target is read; undefined for an unknown target, and when reading is switched off. */
  health(vcenter: string): PollHealth | undefined {
    return this.#enabled ? this.#pollers.get(vcenter)?.health() : undefined;
  }

  /**
   * A look-up for one counter over many objects of a target: the newest value in vSphere's unit, or null where there
   * is none, or none fresh. Undefined when the counter is not read of that kind.
   */
  reader(vcenter: string, kind: MetricKind, counter: string): ((id: string) => number | null) | undefined {
    const poller = this.#pollers.get(vcenter);
    const column = COLUMNS[kind].findIndex((spec) => spec.name === counter);
    if (poller?.asked(kind).some((asked) => asked.column === column) !== true) return undefined;
    const ring = poller.rings[kind];
    const oldest = slotOf(poller.now() - FRESH_MS);
    return (id) => {
      const row = ring.row(id);
      return row === undefined || ring.newest(row) < oldest ? null : ring.current(row, column);
    };
  }

  /** Calls the listener once for each round, target and kind. @returns what ends it. */
  onTick(listener: (tick: Tick) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #find(id: string): { poller: Poller; kind: MetricKind; ring: SampleRing; row: number } | undefined {
    const poller = this.#pollers.get(fromId(id)?.vcenter ?? '');
    if (poller === undefined) return undefined;
    for (const kind of METRIC_KINDS) {
      const ring = poller.rings[kind];
      const row = ring.row(id);
      if (row !== undefined && ring.newest(row) >= 0) return { poller, kind, ring, row };
    }
    return undefined;
  }

  #values({ poller, kind, ring, row }: { poller: Poller; kind: MetricKind; ring: SampleRing; row: number }): Values {
    const values: Values = {};
    for (const { column } of poller.asked(kind)) values[COLUMNS[kind][column]?.name ?? ''] = ring.current(row, column);
    return values;
  }

  #drop(id: string): void {
    const poller = this.#pollers.get(fromId(id)?.vcenter ?? '');
    if (poller !== undefined) for (const kind of METRIC_KINDS) poller.rings[kind].drop(id);
  }

  #tick(vcenter: string, { kind, ids }: Answered): void {
    const newest = this.#pollers.get(vcenter)?.rings[kind].newestSlot ?? 0;
    const valuesOf = (id: string): Values => {
      const found = this.#find(id);
      return found === undefined ? {} : this.#values(found);
    };
    for (const listener of this.#listeners) {
      try {
        listener({ vcenter, kind, at: timeOf(newest), ids, valuesOf });
      } catch (error) {
        this.#log.error({ err: error }, 'a listener to metrics failed');
      }
    }
  }
}

function timeOf(slot: number): string {
  return new Date(slotTime(slot)).toISOString();
}
