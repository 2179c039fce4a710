/** inventory.invoke: any method of vSphere on any managed object, checked against the type table. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { callRaw, prepareCall } from '../../vsphere/raw.ts';
import { TaskShape, waitField } from '../shapes.ts';
import { finish, origin } from '../start-task.ts';
import { managedObject, objectFields } from './object.ts';

export default operation({
  name: 'inventory.invoke',
  summary: 'Call any vSphere method',
  description:
    'Calls a vim25 method for which there is no operation of its own; arguments are checked against the API and may name objects by id. Try dry_run first. confirm is method and object: "Destroy_Task web-01". A method that starts a task answers with the task, any other with { returned }. Logins, tickets and property collectors are refused.',
  http: 'POST /v1/inventory/invoke',
  scope: 'admin',
  danger: 'destructive',
  toolset: 'inventory',
  availability: 'any',
  input: z.strictObject({
    ...objectFields,
    method: z
      .string()
      .regex(/^[A-Z]\w{0,99}$/, 'Not the name of a method, such as RefreshDatastore')
      .describe('Name of the method, e.g. RefreshDatastore, ReconfigVM_Task'),
    arguments: z
      .record(z.string(), z.unknown())
      .default({})
      .describe(
        'Arguments by name, as vSphere has them; $type names a derived type, { id } or an id an object, RFC 3339 a time',
      )
      // Passwords may stand at any depth of it.
      .meta({ secret: true }),
    wait: waitField,
  }),
  output: TaskShape.partial().extend({
    returned: z
      .unknown()
      .optional()
      .describe('What a method that starts no task has returned, with secrets withheld; null for nothing'),
  }),
  examples: [
    {
      title: 'What refreshing a datastore would call',
      input: { object: 'lab:datastore-12', method: 'RefreshDatastore', dry_run: true },
    },
    {
      title: 'A setting that vm.reconfigure lacks',
      input: {
        object: 'lab:vm-61',
        method: 'ReconfigVM_Task',
        arguments: { spec: { memoryReservationLockedToMax: true } },
        confirm: 'ReconfigVM_Task web-01',
        wait: 20,
      },
    },
  ],
})
  .plan(async (input, context) => {
    const { target, ref, name, refer } = await managedObject(input, context);
    const call = prepareCall(target.name, ref, input.method, input.arguments, refer);
    const { privilege } = call.method;
    return {
      // What has to be typed again names the deed and its object: neither alone would be safe.
      targets: [{ id: input.object, name: `${input.method} ${name}`.slice(0, 256) }],
      calls: [{ method: input.method, object: input.object, arguments: call.shown }],
      impact: `${input.method} is called on the ${ref.$type} '${name}'${privilege === undefined ? '' : `, which needs ${privilege}`}; the gateway does not know what that does.`,
      step: { target, call, name },
    };
  })
  .run(async ({ step: { target, call, name } }, { object, wait }, context) => {
    const answer = await callRaw(target, call);
    if (!('task' in answer)) return answer;
    const task = context.tasks.begin(target.name, answer.task, origin(context), { id: object, name });
    return finish(context, task, wait);
  });
