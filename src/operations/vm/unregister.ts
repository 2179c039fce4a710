/** vm.unregister: VirtualMachine.UnregisterVM. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { vmRef } from '../shapes.ts';
import { targetOf, untilInventory } from '../start-task.ts';

export default operation({
  name: 'vm.unregister',
  summary: 'Take a virtual machine out of the inventory',
  description:
    'Takes a VM that is off out of the inventory and keeps its files. Its id, permissions, tags and custom attributes are lost. Answers with the path that vm.register brings it back from. confirm is its name. vm.delete deletes the files, too.',
  http: 'POST /v1/vms/{vm}/unregister',
  scope: 'provision',
  danger: 'destructive',
  toolset: 'vm',
  availability: 'any',
  input: z.strictObject({ vm: vmRef }),
  output: z.strictObject({
    id: z.string().describe('Id that it had'),
    name: z.string().describe('Name that it had'),
    path: z.string().nullable().describe('Where its configuration file is: [datastore] folder/name.vmx'),
  }),
  examples: [{ title: 'By name', input: { vm: 'web-01', confirm: 'web-01' } }],
})
  .plan(async ({ vm: name }, context) => {
    const vm = resolveOne('vm', name, context);
    if (vm.power_state === 'on') {
      throw new GatewayError(
        'invalid_power_state',
        `'${vm.name}' is on, and must be off to leave the inventory. Shut it down with vm.power first.`,
      );
    }
    const session = targetOf(context, vm.vcenter).session('requests');
    const self = { $type: vm.type, value: vm.moref };
    const property = 'config.files.vmPathName';
    const { [property]: read } = await session.read(self, [property], { signal: context.signal });
    const path = typeof read === 'string' ? read : null;
    return {
      targets: [{ id: vm.id, name: vm.name }],
      calls: [{ method: 'UnregisterVM', object: vm.id, arguments: {} }],
      impact: `'${vm.name}' leaves the inventory with its permissions, tags and custom attributes; its files stay at '${path ?? 'an unknown path'}'.`,
      step: { vm, self, path },
    };
  })
  .run(async ({ step: { vm, self, path } }, _input, context) => {
    await targetOf(context, vm.vcenter).session('requests').call('UnregisterVM', self, {});
    await untilInventory(context, () => context.inventory.get('vm', vm.id) === undefined);
    return { id: vm.id, name: vm.name, path };
  });
