/** The tasks of one vCenter: a watcher for how they go on, and a sweep that finds those begun elsewhere. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { fromVsphere } from '../../vsphere/faults.ts';
import type { Target } from '../../vsphere/target.ts';
import { type TaskListener, TaskWatcher } from '../../vsphere/tasks.ts';
import type { MoRef } from '../../vsphere/vim25/types.ts';

export interface FollowerOptions {
  target: Target;
  log: Logger;
  /** Between two sweeps. */
  sweepMs: number;
  onUpdate: TaskListener;
  /** Whether there is a record of the task. */
  isKnown(moref: string): boolean;
  /** Tasks with a record that have not ended. */
  unfinished(): Iterable<string>;
}

export class Follower {
  readonly #options: FollowerOptions;
  readonly #log: Logger;
  readonly #watcher: TaskWatcher;
  readonly #closing = new AbortController();
  #sweeping: Promise<void> | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#log = options.log.child({ vcenter: options.target.name, component: 'tasks' });
    this.#watcher = new TaskWatcher(options.target, options.log);
    this.#watcher.onUpdate(options.onUpdate);
  }

  start(): void {
    this.#watcher.start();
    this.#sweeping ??= this.#sweepForEver();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#watcher.close(), this.#sweeping]);
  }

  track(moref: string): void {
    this.#watcher.track({ $type: 'Task', value: moref });
  }

  async #sweepForEver(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#sweep(signal);
      } catch (error) {
        const { code } = fromVsphere(error, { vcenter: this.#options.target.name });
        if (!signal.aborted) this.#log.debug({ code }, 'recent tasks cannot be read at the moment');
      }
      await sleep(this.#options.sweepMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const session = this.#options.target.session('waits');
    const { taskManager } = (await session.ready(signal)).content;
    if (taskManager === undefined) return;
    const { recentTask } = await session.read(taskManager, ['recentTask'], { signal });
    for (const task of isReferences(recentTask) ? recentTask : []) {
      if (!this.#options.isKnown(task.value)) this.track(task.value);
    }
    // What vCenter said it does not know is asked for again: it may have been restarting.
    for (const moref of this.#options.unfinished()) this.track(moref);
  }
}

/** `read` gives what the type table decoded; unset, the property is absent. */
function isReferences(value: unknown): value is MoRef[] {
  return Array.isArray(value);
}
