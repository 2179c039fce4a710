/** Starting vSphere tasks from operations, and seeing their effect in the inventory before answering. */
import type { Context } from '../context.ts';
import { GatewayError } from '../errors.ts';
import type { InventoryRecord } from '../live/model.ts';
import type { Task } from '../live/tasks/task.ts';
import type { Target } from '../vsphere/target.ts';
import type { MoRef, VimMethod, VimMethods } from '../vsphere/vim25/types.ts';

/** Methods that answer with a task. */
export type TaskMethod = { [M in VimMethod]: VimMethods[M]['result'] extends MoRef<'Task'> ? M : never }[VimMethod];

/** The vCenter of an object, or `not_found` for one that is not configured. */
export function targetOf(context: Context, vcenter: string): Target {
  const target = context.targets.get(vcenter);
  if (target !== undefined) return target;
  throw new GatewayError(
    'not_found',
    `No vCenter is called '${vcenter}'; there are '${[...context.targets.keys()].join("', '")}'.`,
  );
}

/**
 * Calls a `*_Task` method on an object and records its task as begun by this request.
 * @param self what the method is called on where that is not the record itself: a snapshot of it, the folder it moves to.
 */
export async function startTask<M extends TaskMethod>(
  context: Context,
  record: InventoryRecord,
  method: M,
  args: VimMethods[M]['args'],
  self: MoRef = { $type: record.type, value: record.moref },
): Promise<Task> {
  const session = targetOf(context, record.vcenter).session('requests');
  // No signal: once the call is on its way, a client that leaves must not make its outcome unknown.
  const task = await session.call(method, self, args);
  return context.tasks.begin(record.vcenter, task as MoRef<'Task'>, origin(context), {
    id: record.id,
    name: record.name,
  });
}

/** Who began a task, for its record. */
export function origin(context: Context): NonNullable<Task['origin']> {
  return { operation: context.operation, key_id: context.caller.key_id, request_id: context.requestId };
}

/**
 * Waits for a task that this call began.
 * @returns the task, ended or still running.
 * @throws GatewayError when it failed: to its caller a failure is the same, whether vSphere refuses at once or in the task.
 */
export async function finish(context: Context, { id }: Task, seconds: number): Promise<Task> {
  const task = await context.tasks.wait(id, seconds, context.signal);
  if (task.state !== 'error' || task.error === null) return task;
  const { code, message, fault } = task.error;
  throw new GatewayError(code, message, { task_id: id, ...(fault === null ? {} : { fault }) });
}

/** How long a finished task's effect may take to arrive in the inventory before we answer without it. */
const SETTLE_MS = 2_000;

/**
 * Waits until the inventory shows what a finished task did, so that the caller's next read agrees with it.
 * @param ms how long, for what is waited for in its own right.
 */
export function untilInventory(context: Context, shows: () => boolean, ms = SETTLE_MS): Promise<void> {
  if (shows()) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop();
      context.signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    const stop = context.inventory.onChange(() => {
      if (shows()) done();
    });
    context.signal.addEventListener('abort', done, { once: true });
  });
}
