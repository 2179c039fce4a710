/** vm.mark_template: VirtualMachine.MarkAsTemplate. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { vmRef } from '../shapes.ts';
import { targetOf, untilInventory } from '../start-task.ts';

export default operation({
  name: 'vm.mark_template',
  summary: 'Turn a virtual machine into a template',
  description:
    'Turns a VM that is off into a template: it leaves its resource pool, cannot be powered on, and is there to be cloned. vm.mark_vm undoes it. Done when it answers.',
  http: 'POST /v1/vms/{vm}/mark_template',
  scope: 'provision',
  danger: 'disruptive',
  toolset: 'vm',
  availability: 'vcenter',
  input: z.strictObject({ vm: vmRef }),
  output: z.strictObject({
    id: z.string().describe('Id, the same as before'),
    name: z.string().describe('Name'),
    template: z.literal(true).describe('It is a template now'),
  }),
  examples: [{ title: 'By name', input: { vm: 'ubuntu-24.04' } }],
})
  .plan(({ vm: name }, context) => {
    const vm = resolveOne('vm', name, context);
    if (vm.template) throw new GatewayError('invalid_state', `'${vm.name}' is a template already.`);
    if (vm.power_state !== 'off') {
      throw new GatewayError(
        'invalid_power_state',
        `'${vm.name}' is ${vm.power_state}, and must be off to become a template. Shut it down with vm.power first.`,
      );
    }
    return {
      targets: [{ id: vm.id, name: vm.name }],
      calls: [{ method: 'MarkAsTemplate', object: vm.id, arguments: {} }],
      impact: `'${vm.name}' becomes a template, and cannot be powered on until vm.mark_vm makes it a VM again.`,
      step: vm,
    };
  })
  .run(async ({ step: vm }, _input, context) => {
    const self = { $type: vm.type, value: vm.moref };
    await targetOf(context, vm.vcenter).session('requests').call('MarkAsTemplate', self, {});
    await untilInventory(context, () => context.inventory.get('vm', vm.id)?.template !== false);
    return { id: vm.id, name: vm.name, template: true };
  });
