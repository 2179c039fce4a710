/** vm.rename: ManagedEntity.Rename_Task. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { TaskShape, vmRef, waitField } from '../shapes.ts';
import { finish, startTask, untilInventory } from '../start-task.ts';
import { newName, vmName } from './provision/name.ts';

export default operation({
  name: 'vm.rename',
  summary: 'Rename a virtual machine',
  description:
    'Gives a VM another name in the inventory. Its id, its files and the name that its guest gives itself stay as they are. Answers with the task.',
  http: 'POST /v1/vms/{vm}/rename',
  scope: 'provision',
  danger: 'safe',
  toolset: 'vm',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    name: vmName.describe('New name, at most 80 characters; its folder must not hold another of that name'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [{ title: 'And wait', input: { vm: 'web-01', name: 'web-01-old', wait: 10 } }],
})
  .plan((input, context) => {
    const vm = resolveOne('vm', input.vm, context);
    const { name } = input;
    if (name === vm.name) {
      throw new GatewayError('invalid_state', `'${vm.name}' already has this name; there is nothing to do.`);
    }
    // Inside a vApp vSphere alone knows what else is there.
    const folder = vm.parent === null ? undefined : context.inventory.get('folder', vm.parent);
    if (folder !== undefined) newName(name, folder, context);
    const args = { newName: name };
    return {
      targets: [{ id: vm.id, name: vm.name }],
      calls: [{ method: 'Rename_Task', object: vm.id, arguments: args }],
      impact: `'${vm.name}' is called '${name}'; who names it otherwise than by id must use that.`,
      step: { vm, args },
    };
  })
  .run(async ({ step: { vm, args } }, { name, wait }, context) => {
    const latest = await finish(context, await startTask(context, vm, 'Rename_Task', args), wait);
    if (latest.state === 'success') {
      await untilInventory(context, () => (context.inventory.get('vm', vm.id)?.name ?? name) === name);
    }
    return latest;
  });
