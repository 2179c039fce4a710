/** vm.snapshot.rename: VirtualMachineSnapshot.RenameSnapshot. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import { resolveOne } from '../../resolve.ts';
import { vmRef } from '../../shapes.ts';
import { targetOf, untilInventory } from '../../start-task.ts';
import { nodesOf, resolveSnapshot, snapshotDescription, snapshotName, snapshotObject, snapshotRef } from './tree.ts';

export default operation({
  name: 'vm.snapshot.rename',
  summary: 'Change name or description of a snapshot',
  description:
    'Changes the name, the description or both of a snapshot; what it holds stays as it is. Answers with what it is called now. Proved on a stub only.',
  http: 'PATCH /v1/vms/{vm}/snapshots/{snapshot}',
  scope: 'provision',
  danger: 'safe',
  toolset: 'snapshot',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    snapshot: snapshotRef,
    name: snapshotName.optional().describe('New name; absent: as it is'),
    description: snapshotDescription.optional().describe('New description; absent: as it is'),
  }),
  output: z.strictObject({
    id: z.string().describe('Id of the snapshot'),
    vm: z.string().describe('Id of the VM'),
    name: z.string().describe('Its name now'),
    description: z.string().describe('Its description now'),
  }),
  examples: [
    {
      title: 'A better name',
      input: { vm: 'web-01', snapshot: 'current', name: 'before-upgrade', description: 'Kernel 6.12' },
    },
  ],
})
  .plan((input, context) => {
    const vm = resolveOne('vm', input.vm, context);
    const node = resolveSnapshot(vm, input.snapshot);
    const { name, description } = input;
    if (name === undefined && description === undefined) {
      throw new GatewayError('invalid_input', 'There is nothing to change; give name, description or both.', {
        errors: [{ pointer: '/name', message: 'name or description is needed' }],
      });
    }
    const args = { ...(name !== undefined && { name }), ...(description !== undefined && { description }) };
    const becomes = name === undefined ? 'gets another description' : `is called '${name}'`;
    return {
      targets: [
        { id: vm.id, name: vm.name },
        { id: node.id, name: node.snapshot.name },
      ],
      calls: [{ method: 'RenameSnapshot', object: node.id, arguments: args }],
      impact: `Snapshot '${node.snapshot.name}' of '${vm.name}' ${becomes}.`,
      step: { vm, node, args },
    };
  })
  .run(async ({ step: { vm, node, args } }, _input, context) => {
    await targetOf(context, vm.vcenter).session('requests').call('RenameSnapshot', snapshotObject(node), args);
    const { name, description } = { ...node.snapshot, ...args };
    await untilInventory(context, () => {
      const now = context.inventory.get('vm', vm.id);
      const { snapshot } = (now && nodesOf(now).find(({ id }) => id === node.id)) ?? {};
      return snapshot === undefined || (snapshot.name === name && snapshot.description === description);
    });
    return { id: node.id, vm: vm.id, name, description };
  });
