/** vm.consolidate: VirtualMachine.ConsolidateVMDisks_Task. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { TaskShape, vmRef, waitField } from '../shapes.ts';
import { finish, startTask } from '../start-task.ts';

export default operation({
  name: 'vm.consolidate',
  summary: 'Merge disk files that no snapshot needs any more',
  description:
    'Merges the redundant disk files of a VM that a snapshot removal left behind, when vSphere says that consolidation is needed. Snapshots stay. It can take hours and slows the VM down: follow the task. Proved on a stub only.',
  http: 'POST /v1/vms/{vm}/consolidate',
  scope: 'provision',
  danger: 'disruptive',
  toolset: 'vm',
  availability: 'any',
  input: z.strictObject({ vm: vmRef, wait: waitField }),
  output: TaskShape,
  examples: [{ title: 'By name', input: { vm: 'web-01' } }],
})
  .plan(({ vm: name }, context) => {
    const vm = resolveOne('vm', name, context);
    return {
      targets: [{ id: vm.id, name: vm.name }],
      calls: [{ method: 'ConsolidateVMDisks_Task', object: vm.id, arguments: {} }],
      impact: `The redundant disk files of '${vm.name}' are merged; it is slower meanwhile and stands still for moments.`,
      step: vm,
    };
  })
  .run(async ({ step: vm }, { wait }, context) =>
    finish(context, await startTask(context, vm, 'ConsolidateVMDisks_Task', {}), wait),
  );
