/** vm.snapshot.remove: VirtualMachineSnapshot.RemoveSnapshot_Task. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import { resolveOne } from '../../resolve.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { finish, startTask, untilInventory } from '../../start-task.ts';
import { branchOf, nodesOf, resolveSnapshot, snapshotObject, snapshotRef } from './tree.ts';

export default operation({
  name: 'vm.snapshot.remove',
  summary: 'Remove a snapshot of a virtual machine',
  description:
    "Removes one snapshot, or with children everything below it too. The VM keeps its present state; the point to go back to is lost. Merging the disks can take hours: follow the task. confirm is the name of the VM, not the snapshot's.",
  http: 'DELETE /v1/vms/{vm}/snapshots/{snapshot}',
  scope: 'provision',
  danger: 'destructive',
  toolset: 'snapshot',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    snapshot: snapshotRef,
    children: z.boolean().default(false).describe('Remove the snapshots below it, too'),
    consolidate: z
      .boolean()
      .default(true)
      .describe('Merge the disk files that are no longer needed; false leaves that to vm.consolidate'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'By name', input: { vm: 'web-01', snapshot: 'before-upgrade', confirm: 'web-01' } },
    {
      title: 'With all below it',
      input: { vm: 'web-01', snapshot: 'lab:snapshot-12', children: true, confirm: 'web-01' },
    },
  ],
})
  .plan((input, context) => {
    const vm = resolveOne('vm', input.vm, context);
    const node = resolveSnapshot(vm, input.snapshot);
    const branch = branchOf(vm, node);
    const args = { removeChildren: input.children, consolidate: input.consolidate };
    const below = branch.length - 1;
    const kept = below === 0 || input.children ? '' : ` The ${below} below it stay.`;
    const others = input.children && below > 0 ? ` and the ${below} below it` : '';
    return {
      targets: [
        { id: vm.id, name: vm.name },
        ...(input.children ? branch : [node]).map(({ id, snapshot }) => ({ id, name: snapshot.name })),
      ],
      calls: [{ method: 'RemoveSnapshot_Task', object: node.id, arguments: args }],
      impact: `Snapshot '${node.snapshot.name}' of '${vm.name}'${others} can no longer be gone back to.${kept}`,
      step: { vm, node, args },
    };
  })
  .run(async ({ step: { vm, node, args } }, { wait }, context) => {
    const task = await startTask(context, vm, 'RemoveSnapshot_Task', args, snapshotObject(node));
    const latest = await finish(context, task, wait);
    if (latest.state === 'success') {
      await untilInventory(context, () => {
        const now = context.inventory.get('vm', vm.id);
        return now === undefined || nodesOf(now).every(({ id }) => id !== node.id);
      });
    }
    return latest;
  });
