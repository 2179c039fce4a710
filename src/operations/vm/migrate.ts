/** vm.migrate: another host, resource pool, datastore or folder for a VM, running or not. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { TaskShape, vmRef, waitField } from '../shapes.ts';
import { finish, startTask, untilInventory } from '../start-task.ts';
import { destinationFields, planRelocation } from './provision/relocate-plan.ts';

const PRIORITIES = { default: 'defaultPriority', high: 'highPriority', low: 'lowPriority' } as const;

export default operation({
  name: 'vm.migrate',
  summary: 'Move a VM to another host, pool, datastore or folder',
  description:
    'Moves a VM while it runs or stands still: to another host (vMotion), cluster, resource pool, datastore (Storage vMotion) or folder, or several at once. Only what is given changes. vm.check_migrate tells beforehand whether vSphere would do it. Answers with the task.',
  http: 'POST /v1/vms/{vm}/migrate',
  scope: 'provision',
  danger: 'disruptive',
  toolset: 'provision',
  availability: 'vcenter',
  input: z.strictObject({
    vm: vmRef,
    ...destinationFields,
    priority: z.enum(['default', 'high', 'low']).default('default').describe('Share of CPU that the move gets'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'To another host', input: { vm: 'web-01', host: 'esx02.example.com', wait: 60 } },
    { title: 'What moving its files would mean', input: { vm: 'web-01', datastore: 'ssd-02', dry_run: true } },
  ],
})
  .plan(({ vm: name, priority, wait: _wait, ...where }, context) => {
    const vm = resolveOne('vm', name, context);
    const relocation = planRelocation(vm, where, context);
    const args = { spec: relocation.spec, priority: PRIORITIES[priority] };
    return {
      targets: [vm, ...relocation.to].map(({ id, name: named }) => ({ id, name: named })),
      calls: [{ method: 'RelocateVM_Task', object: vm.id, arguments: args }],
      impact: `'${vm.name}' moves: ${relocation.moves.join('; ') || 'nothing, it is there already'}. It is ${vm.power_state} now.`,
      step: { vm, args, relocation },
    };
  })
  .run(async ({ step: { vm, args, relocation } }, { wait }, context) => {
    const latest = await finish(context, await startTask(context, vm, 'RelocateVM_Task', args), wait);
    if (latest.state === 'success') {
      await untilInventory(context, () => {
        const now = context.inventory.get('vm', vm.id);
        return now !== undefined && relocation.done(now);
      });
    }
    return latest;
  });
