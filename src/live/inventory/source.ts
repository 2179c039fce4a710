/** One vCenter's part of the inventory as readers see it: which generation they read, what was polled, how fresh it is. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Change, type InventoryStatus, KINDS, type Kind, type Polled } from '../model.ts';
import type { Generation } from './generation.ts';
import { Pacer } from './pacer.ts';
import { type Applied, Store } from './store.ts';

/** What is common to all vCenters: the version, and those who listen. */
export interface Outlet {
  /** A new version, from now on the current one. */
  bump(): string;
  publish(changes: readonly Change[]): void;
  report(status: InventoryStatus): void;
}

type Freshness = Omit<InventoryStatus, 'vcenter' | 'counts'>;

/** Changes that listeners get at once; after a load there may be tens of thousands. */
const CHUNK = 250;

export class Source {
  readonly vcenter: string;
  readonly #outlet: Outlet;
  readonly #nothing = new Store();
  #generation: Generation | undefined;
  #status: InventoryStatus | undefined;
  #polled: ReadonlyMap<string, Polled> = new Map();
  #loaded: (() => void) | undefined;
  /** Settles with the first load. */
  readonly loaded: Promise<void>;
  #freshness: Freshness = {
    ready: false,
    stale: false,
    stale_since: null,
    reason: 'The inventory is being read.',
    loaded_at: null,
    last_contact_at: null,
    resyncs: 0,
  };

  constructor(vcenter: string, outlet: Outlet) {
    this.vcenter = vcenter;
    this.#outlet = outlet;
    this.loaded = new Promise((resolve) => {
      this.#loaded = resolve;
    });
  }

  /** What readers see: empty before the first load. */
  get store(): Store {
    return this.#generation?.store ?? this.#nothing;
  }

  /** Every read asks for it, so it is made again only when something of it is new. */
  get status(): InventoryStatus {
    this.#status ??= this.#currentStatus();
    return this.#status;
  }

  #currentStatus(): InventoryStatus {
    const { store } = this;
    const counts = Object.fromEntries(KINDS.map((kind) => [kind, store.all(kind).length])) as Record<Kind, number>;
    return { vcenter: this.vcenter, ...this.#freshness, counts };
  }

  polled(id: string): Polled | undefined {
    return this.store.find(id) === undefined ? undefined : this.#polled.get(id);
  }

  /** vCenter has answered, even if only that nothing has changed. */
  heard(): void {
    this.#become({ ...this.#freshness, last_contact_at: new Date().toISOString() });
  }

  /** vCenter cannot be followed: what readers see is what it said last. */
  lost(reason: string): void {
    const { ready, stale, stale_since, last_contact_at } = this.#freshness;
    const isNews = stale !== ready || this.#freshness.reason !== reason;
    const since = ready ? (stale_since ?? last_contact_at) : null;
    this.#become({ ...this.#freshness, stale: ready, stale_since: since, reason });
    if (isNews) this.#outlet.report(this.status);
  }

  /** Puts a complete reading in the place of the present one, all at once, then tells what differs, little by little. */
  async replace(generation: Generation): Promise<void> {
    const first = this.#generation === undefined;
    const differences = await generation.store.succeed(this.store, new Pacer());
    this.#generation = generation;
    const now = new Date().toISOString();
    this.#become({
      ready: true,
      stale: false,
      stale_since: null,
      reason: null,
      loaded_at: now,
      last_contact_at: now,
      resyncs: this.#freshness.resyncs + (first ? 0 : 1),
    });
    const version = this.#outlet.bump();
    this.#loaded?.();
    for (let from = 0; from < differences.length; from += CHUNK) {
      this.#publish(differences.slice(from, from + CHUNK), version);
      await nextTurn();
    }
    this.#outlet.report(this.status);
  }

  /** Tells what an update set has changed in the present generation. */
  changed(applied: readonly Applied[]): void {
    if (applied.length === 0) return;
    this.#status = undefined;
    this.#publish(applied, this.#outlet.bump());
  }

  /** Takes over the values of one complete poll. */
  sampled(polled: ReadonlyMap<string, Polled>): void {
    this.#polled = polled;
    this.#outlet.bump();
  }

  #become(freshness: Freshness): void {
    this.#freshness = freshness;
    this.#status = undefined;
  }

  #publish(applied: readonly Applied[], version: string): void {
    const { vcenter } = this;
    this.#outlet.publish(
      applied.map(({ action, record, previous, changed }) => ({
        action,
        kind: record.kind,
        id: record.id,
        vcenter,
        record,
        previous,
        changed,
        version,
      })),
    );
  }
}
