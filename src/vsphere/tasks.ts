/** Follows the tasks of one vCenter: one ListView, one filter and one long poll for all of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { fromVsphere } from './faults.ts';
import type { Session } from './session.ts';
import type { Target } from './target.ts';
import { TaskList } from './task-list.ts';
import type { MoRef, TaskInfo, UpdateSet } from './vim25/types.ts';
import { Backoff } from './waiting.ts';

/** @param info undefined: vCenter no longer knows the task, which says nothing about how it ended. */
export type TaskListener = (task: MoRef<'Task'>, info: TaskInfo | undefined) => void;

export interface WatchOptions {
  /** That vCenter may hold an answer back while nothing happens; 60 if absent. */
  maxWaitSeconds?: number;
  /** Beyond that, until the connection counts as dead, whatever TCP believes; 30 if absent. */
  graceSeconds?: number;
}

/**
 * A failure of the wait is never a failure of a task: it is followed by a new login, collector and view, whose first
 * answer tells the state of every task afresh.
 */
export class TaskWatcher {
  readonly #target: Target;
  readonly #session: Session;
  readonly #log: Logger;
  readonly #options: Required<WatchOptions>;
  readonly #tracked = new Map<string, MoRef<'Task'>>();
  readonly #listeners = new Set<TaskListener>();
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #list: TaskList | undefined;
  /** Ends the wait for the first task. */
  #wake: () => void = () => undefined;

  constructor(target: Target, log: Logger, options: WatchOptions = {}) {
    this.#target = target;
    this.#session = target.session('waits');
    this.#log = log.child({ vcenter: target.name, component: 'tasks' });
    this.#options = { maxWaitSeconds: 60, graceSeconds: 30, ...options };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Never rejects. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    await this.#running;
  }

  /** Follows the task until it has ended or is gone; its present state is told first, even if it has ended already. */
  track(task: MoRef<'Task'>): void {
    if (this.#tracked.has(task.value)) return;
    this.#tracked.set(task.value, task);
    this.#list?.add(task);
    this.#wake();
  }

  /** @returns the way to stop it. */
  onUpdate(listener: TaskListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const backoff = new Backoff();
    while (!signal.aborted) {
      if (this.#tracked.size === 0) await this.#firstTask();
      try {
        await this.#follow(signal, () => backoff.reset());
      } catch (error) {
        if (signal.aborted) return;
        const { code, message } = fromVsphere(error, { vcenter: this.#target.name });
        this.#log.warn({ code, reason: message, tasks: this.#tracked.size }, 'tasks cannot be followed at the moment');
        await this.#pause(backoff.next(), signal);
      }
    }
  }

  #firstTask(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Until something fails. */
  async #follow(signal: AbortSignal, onSuccess: () => void): Promise<never> {
    const { maxWaitSeconds, graceSeconds } = this.#options;
    const { content, generation } = await this.#session.ready(signal);
    const list = new TaskList(this.#session, signal, (task) => this.#gone(task));
    try {
      await list.open(content);
      this.#list = list;
      for (const task of this.#tracked.values()) list.add(task);
      for (let version = ''; ; ) {
        const updates = await list.wait(version, maxWaitSeconds, graceSeconds);
        // The first answer comes at once, whatever may be wrong with the rest.
        if (version !== '') onSuccess();
        if (updates === undefined) continue;
        this.#apply(updates);
        version = updates.version;
      }
    } finally {
      this.#list = undefined;
      // In doubt, all that the login holds is: give it up as a whole. When closing, the login may go on serving others.
      if (signal.aborted) await list.destroy();
      else void this.#session.renew(generation);
    }
  }

  #apply({ filterSet = [] }: UpdateSet): void {
    for (const { objectSet = [], missingSet = [] } of filterSet) {
      for (const { obj, kind, changeSet = [], missingSet: unreadable = [] } of objectSet) {
        if (kind === 'leave' || unreadable.length > 0) this.#gone(obj);
        for (const { name, val } of changeSet) if (name === 'info' && isTaskInfo(val)) this.#told(obj, val);
      }
      for (const { obj } of missingSet) this.#gone(obj);
    }
  }

  #told({ value }: MoRef, info: TaskInfo): void {
    const task = this.#tracked.get(value);
    if (task === undefined) return;
    if (info.state === 'success' || info.state === 'error') this.#forget(task);
    this.#emit(task, info);
  }

  #gone({ value }: MoRef): void {
    const task = this.#tracked.get(value);
    if (task === undefined) return;
    this.#forget(task);
    this.#emit(task, undefined);
  }

  #forget(task: MoRef<'Task'>): void {
    this.#tracked.delete(task.value);
    this.#list?.remove(task);
  }

  #emit(task: MoRef<'Task'>, info: TaskInfo | undefined): void {
    for (const listener of this.#listeners) {
      try {
        listener(task, info);
      } catch (error) {
        this.#log.error({ err: error }, 'a listener for tasks failed');
      }
    }
  }

  /** A vCenter that is connected again ends the pause. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const back = new AbortController();
    const stopListening = this.#target.onState(({ status }) => status === 'connected' && back.abort());
    await sleep(ms, undefined, { signal: AbortSignal.any([signal, back.signal]) }).catch(() => undefined);
    stopListening();
  }
}

/** The filter asks for Task.info alone, and the type table has decoded it; this only rules out an unset one. */
function isTaskInfo(value: unknown): value is TaskInfo {
  return typeof value === 'object' && value !== null && 'state' in value && 'key' in value;
}
