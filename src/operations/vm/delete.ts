/** vm.delete: ManagedEntity.Destroy_Task, with PowerOffVM_Task before it where that is asked for. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { TaskShape, vmRef, waitField } from '../shapes.ts';
import { finish, startTask, untilInventory } from '../start-task.ts';
import { beginSteps, finishSteps, runTask } from '../steps.ts';

export default operation({
  name: 'vm.delete',
  summary: 'Delete a virtual machine and its disks',
  description:
    'Deletes a VM with its disks and snapshots for good. A running VM is refused unless force is true, which powers it off first. confirm is its name. To keep the files use vm.unregister. Answers with the task.',
  http: 'DELETE /v1/vms/{vm}',
  scope: 'provision',
  danger: 'destructive',
  toolset: 'vm',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    force: z.boolean().default(false).describe('Power off a running or suspended VM first, as by pulling the plug'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'A VM that is off', input: { vm: 'web-01', confirm: 'web-01', wait: 30 } },
    { title: 'See what it would do', input: { vm: 'web-01', force: true, dry_run: true } },
  ],
})
  .plan(({ vm: name, force }, context) => {
    const vm = resolveOne('vm', name, context);
    if (vm.power_state === 'on' && !force) {
      throw new GatewayError(
        'invalid_power_state',
        `'${vm.name}' is on. Shut it down with vm.power first, or repeat the call with force: true to power it off.`,
      );
    }
    const off = force && vm.power_state !== 'off';
    return {
      targets: [{ id: vm.id, name: vm.name }],
      calls: [
        ...(off ? [{ method: 'PowerOffVM_Task', object: vm.id, arguments: {} }] : []),
        { method: 'Destroy_Task', object: vm.id, arguments: {} },
      ],
      impact: `'${vm.name}' ${off ? `is ${vm.power_state}; it is powered off and` : 'is'} deleted with its disks and snapshots for good.`,
      step: { vm, off },
    };
  })
  .run(async ({ step: { vm, off } }, { wait }, context) => {
    const whole = { record: vm, name: 'VirtualMachine.destroy', description: `Delete '${vm.name}'` };
    const latest = off
      ? await finishSteps(
          context,
          beginSteps(context, whole, [
            { name: 'power off', run: () => runTask(context, vm, 'PowerOffVM_Task', {}) },
            { name: 'delete', run: () => runTask(context, vm, 'Destroy_Task', {}) },
          ]),
          wait,
        )
      : await finish(context, await startTask(context, vm, 'Destroy_Task', {}), wait);
    if (latest.state === 'success') {
      await untilInventory(context, () => context.inventory.get('vm', vm.id) === undefined);
    }
    return latest;
  });
