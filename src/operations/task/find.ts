/** From a task's id to its record. */
import type { Context } from '../../context.ts';
import { GatewayError } from '../../errors.ts';
import type { Task } from '../../live/tasks/task.ts';

/** @throws GatewayError `not_found` for a task that is unknown or has been forgotten. */
export function findTask(id: string, { tasks }: Pick<Context, 'tasks'>): Task {
  const task = tasks.get(id);
  if (task !== undefined) return task;
  throw new GatewayError(
    'not_found',
    `No task has the id '${id}'; finished ones are kept for a day. task.list shows what there is.`,
  );
}
