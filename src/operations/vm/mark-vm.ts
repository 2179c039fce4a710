/** vm.mark_vm: VirtualMachine.MarkAsVirtualMachine. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { Ref, reference } from '../shapes.ts';
import { targetOf, untilInventory } from '../start-task.ts';
import { computeArgs } from './compute-args.ts';
import { place } from './provision/place.ts';

export default operation({
  name: 'vm.mark_vm',
  summary: 'Turn a template into a virtual machine',
  description:
    'Turns a template back into a VM, in a resource pool and if given on a host; so that it can be powered on and updated, say. It is off then. Done when it answers. To keep the template clone it instead.',
  http: 'POST /v1/vms/{vm}/mark_vm',
  scope: 'provision',
  danger: 'disruptive',
  toolset: 'vm',
  availability: 'vcenter',
  input: z.strictObject({
    vm: reference('The template'),
    pool: reference('Resource pool; the configured one, or the root pool of the host, if absent').optional(),
    host: reference('Host to run on; vSphere chooses if absent').optional(),
  }),
  output: z.strictObject({
    id: z.string().describe('Id, the same as before'),
    name: z.string().describe('Name'),
    template: z.literal(false).describe('It is a VM now'),
    pool: Ref.describe('Its resource pool'),
  }),
  examples: [{ title: 'Into a pool', input: { vm: 'ubuntu-24.04', pool: '/DC0/host/DC0_C0/Resources' } }],
})
  .plan((input, context) => {
    const vm = resolveOne('vm', input.vm, context);
    if (!vm.template) throw new GatewayError('invalid_state', `'${vm.name}' is a VM already, not a template.`);
    const { pool, host } = place({ pool: input.pool, host: input.host }, vm, context);
    const args = computeArgs({ pool, host });
    return {
      targets: [vm, pool, ...(host === undefined ? [] : [host])].map(({ id, name }) => ({ id, name })),
      calls: [{ method: 'MarkAsVirtualMachine', object: vm.id, arguments: { ...args } }],
      impact: `'${vm.name}' is no template any more; it becomes a VM in the resource pool '${pool.name}'.`,
      step: { vm, pool, args },
    };
  })
  .run(async ({ step: { vm, pool, args } }, _input, context) => {
    const self = { $type: vm.type, value: vm.moref };
    await targetOf(context, vm.vcenter).session('requests').call('MarkAsVirtualMachine', self, args);
    await untilInventory(context, () => context.inventory.get('vm', vm.id)?.template !== true);
    return { id: vm.id, name: vm.name, template: false, pool: { id: pool.id, name: pool.name } };
  });
