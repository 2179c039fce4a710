/** task.list: tasks of every vCenter, newest first, ours and everybody's. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { TaskShape } from '../shapes.ts';

export default operation({
  name: 'task.list',
  summary: 'List tasks',
  description:
    'Lists tasks, newest first: those begun through the gateway and the recent ones of each vCenter. task.get follows one.',
  http: 'GET /v1/tasks',
  scope: 'read',
  danger: 'safe',
  toolset: 'task',
  availability: 'any',
  input: z.strictObject({
    state: z
      .enum(['queued', 'running', 'success', 'error', 'cancelled', 'unknown'])
      .optional()
      .describe('Only tasks in this state'),
    target: z.string().min(1).max(1024).optional().describe('Only tasks on the object with this id'),
    vcenter: z.string().min(1).max(64).optional().describe('Only tasks of this vCenter'),
    limit: z.number().int().min(1).max(1000).default(100).describe('Rows in the answer, 1 to 1,000'),
    cursor: z.string().min(1).max(1024).optional().describe('next_cursor of the page before'),
  }),
  output: z.strictObject({
    items: z.array(TaskShape).describe('The tasks, newest first'),
    next_cursor: z.string().nullable().describe('Pass it as cursor for the next page; null on the last'),
    total: z.number().int().describe('Tasks that fit the filters, on all pages'),
  }),
  examples: [{ title: 'What is running', input: { state: 'running' } }],
}).run(({ state, target, vcenter, limit, cursor }, { tasks }) => {
  const fitting = tasks
    .list()
    .filter(
      (task) =>
        (state === undefined || task.state === state) &&
        (target === undefined || task.target === target) &&
        (vcenter === undefined || task.vcenter === vcenter),
    );
  // The cursor is the id of the last task shown: tasks that came since stand before it and move nothing.
  const from = cursor === undefined ? 0 : fitting.findIndex((task) => task.id === cursor) + 1;
  const items = fitting.slice(from, from + limit);
  return {
    items,
    next_cursor: from + limit < fitting.length ? (items.at(-1)?.id ?? null) : null,
    total: fitting.length,
  };
});
