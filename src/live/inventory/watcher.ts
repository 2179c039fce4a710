/** Follows one vCenter: reads everything, then waits for changes; on any doubt reads everything afresh. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from '../../config/schema.ts';
import { GatewayError } from '../../errors.ts';
import { fromVsphere } from '../../vsphere/faults.ts';
import { outageOf } from '../../vsphere/outage.ts';
import type { Session } from '../../vsphere/session.ts';
import type { CustomFieldDef, MoRef, ObjectUpdate, UpdateSet } from '../../vsphere/vim25/types.ts';
import { Backoff } from '../../vsphere/waiting.ts';
import { Collector } from './collector.ts';
import { CustomFields, customValuesIn } from './custom-fields.ts';
import { Doubt, goneAfter, heavyLosses } from './doubt.ts';
import { Generation } from './generation.ts';
import { Pacer } from './pacer.ts';
import type { Source } from './source.ts';
import { Scope } from './values.ts';

export interface WatcherDeps {
  source: Source;
  session: Session;
  settings: Config['inventory'];
  log: Logger;
}

/** How far a collector has been read. */
interface Position {
  version: string;
  /** The version may be used once more; that of a truncated set may not. */
  repeatable: boolean;
}

const FIRST_RETRY_MS = 100;
/** Before a reading that lacks many objects is compared with another. */
const SECOND_LOOK_MS = 3_000;
const HOUR_MS = 3_600_000;
/** Objects of a load that are converted without a break. */
const SLICE = 100;

export class Watcher {
  readonly #deps: WatcherDeps;
  readonly #log: Logger;
  readonly #scope: Scope;
  readonly #fields = new CustomFields();
  readonly #backoff = new Backoff();
  readonly #stop = new AbortController();
  readonly #odd = new Set<string>();
  #running: Promise<void> | undefined;
  /** The last reading lacked so much that it was not believed. */
  #doubted = false;
  #failures = 0;

  constructor(deps: WatcherDeps) {
    this.#deps = deps;
    this.#log = deps.log;
    this.#scope = new Scope(deps.source.vcenter);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Stops following and removes what was made in vCenter, as far as it can be reached. Never rejects. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        const pause = this.#pauseAfter(error);
        this.#report(error, pause);
        await sleep(pause, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  #pauseAfter(error: unknown): number {
    if (error instanceof Doubt && this.#doubted) return SECOND_LOOK_MS;
    this.#failures += 1;
    // Most failures are a session that ended or a connection that broke: vCenter is there.
    if (this.#failures === 1) return FIRST_RETRY_MS;
    const hint = error instanceof GatewayError ? error.extras.retry_after : undefined;
    const pause = this.#backoff.next();
    return hint === undefined ? pause : Math.min(pause, hint * 1_000);
  }

  #report(error: unknown, pause: number): void {
    const { source } = this.#deps;
    const { code, message } =
      error instanceof Doubt
        ? { code: 'doubt', message: error.message }
        : fromVsphere(error, { vcenter: source.vcenter });
    this.#log.warn(
      { code, reason: message, retry_ms: Math.round(pause) },
      'the inventory cannot be followed; it is read again',
    );
    source.lost(message);
  }

  /** One login's worth: a load, then the changes, until something fails or it is time to read everything again. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { session, log } = this.#deps;
    const collector = await Collector.open({ session, log, signal });
    try {
      const began = performance.now();
      const position: Position = { version: '', repeatable: false };
      const generation = await this.#load(collector, position);
      await this.#check(generation);
      await this.#deps.source.replace(generation);
      log.info(
        { objects: generation.store.size, ms: Math.round(performance.now() - began) },
        'the inventory is loaded',
      );
      await this.#watch(collector, position, generation);
    } catch (error) {
      // All that we made in vCenter dies with the login, and the login may be what is wrong.
      if (!signal.aborted) void session.renew(collector.generation);
      throw error;
    } finally {
      if (signal.aborted) await collector.close();
    }
    await collector.close();
  }

  /** Reads everything into a generation that nobody sees yet. */
  async #load(collector: Collector, position: Position): Promise<Generation> {
    const generation = new Generation(this.#scope, this.#fields, this.#deps.source.store, (id, path, error) =>
      this.#reportOddity(id, path, error),
    );
    await this.#readFields();
    const pacer = new Pacer();
    for (;;) {
      const set = await collector.wait(position.version);
      this.#deps.source.heard();
      if (set === undefined) continue;
      const updates = updatesOf(set);
      await this.#nameFields(updates);
      for (let from = 0; from < updates.length; from += SLICE) {
        generation.apply(updates.slice(from, from + SLICE));
        await pacer.pause();
      }
      advance(position, set);
      if (set.truncated !== true) return generation;
    }
  }

