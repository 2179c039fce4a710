/** A ListView of tasks with a collector of its own, in one login; it dies with that login. */
import type { Session } from './session.ts';
import type { MoRef, ServiceContent, UpdateSet } from './vim25/types.ts';

const DESTROY = { timeoutMs: 3_000, relogin: false };

export class TaskList {
  readonly #session: Session;
  readonly #onGone: (task: MoRef<'Task'>) => void;
  /** Ends the wait when the list is closed, or cannot be changed any more. */
  readonly #broken = new AbortController();
  readonly #signal: AbortSignal;
  readonly #add = new Map<string, MoRef<'Task'>>();
  readonly #remove = new Map<string, MoRef<'Task'>>();
  #collector: MoRef<'PropertyCollector'> | undefined;
  #view: MoRef<'ListView'> | undefined;
  #flushing = false;

  /** @param onGone for every added task that vCenter does not know. */
  constructor(session: Session, signal: AbortSignal, onGone: (task: MoRef<'Task'>) => void) {
    this.#session = session;
    this.#onGone = onGone;
    this.#signal = AbortSignal.any([signal, this.#broken.signal]);
  }

  /** Makes view, collector and filter. To be called once, before the rest. */
  async open({ viewManager, propertyCollector }: ServiceContent): Promise<void> {
    if (viewManager === undefined) throw new TypeError('The ServiceContent has no ViewManager');
    const options = { signal: this.#signal, relogin: false };
    // Empty, because CreateListView refuses as a whole when one of its objects is gone, and ModifyListView does not.
    this.#view = await this.#session.call('CreateListView', viewManager, {}, options);
    this.#collector = await this.#session.call('CreatePropertyCollector', propertyCollector, {}, options);
    const selectSet = [{ $type: 'TraversalSpec' as const, type: 'ListView', path: 'view', skip: false }];
    const spec = {
      propSet: [{ type: 'Task', pathSet: ['info'] }],
      objectSet: [{ obj: this.#view, skip: true, selectSet }],
      reportMissingObjectsInResults: true,
    };
    await this.#session.call('CreateFilter', this.#collector, { spec, partialUpdates: false }, options);
  }

  add(task: MoRef<'Task'>): void {
    this.#add.set(task.value, task);
    this.#remove.delete(task.value);
    void this.#flush();
  }

  remove(task: MoRef<'Task'>): void {
    this.#add.delete(task.value);
    this.#remove.set(task.value, task);
    void this.#flush();
  }

  /** WaitForUpdatesEx; undefined when nothing has changed. Also fails when a change of the list has failed. */
  async wait(version: string, maxWaitSeconds: number, graceSeconds: number): Promise<UpdateSet | undefined> {
    if (this.#collector === undefined) throw new TypeError('The task list is not open');
    return this.#session.call(
      'WaitForUpdatesEx',
      this.#collector,
      { version, options: { maxWaitSeconds } },
      { longPoll: true, timeoutMs: (maxWaitSeconds + graceSeconds) * 1_000, signal: this.#signal, relogin: false },
    );
  }

  /** Frees view and collector on the server. Never rejects. */
  async destroy(): Promise<void> {
    this.#broken.abort();
    await Promise.allSettled([
      this.#collector && this.#session.call('DestroyPropertyCollector', this.#collector, {}, DESTROY),
      this.#view && this.#session.call('DestroyView', this.#view, {}, DESTROY),
    ]);
  }

  /** One ModifyListView at a time; what comes in meanwhile goes with the next. */
  async #flush(): Promise<void> {
    if (this.#flushing || this.#view === undefined) return;
    this.#flushing = true;
    try {
      // What else this turn of the event loop changes goes along.
      await Promise.resolve();
      while (this.#add.size + this.#remove.size > 0 && !this.#signal.aborted) {
        const add = [...this.#add.values()];
        const remove = [...this.#remove.values()];
        this.#add.clear();
        this.#remove.clear();
        const options = { signal: this.#signal, relogin: false };
        const unresolved = await this.#session.call('ModifyListView', this.#view, { add, remove }, options);
        for (const { value } of unresolved ?? []) this.#onGone({ $type: 'Task', value });
      }
    } catch (error) {
      this.#broken.abort(error);
    } finally {
      this.#flushing = false;
    }
  }
}
