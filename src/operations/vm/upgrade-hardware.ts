/** vm.upgrade_hardware: VirtualMachine.UpgradeVM_Task. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { TaskShape, vmRef, waitField } from '../shapes.ts';
import { finish, startTask, untilInventory } from '../start-task.ts';

export default operation({
  name: 'vm.upgrade_hardware',
  summary: 'Upgrade the virtual hardware of a virtual machine',
  description:
    'Raises the virtual hardware version of a VM that is off, to the newest its host knows or to a given one. There is no way back but a snapshot: take one first, and have VMware Tools up to date. Answers with the task.',
  http: 'POST /v1/vms/{vm}/upgrade_hardware',
  scope: 'provision',
  danger: 'disruptive',
  toolset: 'vm',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    version: z
      .string()
      .regex(/^vmx-\d{2}$/, 'As vmx-19')
      .optional()
      .describe('Version to reach, e.g. vmx-19; the newest if absent'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [{ title: 'To a version that older hosts know', input: { vm: 'web-01', version: 'vmx-19', wait: 20 } }],
})
  .plan(({ vm: name, version }, context) => {
    const vm = resolveOne('vm', name, context);
    if (vm.power_state !== 'off') {
      throw new GatewayError(
        'invalid_power_state',
        `'${vm.name}' is ${vm.power_state}, and must be off for new hardware. Shut it down with vm.power first.`,
      );
    }
    const args = version === undefined ? {} : { version };
    return {
      targets: [{ id: vm.id, name: vm.name }],
      calls: [{ method: 'UpgradeVM_Task', object: vm.id, arguments: args }],
      impact: `The hardware of '${vm.name}' goes from ${vm.hardware_version ?? 'an unknown version'} to ${version ?? 'the newest of its host'}; this cannot be undone.`,
      step: { vm, args },
    };
  })
  .run(async ({ step: { vm, args } }, { wait }, context) => {
    const latest = await finish(context, await startTask(context, vm, 'UpgradeVM_Task', args), wait);
    if (latest.state === 'success') {
      await untilInventory(context, () => context.inventory.get('vm', vm.id)?.hardware_version !== vm.hardware_version);
    }
    return latest;
  });
