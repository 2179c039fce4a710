/** vm.snapshot.create: VirtualMachine.CreateSnapshot_Task. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import { resolveOne } from '../../resolve.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { finish, startTask, untilInventory } from '../../start-task.ts';
import { nodesOf, snapshotDescription, snapshotName } from './tree.ts';

export default operation({
  name: 'vm.snapshot.create',
  summary: 'Take a snapshot of a virtual machine',
  description:
    'Takes a snapshot: a point that vm.snapshot.revert goes back to. memory keeps the running state too, quiesce has VMware Tools flush file systems first. Answers with the task; its result is the id of the snapshot. Snapshots grow: remove them when no longer needed.',
  http: 'POST /v1/vms/{vm}/snapshots',
  scope: 'provision',
  danger: 'safe',
  toolset: 'snapshot',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    name: snapshotName.describe('Name of the snapshot; it need not be unique, but easier to use if it is'),
    description: snapshotDescription.default('').describe('Why it is taken'),
    memory: z
      .boolean()
      .default(false)
      .describe('Keep the memory of a running VM, so that a revert finds it running; slower, and large'),
    quiesce: z
      .boolean()
      .default(false)
      .describe('Have VMware Tools bring the file systems of a running guest to rest first; fails without Tools'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'Before a change', input: { vm: 'web-01', name: 'before-upgrade', wait: 30 } },
    { title: 'With the memory', input: { vm: 'web-01', name: 'running', memory: true } },
  ],
})
  .plan((input, context) => {
    const vm = resolveOne('vm', input.vm, context);
    if (vm.template) {
      throw new GatewayError('invalid_state', `'${vm.name}' is a template, which takes no snapshots.`);
    }
    const { name, description, memory, quiesce } = input;
    const args = { name, description, memory, quiesce };
    const stunned = memory && vm.power_state === 'on' ? ' It stands still for a moment while its memory is kept.' : '';
    return {
      targets: [{ id: vm.id, name: vm.name }],
      calls: [{ method: 'CreateSnapshot_Task', object: vm.id, arguments: args }],
      impact: `'${vm.name}' gets the snapshot '${name}', and writes its changes to new disk files from now on.${stunned}`,
      step: { vm, args },
    };
  })
  .run(async ({ step: { vm, args } }, { wait }, context) => {
    const latest = await finish(context, await startTask(context, vm, 'CreateSnapshot_Task', args), wait);
    const made = latest.result?.id;
    if (latest.state === 'success' && made !== undefined) {
      await untilInventory(context, () => {
        const now = context.inventory.get('vm', vm.id);
        return now === undefined || nodesOf(now).some(({ id }) => id === made);
      });
    }
    return latest;
  });
