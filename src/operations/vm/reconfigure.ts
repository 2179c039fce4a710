/** vm.reconfigure: VirtualMachine.ReconfigVM_Task, and CustomFieldsManager.SetField for custom attributes. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { GatewayError } from '../../errors.ts';
import type { VmRecord } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { TaskShape, vmRef, waitField } from '../shapes.ts';
import { finish, startTask, targetOf, untilInventory } from '../start-task.ts';
import { beginSteps, finishSteps, runTask } from '../steps.ts';
import { attributeChanges, plannedChange, setAttribute } from './settings/attributes.ts';
import { checkHotChange, HOT_PATHS } from './settings/hot-change.ts';
import { isSet, type Settings, settings, shown, specOf } from './settings/spec.ts';

const wrong = (field: string, message: string) =>
  new GatewayError('invalid_input', message, { errors: [{ pointer: `/${field}`, message }] });

function checkSockets(vm: VmRecord, given: Settings): void {
  const { cpu_count = vm.cpu_count, cores_per_socket = vm.cores_per_socket } = given;
  if (given.cpu_count === undefined && given.cores_per_socket === undefined) return;
  if (cores_per_socket <= 0 || cpu_count % cores_per_socket === 0) return;
  throw wrong(
    given.cpu_count === undefined ? 'cores_per_socket' : 'cpu_count',
    `${cpu_count} CPUs cannot be had in sockets of ${cores_per_socket} cores; give cpu_count and cores_per_socket that fit.`,
  );
}

/** vSphere checks both as well; this says more, and sooner. */
async function checkPresent(vm: VmRecord, given: Settings, changeVersion: string | undefined, context: Context) {
  if (vm.power_state === 'off' && changeVersion === undefined) return;
  const session = targetOf(context, vm.vcenter).session('requests');
  const paths = ['config.changeVersion', ...HOT_PATHS];
  const facts = await session.read({ $type: vm.type, value: vm.moref }, paths, { signal: context.signal });
  const present = facts['config.changeVersion'];
  if (changeVersion !== undefined && present !== changeVersion) {
    throw new GatewayError(
      'busy',
      `'${vm.name}' has been changed since: its change_version is '${present}' now. Read it with vm.get and repeat the change on what you find.`,
      { retryable: false, details: { change_version: present } },
    );
  }
  checkHotChange(vm, given, facts);
}

export default operation({
  name: 'vm.reconfigure',
  summary: 'Change CPU, memory and settings of a virtual machine',
  description:
    'Changes CPUs, memory, hot-add, reservations, limits, shares, notes, extra config and custom attributes of a VM; what is not given stays. What a running VM does not allow is refused with the fields that need it off. change_version (of vm.get) guards against changes by others. Answers with the task.',
  http: 'PATCH /v1/vms/{vm}',
  scope: 'provision',
  danger: 'disruptive',
  toolset: 'vm',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    ...settings,
    custom_attributes: z
      .record(z.string().min(1).max(80), z.string().max(4096))
      .optional()
      .describe("Custom attributes by name, which the vCenter must have; '' clears one"),
    change_version: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe('Only if the VM still has this change_version (If-Match)'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'More CPUs and memory', input: { vm: 'web-01', cpu_count: 4, memory_mib: 8192, wait: 20 } },
    { title: 'Owner and notes', input: { vm: 'web-01', custom_attributes: { owner: 'alice' }, annotation: 'Shop' } },
  ],
})
  .plan(async (input, context) => {
    const { vm: name, custom_attributes = {}, change_version, wait: _wait, ...given } = input;
    const vm = resolveOne('vm', name, context);
    const fields = [...Object.keys(given), ...Object.keys(custom_attributes)];
    if (fields.length === 0) throw wrong('vm', 'There is nothing to change; give at least one setting.');
    checkSockets(vm, given);
    const attributes = await attributeChanges(vm, custom_attributes, context);
    await checkPresent(vm, given, change_version, context);
    const spec = specOf(given, change_version);
    const reconfigures = Object.keys(spec).length > 0;
    return {
      targets: [{ id: vm.id, name: vm.name }],
      calls: [
        ...(reconfigures ? [{ method: 'ReconfigVM_Task', object: vm.id, arguments: { spec: shown(spec) } }] : []),
        ...attributes.map((change) => plannedChange(vm, change)),
      ],
      impact: `'${vm.name}', now ${vm.power_state}, gets other ${fields.join(', ')}.`,
      step: { vm, spec, reconfigures, attributes, given, custom_attributes },
    };
  })
  .run(async ({ step }, { wait }, context) => {
    const { vm, spec, reconfigures, attributes, given, custom_attributes } = step;
    const whole = { record: vm, name: 'VirtualMachine.reconfigure', description: `Reconfigure '${vm.name}'` };
    const steps = [
      ...(reconfigures ? [{ name: 'settings', run: () => runTask(context, vm, 'ReconfigVM_Task', { spec }) }] : []),
      ...attributes.map((change) => ({ name: change.name, run: () => setAttribute(context, vm, change) })),
    ];
    const latest =
      attributes.length === 0
        ? await finish(context, await startTask(context, vm, 'ReconfigVM_Task', { spec }), wait)
        : await finishSteps(context, beginSteps(context, whole, steps), wait);
    if (latest.state === 'success') {
      const wanted = Object.entries(custom_attributes);
      await untilInventory(context, () => {
        const now = context.inventory.get('vm', vm.id);
        if (now === undefined) return true;
        return isSet(now, given) && wanted.every(([key, value]) => (now.custom_attributes[key] ?? '') === value);
      });
    }
    return latest;
  });
