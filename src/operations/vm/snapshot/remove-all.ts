/** vm.snapshot.remove_all: VirtualMachine.RemoveAllSnapshots_Task. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import { resolveOne } from '../../resolve.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { finish, startTask, untilInventory } from '../../start-task.ts';
import { nodesOf } from './tree.ts';

export default operation({
  name: 'vm.snapshot.remove_all',
  summary: 'Remove all snapshots of a virtual machine',
  description:
    'Removes every snapshot of a VM. It keeps its present state; there is no point left to go back to. Merging the disks can take hours: follow the task. confirm is the name of the VM.',
  http: 'DELETE /v1/vms/{vm}/snapshots',
  scope: 'provision',
  danger: 'destructive',
  toolset: 'snapshot',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    consolidate: z
      .boolean()
      .default(true)
      .describe('Merge the disk files that are no longer needed; false leaves that to vm.consolidate'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [{ title: 'And wait', input: { vm: 'web-01', confirm: 'web-01', wait: 60 } }],
})
  .plan((input, context) => {
    const vm = resolveOne('vm', input.vm, context);
    const nodes = nodesOf(vm);
    if (nodes.length === 0) {
      throw new GatewayError('invalid_state', `'${vm.name}' has no snapshots; there is nothing to remove.`);
    }
    const args = { consolidate: input.consolidate };
    const what = nodes.length === 1 ? 'The only snapshot' : `All ${nodes.length} snapshots`;
    return {
      targets: [{ id: vm.id, name: vm.name }, ...nodes.map(({ id, snapshot }) => ({ id, name: snapshot.name }))],
      calls: [{ method: 'RemoveAllSnapshots_Task', object: vm.id, arguments: args }],
      impact: `${what} of '${vm.name}' can no longer be gone back to.`,
      step: { vm, args },
    };
  })
  .run(async ({ step: { vm, args } }, { wait }, context) => {
    const latest = await finish(context, await startTask(context, vm, 'RemoveAllSnapshots_Task', args), wait);
    if (latest.state === 'success') {
      await untilInventory(context, () => (context.inventory.get('vm', vm.id)?.snapshots.length ?? 0) === 0);
    }
    return latest;
  });
