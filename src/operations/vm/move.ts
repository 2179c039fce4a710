/** vm.move: Folder.MoveIntoFolder_Task. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import type { FolderRecord } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { reference, TaskShape, vmRef, waitField } from '../shapes.ts';
import { finish, startTask, untilInventory } from '../start-task.ts';
import { newName } from './provision/name.ts';
import { datacenterOf, nearest } from './provision/nearest.ts';

const forVms = ({ child_types }: FolderRecord): boolean => child_types.includes('VirtualMachine');

export default operation({
  name: 'vm.move',
  summary: 'Move a virtual machine into another folder',
  description:
    'Moves a VM or template into another folder of its datacenter. Only its place in the inventory changes, and with it the permissions that come from folders; host and files stay (vm.migrate moves those). Answers with the task.',
  http: 'POST /v1/vms/{vm}/move',
  scope: 'provision',
  danger: 'safe',
  toolset: 'vm',
  availability: 'vcenter',
  input: z.strictObject({ vm: vmRef, folder: reference('The folder it goes into'), wait: waitField }),
  output: TaskShape,
  examples: [{ title: 'By path', input: { vm: 'web-01', folder: '/DC0/vm/Prod/Web', wait: 10 } }],
})
  .plan((input, context) => {
    const { inventory } = context;
    const vm = resolveOne('vm', input.vm, context);
    const folder = nearest('folder', input.folder, vm, context, forVms);
    const path = inventory.path(folder.id);
    const wrong = (message: string) =>
      new GatewayError('invalid_input', message, { errors: [{ pointer: '/folder', message }] });
    if (!forVms(folder)) {
      throw wrong(`'${path}' is no folder for VMs; folder.list with child_type VirtualMachine shows those.`);
    }
    if (datacenterOf(folder.id, context) !== datacenterOf(vm.id, context)) {
      throw wrong(`'${path}' is in another datacenter than '${vm.name}'; vm.migrate moves a VM there.`);
    }
    if (vm.parent === folder.id) throw new GatewayError('invalid_state', `'${vm.name}' is in '${path}' already.`);
    newName(vm.name, folder, context);
    const args = { list: [{ $type: 'VirtualMachine' as const, value: vm.moref }] };
    return {
      targets: [
        { id: vm.id, name: vm.name },
        { id: folder.id, name: folder.name },
      ],
      calls: [{ method: 'MoveIntoFolder_Task', object: folder.id, arguments: args }],
      impact: `'${vm.name}' moves from '${inventory.path(vm.id)}' into '${path}'; who may do what with it can change.`,
      step: { vm, folder, args },
    };
  })
  .run(async ({ step: { vm, folder, args } }, { wait }, context) => {
    const self = { $type: folder.type, value: folder.moref };
    const latest = await finish(context, await startTask(context, vm, 'MoveIntoFolder_Task', args, self), wait);
    if (latest.state === 'success') {
      await untilInventory(context, () => (context.inventory.get('vm', vm.id)?.parent ?? folder.id) === folder.id);
    }
    return latest;
  });
