/** Writes that take several calls: one task of the gateway's, which does them in order and tells how far it came. */
import type { Context } from '../context.ts';
import { GatewayError } from '../errors.ts';
import type { InventoryRecord } from '../live/model.ts';
import type { Task } from '../live/tasks/task.ts';
import type { VimMethods } from '../vsphere/vim25/types.ts';
import { finish, origin, startTask, type TaskMethod } from './start-task.ts';

/** One call, named so that `done: power off; next: delete` reads well. */
export interface Step {
  name: string;
  run(): Promise<void>;
}

/** What a task of several steps says of itself, and who it is about. */
interface Whole {
  record: InventoryRecord;
  /** As vSphere would call it, e.g. `VirtualMachine.destroy`. */
  name: string;
  description: string;
}

/**
 * Begins the steps. The first that fails ends the task; a cancelled task ends before its next step, because what has been
 * asked of vSphere goes on anyway.
 */
export function beginSteps(context: Context, { record, name, description }: Whole, steps: readonly Step[]): Task {
  return context.tasks.beginLocal(record.vcenter, {
    name,
    description,
    target: { id: record.id, name: record.name },
    origin: origin(context),
    run: async (signal, report) => {
      for (const [index, step] of steps.entries()) {
        const done = steps.slice(0, index).map((each) => each.name);
        const sofar = done.length === 0 ? '' : `done: ${done.join(', ')}; `;
        report({
          description: `${description} (${sofar}next: ${step.name})`,
          progress: Math.floor((100 * index) / steps.length),
        });
        signal.throwIfAborted();
        await step.run();
      }
      report({ description });
    },
  });
}

/** As `finish`, for a task of several steps: its failure also says which were done. */
export async function finishSteps(context: Context, task: Task, seconds: number): Promise<Task> {
  try {
    return await finish(context, task, seconds);
  } catch (error) {
    const description = context.tasks.get(task.id)?.description;
    if (!(error instanceof GatewayError) || description == null) throw error;
    throw new GatewayError(error.code, `${description} failed: ${error.message}`, { ...error.extras, cause: error });
  }
}

/** A day: vSphere itself ends a task that hangs. */
const PATIENCE_S = 86_400;

/** Starts a vSphere task and waits for its end, whoever leaves meanwhile. @throws GatewayError unless it succeeds. */
export async function runTask<M extends TaskMethod>(
  context: Context,
  record: InventoryRecord,
  method: M,
  args: VimMethods[M]['args'],
): Promise<void> {
  const { id } = await startTask(context, record, method, args);
  const task = await context.tasks.wait(id, PATIENCE_S, new AbortController().signal);
  if (task.state === 'success') return;
  if (task.error === null) {
    throw new GatewayError(
      'upstream_fault',
      `The task ${id} did not succeed: it is '${task.state}'; task.get shows it.`,
    );
  }
  const { code, message, fault } = task.error;
  throw new GatewayError(code, message, fault === null ? {} : { fault });
}
