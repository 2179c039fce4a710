/** The objects in vCenter that we follow it with: a PropertyCollector, a view and a filter. They die with their login. */
import type { Logger } from 'pino';
import type { Session } from '../../vsphere/session.ts';
import { VimFault } from '../../vsphere/vim-fault.ts';
import type { MoRef, ServiceContent, UpdateSet } from '../../vsphere/vim25/types.ts';
import { viewFilter, WATCHED } from './properties.ts';

/** Longest time that vCenter may keep a wait open; it answers earlier when something changes. */
const MAX_WAIT_SECONDS = 60;
/** How much longer we wait before we take the connection for dead. */
const GRACE_MS = 30_000;
/** For a look that vCenter has to answer at once. */
const LOOK_MS = 30_000;
const TIDY_MS = 3_000;
/** Objects of one update set that we can bear; vCenter may send fewer at a time. */
const MAX_UPDATES = 500;

/** What a Collector is opened with. */
export interface CollectorOptions {
  session: Session;
  log: Logger;
  signal: AbortSignal;
}

export class Collector {
  /** Number of the login that all of it belongs to. */
  readonly generation: number;
  readonly #session: Session;
  readonly #signal: AbortSignal;
  readonly #collector: MoRef<'PropertyCollector'>;
  readonly #view: MoRef<'ContainerView'>;

  private constructor(
    { session, signal }: CollectorOptions,
    generation: number,
    collector: MoRef<'PropertyCollector'>,
    view: MoRef<'ContainerView'>,
  ) {
    this.#session = session;
    this.#signal = signal;
    this.generation = generation;
    this.#collector = collector;
    this.#view = view;
  }

  /**
   * Logs in where needed and makes everything. One view and one filter serve all types: the filter has a path list for
   * each type, and a path that this vSphere does not know is left out, so that no type can spoil another.
   */
  static async open(options: CollectorOptions): Promise<Collector> {
    const { session, signal } = options;
    const { content, generation } = await session.ready(signal);
    try {
      return await Collector.#make(options, content, generation);
    } catch (error) {
      // The login may be what is wrong, and what was made in it goes with it.
      void session.renew(generation);
      throw error;
    }
  }

  static async #make(options: CollectorOptions, content: ServiceContent, generation: number): Promise<Collector> {
    const { session, signal, log } = options;
    const { rootFolder, viewManager, propertyCollector } = content;
    if (viewManager === undefined) throw new Error('This vSphere has no ViewManager.');
    const call = { signal, relogin: false };
    const collector = await session.call('CreatePropertyCollector', propertyCollector, {}, call);
    const args = { container: rootFolder, type: Object.keys(WATCHED), recursive: true };
    const view = await session.call('CreateContainerView', viewManager, args, call);
    const made = new Collector(options, generation, collector, view);
    await made.#filter(rootFolder, log);
    return made;
  }

  async #filter(root: MoRef, log: Logger): Promise<void> {
    const without = new Set<string>();
    for (;;) {
      const spec = viewFilter(WATCHED, this.#view, { root, without });
      try {
        await this.#session.call(
          'CreateFilter',
          this.#collector,
          { spec, partialUpdates: false },
          { signal: this.#signal, relogin: false },
        );
        return;
      } catch (error) {
        const path = unknownPath(error);
        if (path === undefined || without.has(path)) throw error;
        log.warn({ path }, 'this vSphere does not know a property, which will stay empty');
        without.add(path);
      }
    }
  }

  /**
   * What has changed since `version` (`''`: everything there is). Undefined: nothing, the version stays good.
   * @param seconds to wait for a change, at most a minute.
   * @throws as Session.call does, NotAuthenticated included; TimeoutError when vCenter keeps silent beyond the wait.
   */
  wait(version: string, seconds = MAX_WAIT_SECONDS): Promise<UpdateSet | undefined> {
    const maxWaitSeconds = Math.min(MAX_WAIT_SECONDS, Math.max(1, Math.ceil(seconds)));
    return this.#wait(version, maxWaitSeconds, maxWaitSeconds * 1000 + GRACE_MS);
  }

  /** The same, answered at once. */
  look(version: string): Promise<UpdateSet | undefined> {
    return this.#wait(version, 0, LOOK_MS);
  }

  #wait(version: string, maxWaitSeconds: number, timeoutMs: number): Promise<UpdateSet | undefined> {
    const args = { version, options: { maxWaitSeconds, maxObjectUpdates: MAX_UPDATES } };
    const options = { signal: this.#signal, timeoutMs, longPoll: true, relogin: false };
    return this.#session.call('WaitForUpdatesEx', this.#collector, args, options);
  }

  /** Ends a wait that is still open in vCenter and removes everything, as far as vCenter can be reached. Never rejects. */
  async close(): Promise<void> {
    const options = { timeoutMs: TIDY_MS, relogin: false };
    await Promise.allSettled([
      this.#session.call('CancelWaitForUpdates', this.#collector, {}, options),
      this.#session.call('DestroyPropertyCollector', this.#collector, {}, options),
      this.#session.call('DestroyView', this.#view, {}, options),
    ]);
  }
}

function unknownPath(error: unknown): string | undefined {
  if (!(error instanceof VimFault) || error.faultName !== 'InvalidProperty') return undefined;
  const { name } = error.fault;
  return typeof name === 'string' ? name : undefined;
}
