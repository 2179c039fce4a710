/** Records of all tasks: those the gateway began, and everybody else's, kept for a day after their end. */
import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { GatewayError } from '../../errors.ts';
import { fromVsphere } from '../../vsphere/faults.ts';
import type { Target } from '../../vsphere/target.ts';
import type { MoRef } from '../../vsphere/vim25/types.ts';
import { abortable } from '../../vsphere/waiting.ts';
import { toId } from '../model.ts';
import { Follower } from './follower.ts';
import { fromInfo, hasEnded, isSame, type Task, type TaskOrigin } from './task.ts';

export type { Task, TaskOrigin, TaskState } from './task.ts';

/** Ended tasks that are kept, and for how long. */
const MAX_ENDED = 10_000;
const KEEP_MS = 24 * 3_600_000;
/** Results as vSphere gave them are large at times, and asked for at once or never. */
const MAX_RESULTS = 100;
/** TaskManager.recentTask does not notify. It keeps ended tasks for up to ten minutes, so that short ones are found too. */
const SWEEP_MS = 10_000;
/** How long vCenter has to deny a task before we give it up. */
const FORGOTTEN_MS = 15 * 60_000;

/** For what vSphere has no task, and still takes time: `run` is the task. */
export interface LocalTask {
  name: string;
  description: string;
  target: { id: string; name: string } | null;
  origin: TaskOrigin;
  /**
   * @param signal ends when the task is cancelled or, with a GatewayError as its reason, when the gateway closes.
   * @param report says how far it is, and what it has made.
   */
  run(signal: AbortSignal, report: (news: LocalNews) => void): Promise<void>;
}

/** What a task of the gateway's own tells while it runs. */
export type LocalNews = Partial<Pick<Task, 'description' | 'progress' | 'result' | 'details'>>;

/** Closing ends the following, never the tasks. */
export class Tasks {
  readonly #targets: ReadonlyMap<string, Target>;
  readonly #followers: ReadonlyMap<string, Follower>;
  readonly #log: Logger;
  readonly #running = new Map<string, Task>();
  readonly #ended = new LRUCache<string, Task>({ max: MAX_ENDED, ttl: KEEP_MS });
  readonly #results = new LRUCache<string, { value: unknown }>({ max: MAX_RESULTS });
  /** When vCenter first said that it does not know the task. */
  readonly #deniedSince = new Map<string, number>();
  readonly #locals = new Map<string, AbortController>();
  readonly #listeners = new Set<(task: Task) => void>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #sorted: readonly Task[] | undefined;
  #closed = false;

  /** @param sweepMs between two looks for tasks that others began; 10 s if absent. */
  constructor({ targets, log, sweepMs = SWEEP_MS }: { targets: readonly Target[]; log: Logger; sweepMs?: number }) {
    this.#log = log.child({ component: 'tasks' });
    this.#targets = new Map(targets.map((target) => [target.name, target]));
    this.#followers = new Map(targets.map((target) => [target.name, this.#followerOf(target, log, sweepMs)]));
  }

  start(): void {
    for (const follower of this.#followers.values()) follower.start();
  }

  /** Whoever waits is answered with what is known. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const local of this.#locals.values()) local.abort(new GatewayError('shutting_down', 'The gateway closes.'));
    for (const id of [...this.#waiting.keys()]) this.#wake(id);
    await Promise.all([...this.#followers.values()].map((follower) => follower.close()));
  }

  /** Takes charge of a task that a `*_Task` method has returned. */
  begin(
    vcenter: string,
    { value: moref }: MoRef<'Task'>,
    origin: TaskOrigin,
    target: { id: string; name: string } | null,
  ): Task {
    const id = toId(vcenter, moref);
    // The sweep may have met it before the answer to the method came.
    const met = this.get(id) ?? queued(vcenter, moref, origin.operation);
    const task = Object.freeze({
      ...met,
      target: met.target ?? target?.id ?? null,
      target_name: met.target_name ?? target?.name ?? null,
      origin,
    });
    this.#put(task);
    if (!hasEnded(task)) this.#followers.get(vcenter)?.track(moref);
    return task;
  }

  /** Begins a task that the gateway carries out itself. */
  beginLocal(vcenter: string, { name, description, target, origin, run }: LocalTask): Task {
    const task: Task = Object.freeze({
      ...queued(vcenter, null, name),
      description,
      state: 'running',
      cancelable: true,
      target: target?.id ?? null,
      target_name: target?.name ?? null,
      started_at: new Date().toISOString(),
      origin,
    });
    const stop = new AbortController();
    this.#locals.set(task.id, stop);
    this.#put(task);
    void this.#carryOut(task, run, stop.signal);
    return task;
  }

  get(id: string): Task | undefined {
    return this.#running.get(id) ?? this.#ended.peek(id);
  }

  /** Newest first. */
  list(): readonly Task[] {
    this.#sorted ??= [...this.#running.values(), ...this.#ended.values()].sort((a, b) =>
      a.queued_at < b.queued_at ? 1 : a.queued_at > b.queued_at ? -1 : 0,
    );
    return this.#sorted;
  }

  /** TaskInfo.result as vSphere gave it, for the last hundred tasks that gave one, e.g. of SearchDatastore_Task. */
  result(id: string): unknown {
    return this.#results.peek(id)?.value;
  }

