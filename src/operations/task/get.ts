/** task.get: one task, at once or when it ends. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { TaskShape, waitField } from '../shapes.ts';
import { findTask } from './find.ts';

export default operation({
  name: 'task.get',
  summary: 'Show one task',
  description:
    'Shows a task: state, progress, result or error. With wait, answers when the task ends or the time is over.',
  http: 'GET /v1/tasks/{task}',
  scope: 'read',
  danger: 'safe',
  toolset: 'task',
  availability: 'any',
  input: z.strictObject({ task: z.string().min(1).max(1024).describe('Id of the task'), wait: waitField }),
  output: TaskShape,
  examples: [{ title: 'Wait for the end', input: { task: 'lab:task-42', wait: 30 } }],
}).run(({ task, wait }, context) => {
  const found = findTask(task, context);
  return wait === 0 ? found : context.tasks.wait(found.id, wait, context.signal);
});
