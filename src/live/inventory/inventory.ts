/** The inventory of all vCenters, kept up to date by following them: every read is answered from memory. */
import { randomInt } from 'node:crypto';
import type { Logger } from 'pino';
import type { Config } from '../../config/schema.ts';
import type { Target } from '../../vsphere/target.ts';
import {
  type Change,
  fromId,
  type InventoryRecord,
  type InventoryStatus,
  type Kind,
  type Polled,
  type RecordOf,
} from '../model.ts';
import { Merged } from './merged.ts';
import { Poller } from './poller.ts';
import { resolveIn } from './resolve.ts';
import { Source } from './source.ts';
import { Watcher } from './watcher.ts';

export interface InventoryDeps {
  targets: Target[];
  settings: Config['inventory'];
  log: Logger;
}

/** One vCenter and those who keep its part up to date. */
interface Followed {
  readonly source: Source;
  readonly workers: readonly { start(): void; close(): Promise<void> }[];
}

export class Inventory {
  readonly #followed = new Map<string, Followed>();
  readonly #merged: Merged;
  readonly #log: Logger;
  readonly #changeListeners = new Set<(changes: readonly Change[]) => void>();
  readonly #statusListeners = new Set<(status: InventoryStatus) => void>();
  readonly #epoch = randomInt(36 ** 6).toString(36);
  #counter = 0;

  constructor({ targets, settings, log }: InventoryDeps) {
    this.#log = log.child({ component: 'inventory' });
    for (const target of targets) {
      const source = new Source(target.name, {
        bump: () => this.#bump(),
        publish: (changes) => this.#tell(this.#changeListeners, changes),
        report: (status) => this.#tell(this.#statusListeners, status),
      });
      const deps = { source, settings, log: this.#log.child({ vcenter: target.name }) };
      const workers = [
        new Watcher({ ...deps, session: target.session('inventory') }),
        new Poller({ ...deps, session: target.session('metrics') }),
      ];
      this.#followed.set(target.name, { source, workers });
    }
    this.#merged = new Merged([...this.#followed.values()].map(({ source }) => source));
  }

  start(): void {
    for (const { workers } of this.#followed.values()) for (const worker of workers) worker.start();
  }

  /** Stops following; what is known stays readable. To be called before the targets are closed. Never rejects. */
  async close(): Promise<void> {
    const workers = [...this.#followed.values()].flatMap((followed) => followed.workers);
    await Promise.all(workers.map((worker) => worker.close()));
  }

  /** `<epoch>.<counter>`: the epoch is that of the process, the counter grows with every applied change and every poll. */
  get version(): string {
    return `${this.#epoch}.${this.#counter}`;
  }

  get<K extends Kind>(kind: K, id: string): RecordOf[K] | undefined {
    const record = this.find(id);
    // The kind was just compared, which TypeScript does not carry over to the type parameter.
    return record?.kind === kind ? (record as RecordOf[K]) : undefined;
  }

  /** The object with that id, whatever its kind. */
  find(id: string): InventoryRecord | undefined {
    return this.#sourceOf(id)?.store.find(id);
  }

  /** All of a kind, sorted by name (code units), then id. The same array until something of that kind changes; never to be mutated. */
  all<K extends Kind>(kind: K): readonly RecordOf[K][] {
    return this.#merged.all(kind);
  }

  count(kind: Kind): number {
    return this.all(kind).length;
  }

  /** What was polled of a VM or a host last; undefined before the first poll. */
  polled(id: string): Polled | undefined {
    return this.#sourceOf(id)?.polled(id);
  }

  /** Ids of the objects whose parent is `id`. */
  children(id: string): readonly string[] {
    return this.#sourceOf(id)?.store.children(id) ?? [];
  }

  /** Ids of the VMs on a host, or in a pool, datastore or network. */
  vmsOf(id: string): readonly string[] {
    return this.#sourceOf(id)?.store.vmsOf(id) ?? [];
  }

  /** Inventory path in govc's form, `/DC0/vm/Prod/web-01`, with `%`, `/` and `\` of names encoded as vCenter does; empty for an unknown id. */
  path(id: string): string {
    return this.#sourceOf(id)?.store.path(id) ?? '';
  }

  /** The objects of that kind that a reference names: an id, else every one with that inventory path, UUID (VM, host) or exact name. */
  resolve(kind: Kind, reference: string): InventoryRecord[] {
    const byId = this.get(kind, reference);
    if (byId !== undefined) return [byId];
    return [...this.#followed.values()].flatMap(({ source }) => resolveIn(source.store, kind, reference));
  }

  /** @throws {RangeError} for a vCenter that is not configured. */
  status(vcenter: string): InventoryStatus {
    const followed = this.#followed.get(vcenter);
    if (followed === undefined) throw new RangeError(`There is no vCenter '${vcenter}'.`);
    return followed.source.status;
  }

  statuses(): InventoryStatus[] {
    return [...this.#followed.values()].map(({ source }) => source.status);
  }

  /**
   * Calls the listener once per applied update set, after all of it is applied; after a load or resync in several
   * portions. @returns the way to stop it.
   */
  onChange(listener: (changes: readonly Change[]) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  /** Calls the listener when a vCenter becomes ready, stale or fresh again. @returns the way to stop it. */
  onStatus(listener: (status: InventoryStatus) => void): () => void {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  }

  #sourceOf(id: string): Source | undefined {
    return this.#followed.get(fromId(id)?.vcenter ?? '')?.source;
  }

  #bump(): string {
    this.#counter += 1;
    return this.version;
  }

  /** A listener that throws must not keep the others, or the inventory, from going on. */
  #tell<T>(listeners: ReadonlySet<(value: T) => void>, value: T): void {
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        this.#log.error({ err: error }, 'a listener of the inventory failed');
      }
    }
  }
}