  /**
   * The task when it has ended, or as it is when the time is over.
   * @throws {GatewayError} not_found; or the reason of the signal.
   */
  async wait(id: string, seconds: number, signal: AbortSignal): Promise<Task> {
    signal.throwIfAborted();
    const task = this.#find(id);
    if (seconds > 0 && !hasEnded(task) && !this.#closed) await this.#change(id, seconds, signal);
    return this.get(id) ?? task;
  }

  /**
   * Asks for the end of a task. vSphere only takes note of it: the state tells when, and whether, it comes.
   * @throws {GatewayError} not_found, invalid_state, not_supported, or as any call.
   */
  async cancel(id: string, signal: AbortSignal): Promise<Task> {
    const task = this.#find(id);
    if (hasEnded(task)) throw endedAlready();
    const target = this.#targets.get(task.vcenter);
    if (task.moref === null) this.#locals.get(id)?.abort();
    else if (target !== undefined) await cancelTask(target, task.moref, signal);
    return this.get(id) ?? task;
  }

  /** Calls the listener with every new or changed task. @returns the way to stop it. */
  onChange(listener: (task: Task) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #followerOf(target: Target, log: Logger, sweepMs: number): Follower {
    const { name } = target;
    return new Follower({
      target,
      log,
      sweepMs,
      isKnown: (moref) => this.get(toId(name, moref)) !== undefined,
      unfinished: () => this.#unfinished(name),
      onUpdate: (task, info) => {
        const id = toId(name, task.value);
        if (info === undefined) return this.#denied(id);
        this.#deniedSince.delete(id);
        if (info.state === 'success' && info.result !== undefined) this.#results.set(id, { value: info.result });
        this.#put(fromInfo(name, info, this.get(id)));
      },
    });
  }

  *#unfinished(vcenter: string): Generator<string> {
    for (const task of this.#running.values()) if (task.vcenter === vcenter && task.moref !== null) yield task.moref;
  }

  #denied(id: string): void {
    const task = this.#running.get(id);
    if (task === undefined) return;
    const since = this.#deniedSince.get(id) ?? performance.now();
    this.#deniedSince.set(id, since);
    if (performance.now() - since < FORGOTTEN_MS) return;
    this.#put(Object.freeze({ ...task, state: 'unknown', completed_at: new Date().toISOString() }));
  }

  async #carryOut(task: Task, run: LocalTask['run'], signal: AbortSignal): Promise<void> {
    let end: Pick<Task, 'state' | 'progress' | 'error'>;
    try {
      await run(signal, (news) => {
        const now = this.#running.get(task.id);
        if (now !== undefined) this.#put(Object.freeze({ ...now, ...news }));
      });
      end = { state: 'success', progress: 100, error: null };
    } catch (error) {
      const { code, message, extras } = fromVsphere(error, { vcenter: task.vcenter, write: true });
      if (code === 'internal') this.#log.error({ err: error, task: task.id }, 'a task of the gateway failed');
      end = signal.aborted
        ? { state: 'cancelled', progress: null, error: null }
        : { state: 'error', progress: null, error: { code, message, fault: extras.fault ?? null } };
    }
    this.#locals.delete(task.id);
    const last = this.#running.get(task.id) ?? task;
    this.#put(Object.freeze({ ...last, ...end, cancelable: false, completed_at: new Date().toISOString() }));
  }

  #find(id: string): Task {
    const task = this.get(id);
    if (task === undefined)
      throw new GatewayError('not_found', 'There is no such task; ended ones are kept for a day.');
    return task;
  }

  #put(task: Task): void {
    const before = this.get(task.id);
    if (before !== undefined && isSame(before, task)) return;
    if (hasEnded(task)) {
      this.#running.delete(task.id);
      this.#deniedSince.delete(task.id);
      this.#ended.set(task.id, task);
    } else {
      this.#running.set(task.id, task);
    }
    this.#sorted = undefined;
    for (const listener of this.#listeners) {
      try {
        listener(task);
      } catch (error) {
        this.#log.error({ err: error }, 'a listener for tasks failed');
      }
    }
    if (hasEnded(task)) this.#wake(task.id);
  }

  #wake(id: string): void {
    for (const wake of [...(this.#waiting.get(id) ?? [])]) wake();
  }

  /** Until the task has ended or the time is over. */
  async #change(id: string, seconds: number, signal: AbortSignal): Promise<void> {
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting);
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const timer = setTimeout(wake, seconds * 1_000);
    waiting.add(wake);
    try {
      await abortable(woken, signal);
    } finally {
      clearTimeout(timer);
      waiting.delete(wake);
      if (waiting.size === 0) this.#waiting.delete(id);
    }
  }
}

/** What is known of a task before vCenter has said anything of it. */
function queued(vcenter: string, moref: string | null, name: string): Task {
  return {
    id: toId(vcenter, moref ?? `gateway-${randomUUID()}`),
    vcenter,
    moref,
    name,
    description: null,
    state: 'queued',
    progress: null,
    cancelable: false,
    target: null,
    target_name: null,
    result: null,
    error: null,
    user: null,
    queued_at: new Date().toISOString(),
    started_at: null,
    completed_at: null,
    origin: null,
  };
}

const endedAlready = (): GatewayError =>
  new GatewayError('invalid_state', 'The task has ended already; there is nothing left to cancel.');

async function cancelTask(target: Target, moref: string, signal: AbortSignal): Promise<void> {
  try {
    await target.session('requests').call('CancelTask', { $type: 'Task', value: moref }, {}, { signal });
  } catch (error) {
    const told = fromVsphere(error, { vcenter: target.name, method: 'CancelTask', write: true });
    if (told.code === 'invalid_state') throw endedAlready();
    if (told.code !== 'not_supported') throw told;
    throw new GatewayError('not_supported', 'vSphere does not let this task be cancelled; it has to run to its end.', {
      ...told.extras,
      cause: error,
    });
  }
}
