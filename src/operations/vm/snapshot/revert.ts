/** vm.snapshot.revert: VirtualMachineSnapshot.RevertToSnapshot_Task. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import { resolveOne } from '../../resolve.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { finish, startTask, untilInventory } from '../../start-task.ts';
import { nodesOf, resolveSnapshot, snapshotObject, snapshotRef } from './tree.ts';

export default operation({
  name: 'vm.snapshot.revert',
  summary: 'Take a virtual machine back to a snapshot',
  description:
    "Takes a VM back to a snapshot, or to 'current', the last one. Everything since is lost: disks, settings, running programs. To keep it, take another snapshot first. A snapshot without memory leaves the VM off. confirm is the name of the VM.",
  http: 'POST /v1/vms/{vm}/snapshots/{snapshot}/revert',
  scope: 'provision',
  danger: 'destructive',
  toolset: 'snapshot',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    snapshot: snapshotRef,
    power_off: z
      .boolean()
      .default(false)
      .describe('Leave the VM off, even if it was running when the snapshot was taken'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    {
      title: 'To a snapshot by name',
      input: { vm: 'web-01', snapshot: 'before-upgrade', confirm: 'web-01', wait: 30 },
    },
    { title: 'See what it would do', input: { vm: 'web-01', snapshot: 'current', dry_run: true } },
  ],
})
  .plan((input, context) => {
    const vm = resolveOne('vm', input.vm, context);
    const node = resolveSnapshot(vm, input.snapshot);
    const { snapshot } = node;
    const args = { suppressPowerOn: input.power_off };
    const state = input.power_off ? 'off' : snapshot.power_state;
    return {
      targets: [
        { id: vm.id, name: vm.name },
        { id: node.id, name: snapshot.name },
      ],
      calls: [{ method: 'RevertToSnapshot_Task', object: node.id, arguments: args }],
      impact: `'${vm.name}', now ${vm.power_state}, goes back to '${snapshot.name}' of ${snapshot.created_at} and is ${state} then; its state since is lost.`,
      step: { vm, node, args },
    };
  })
  .run(async ({ step: { vm, node, args } }, { wait }, context) => {
    const task = await startTask(context, vm, 'RevertToSnapshot_Task', args, snapshotObject(node));
    const latest = await finish(context, task, wait);
    if (latest.state === 'success') {
      await untilInventory(context, () => {
        const now = context.inventory.get('vm', vm.id);
        return now === undefined || nodesOf(now).some(({ id, snapshot }) => id === node.id && snapshot.current);
      });
    }
    return latest;
  });
