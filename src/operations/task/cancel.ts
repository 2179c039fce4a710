/** task.cancel: asks vSphere to stop a task. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { operation } from '../../operation.ts';
import { TaskShape, waitField } from '../shapes.ts';
import { findTask } from './find.ts';

export default operation({
  name: 'task.cancel',
  summary: 'Cancel a task',
  description:
    'Asks vSphere to stop a task that can be cancelled. Cancelling takes a moment: the task ends as cancelled, or as success when it was quicker.',
  http: 'POST /v1/tasks/{task}/cancel',
  scope: 'operate',
  danger: 'disruptive',
  toolset: 'task',
  availability: 'any',
  input: z.strictObject({ task: z.string().min(1).max(1024).describe('Id of the task'), wait: waitField }),
  output: TaskShape,
  examples: [{ title: 'Cancel and wait for the end', input: { task: 'lab:task-42', wait: 10 } }],
})
  .plan(({ task: id }, context) => {
    const task = findTask(id, context);
    if (task.completed_at !== null) {
      throw new GatewayError(
        'invalid_state',
        `The task has already ended as '${task.state}'; there is nothing to cancel.`,
      );
    }
    return {
      targets: [{ id: task.target ?? task.id, name: task.target_name ?? task.name }],
      calls: [{ method: 'CancelTask', object: task.id, arguments: {} }],
      impact: `${task.description ?? task.name} stops half-way; vSphere undoes what it can.`,
      step: task,
    };
  })
  .run(async ({ step: task }, { wait }, context) => {
    await context.tasks.cancel(task.id, context.signal);
    return context.tasks.wait(task.id, wait, context.signal);
  });
