/** vm.check_migrate: whether vSphere would move a VM, and what it would say against it. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { operation } from '../../operation.ts';
import type { CheckResult, LocalizedMethodFault } from '../../vsphere/vim25/types.ts';
import { resolveOne } from '../resolve.ts';
import { vmRef } from '../shapes.ts';
import { origin, targetOf } from '../start-task.ts';
import { destinationFields, planRelocation } from './provision/relocate-plan.ts';

/** The check looks at hosts and datastores only; longer than this vCenter has never needed. */
const PATIENCE_S = 50;

const Finding = z.strictObject({
  fault: z.string().describe("vSphere's name of the problem"),
  message: z.string().describe('The same in words of vSphere'),
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g;

const findings = (faults: readonly LocalizedMethodFault[] | undefined): z.output<typeof Finding>[] =>
  (faults ?? []).map(({ fault, localizedMessage }) => ({
    fault: fault.$type ?? 'MethodFault',
    message: (localizedMessage ?? '').replace(CONTROLS, ' ').slice(0, 1024),
  }));

export default operation({
  name: 'vm.check_migrate',
  summary: 'Check whether a VM could be moved',
  description:
    'Asks vSphere whether vm.migrate with the same destination would work, and what stands against it. Moves nothing.',
  http: 'GET /v1/vms/{vm}/migrate',
  scope: 'read',
  danger: 'safe',
  toolset: 'provision',
  availability: 'vcenter',
  input: z.strictObject({ vm: vmRef, ...destinationFields }),
  output: z.strictObject({
    possible: z.boolean().describe('Whether vSphere would do it'),
    moves: z.array(z.string()).describe('What would move, from where to where'),
    errors: z.array(Finding).describe('What forbids it'),
    warnings: z.array(Finding).describe('What it would mean'),
  }),
  examples: [{ title: 'To another host', input: { vm: 'web-01', host: 'esx02.example.com' } }],
}).run(async ({ vm: name, ...where }, context) => {
  const vm = resolveOne('vm', name, context);
  const { spec, moves } = planRelocation(vm, where, context);
  const session = targetOf(context, vm.vcenter).session('requests');
  const { vmProvisioningChecker: checker } = (await session.ready(context.signal)).content;
  if (checker === undefined) throw new GatewayError('not_supported', `'${vm.vcenter}' cannot check a move beforehand.`);
  const begun = await session.call('CheckRelocate_Task', checker, {
    vm: { $type: 'VirtualMachine', value: vm.moref },
    spec,
  });
  const { id } = context.tasks.begin(vm.vcenter, begun, origin(context), { id: vm.id, name: vm.name });
  const { state, error } = await context.tasks.wait(id, PATIENCE_S, context.signal);
  if (error !== null) throw new GatewayError(error.code, error.message, { task_id: id });
  if (state !== 'success')
    throw new GatewayError('upstream_timeout', 'vSphere has not finished its check; try again.', { task_id: id });
  const results = (context.tasks.result(id) ?? []) as CheckResult[]; // what CheckRelocate_Task results in
  const errors = findings(results.flatMap((result) => result.error ?? []));
  return {
    possible: errors.length === 0,
    moves,
    errors,
    warnings: findings(results.flatMap((result) => result.warning ?? [])),
  };
});