  /** @throws {Doubt} where a reading lacks much of what was there before, unless the reading before said the same. */
  async #check(generation: Generation): Promise<void> {
    const { session, source } = this.#deps;
    // An ended session may answer with empty data instead of NotAuthenticated.
    const { sessionManager } = (await session.ready(this.#stop.signal)).content;
    const options = { signal: this.#stop.signal, relogin: false };
    const { currentSession } =
      sessionManager === undefined
        ? { currentSession: true }
        : await session.read(sessionManager, ['currentSession'], options);
    if (currentSession === undefined) throw new Doubt('The session ended while the inventory was read.');
    const losses = heavyLosses(source.store, (id) => generation.store.find(id) === undefined);
    this.#doubted = losses.length > 0 && !this.#doubted;
    if (this.#doubted)
      throw new Doubt(`Much of the inventory is missing at once (${losses.join(', ')}); a second look decides.`);
  }

  async #watch(collector: Collector, position: Position, generation: Generation): Promise<void> {
    const { source, settings } = this.#deps;
    const until = performance.now() + settings.resync_hours * HOUR_MS;
    while (performance.now() < until) {
      const set = await this.#next(collector, position, (until - performance.now()) / 1_000);
      source.heard();
      if (set !== undefined) {
        const updates = updatesOf(set);
        await this.#nameFields(updates);
        await this.#confirmLeaves(updates, generation);
        source.changed(generation.apply(updates));
        // Only now: what failed to be applied must not be skipped.
        advance(position, set);
      }
      this.#failures = 0;
      this.#backoff.reset();
    }
  }

  /** A reply that was lost on its way is asked for once more, where the version allows it. */
  async #next(
    collector: Collector,
    { version, repeatable }: Position,
    seconds: number,
  ): Promise<UpdateSet | undefined> {
    try {
      return await collector.wait(version, seconds);
    } catch (error) {
      const outage = outageOf(error);
      if (!repeatable || outage === undefined || outage === 'tls') throw error;
      this.#log.debug({ outage }, 'a wait for changes broke off; asking again');
      return collector.look(version);
    }
  }

  /**
   * vCenter reports an object as gone also when a migration and another change race, and says so of many when a view
   * breaks. An object that is still there, or many gone at once, mean that the updates cannot be relied on.
   * @throws {Doubt}
   */
  async #confirmLeaves(updates: readonly ObjectUpdate[], { store }: Generation): Promise<void> {
    const gone = goneAfter(updates, store, this.#scope.vcenter);
    if (gone.size === 0) return;
    if (heavyLosses(store, (id) => gone.has(id)).length > 0)
      throw new Doubt('Many objects are reported as gone at once.');
    if (await this.#anyLeft([...gone.values()])) throw new Doubt('An object is reported as gone that is still there.');
  }

  async #anyLeft(refs: readonly MoRef[]): Promise<boolean> {
    const spec = {
      propSet: [{ type: 'ManagedEntity', pathSet: ['name'] }],
      objectSet: refs.map((obj) => ({ obj, skip: false })),
      reportMissingObjectsInResults: true,
    };
    for await (const page of this.#deps.session.retrieve([spec], { signal: this.#stop.signal })) {
      if (page.some(({ propSet }) => propSet?.some(({ name }) => name === 'name'))) return true;
    }
    return false;
  }

  /** Learns the names of custom attributes that these updates are the first to use. */
  async #nameFields(updates: readonly ObjectUpdate[]): Promise<void> {
    const values = customValuesIn(updates);
    if (this.#fields.knows(values)) return;
    await this.#readFields();
    this.#fields.giveUp(values);
  }

  async #readFields(): Promise<void> {
    const { session } = this.#deps;
    const { customFieldsManager } = (await session.ready(this.#stop.signal)).content;
    // An ESXi host has none.
    if (customFieldsManager === undefined) return;
    const { field } = await session.read(customFieldsManager, ['field'], { signal: this.#stop.signal, relogin: false });
    // CustomFieldsManager.field is declared as ArrayOfCustomFieldDef.
    this.#fields.learn((field ?? []) as CustomFieldDef[]);
  }

  #reportOddity(id: string, path: string, error: unknown): void {
    if (this.#odd.has(path)) return;
    this.#odd.add(path);
    this.#log.warn(
      { id, path, err: error },
      'a property is not what vSphere declares it to be; it counts as unreadable',
    );
  }
}

function updatesOf({ filterSet = [] }: UpdateSet): ObjectUpdate[] {
  return filterSet.flatMap(({ objectSet }) => objectSet ?? []);
}

function advance(position: Position, { version, truncated }: UpdateSet): void {
  position.version = version;
  position.repeatable = truncated !== true;
}
