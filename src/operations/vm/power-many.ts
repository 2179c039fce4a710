/** vm.power_many: one power action on many VMs, a few at a time, as one task. */
import pLimit from 'p-limit';
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { GatewayError } from '../../errors.ts';
import type { VmRecord } from '../../live/model.ts';
import type { TaskDetail } from '../../live/tasks/task.ts';
import { operation } from '../../operation.ts';
import { fromVsphere } from '../../vsphere/faults.ts';
import { TaskShape, waitField } from '../shapes.ts';
import { origin, untilInventory } from '../start-task.ts';
import { beginPower, methodOf, REACHES, VERBS, type Verb } from './power.ts';
import { selectionFields, selectVms } from './selection.ts';

/** Longer than any power task takes; a guest that does not obey ends sooner. */
const ONE_VM_SECONDS = 3_600;

const shows = (vm: VmRecord, action: Verb, { inventory }: Context): boolean =>
  REACHES[action] !== undefined && inventory.get('vm', vm.id)?.power_state === REACHES[action];

const detail = (vm: VmRecord, rest: Omit<TaskDetail, 'target' | 'target_name'>): TaskDetail => ({
  target: vm.id,
  target_name: vm.name,
  ...rest,
});

/** One VM, to its end. Fails only when the whole task is to stop. */
async function powerOne(context: Context, vm: VmRecord, action: Verb, signal: AbortSignal): Promise<TaskDetail> {
  signal.throwIfAborted();
  let task: string | null = null;
  try {
    task = (await beginPower(context, vm, action)).id;
    const { state, error } = await context.tasks.wait(task, ONE_VM_SECONDS, signal);
    return detail(vm, { state: state === 'queued' || state === 'running' ? 'unknown' : state, task, error });
  } catch (thrown) {
    signal.throwIfAborted();
    const { code, message, extras } = fromVsphere(thrown, { vcenter: vm.vcenter, write: true });
    return detail(vm, { state: 'error', task, error: { code, message, fault: extras.fault ?? null } });
  }
}

/** What the task as a whole failed of: the common code, and the first failures in words. */
function failureOf(details: readonly TaskDetail[]): GatewayError | undefined {
  const failed = details.filter(({ state }) => state === 'error' || state === 'cancelled' || state === 'unknown');
  if (failed.length === 0) return undefined;
  const codes = new Set(failed.map(({ error }) => error?.code ?? 'upstream_fault'));
  const [code = 'upstream_fault'] = codes;
  const words = failed.slice(0, 3).map(({ target_name, state, error }) => `${target_name}: ${error?.message ?? state}`);
  return new GatewayError(
    codes.size === 1 ? code : 'upstream_fault',
    `${failed.length} of ${details.length} VMs failed. ${words.join(' ')}${failed.length > 3 ? ' …' : ''}`,
  );
}

export default operation({
  name: 'vm.power_many',
  summary: 'Change the power state of many virtual machines',
  description:
    'One power action on many VMs, chosen by ids or by filters as in vm.list, a few at a time. Refused when more fit than limit: look with dry_run first. Those already in the state are skipped. Answers with one task whose progress is the share done and whose details say what became of each VM.',
  http: 'POST /v1/vms/power',
  scope: 'operate',
  danger: 'disruptive',
  dangerOf: ({ action }) => (action === 'on' ? 'safe' : 'disruptive'),
  toolset: 'power',
  availability: 'any',
  input: z.strictObject({
    ...selectionFields,
    action: z.enum(VERBS).describe('on, off, reset, suspend; or by the guest: shutdown, reboot, standby'),
    concurrency: z.number().int().min(1).max(16).default(4).describe('VMs at a time, 1 to 16'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    {
      title: 'What shutting down a folder would do',
      input: { folder: '/DC0/vm/Test', action: 'shutdown', dry_run: true },
    },
    { title: 'Power on three VMs', input: { ids: ['web-01', 'web-02', 'web-03'], action: 'on', wait: 30 } },
    {
      title: 'Power off what alice owns',
      input: { attribute: 'owner=alice', action: 'off', limit: 50, concurrency: 8 },
    },
  ],
})
  .plan((input, context) => {
    const vms = selectVms(input, context);
    const { action } = input;
    const todo = vms.filter((vm) => !shows(vm, action, context));
    const names = vms.slice(0, 5).map(({ name }) => name);
    return {
      targets: vms.map(({ id, name }) => ({ id, name })),
      calls: todo.map(({ id }) => ({ method: methodOf(action), object: id, arguments: {} })),
      impact: `'${action}' for ${todo.length} of ${vms.length} VMs: ${names.join(', ')}${vms.length > 5 ? ' …' : ''}; the others are in that state already.`,
      step: { vms, todo: new Set(todo) },
    };
  })
  .run(async ({ step: { vms, todo } }, { action, concurrency, wait }, context) => {
    const details = vms
      .filter((vm) => !todo.has(vm))
      .map((vm) => detail(vm, { state: 'skipped', task: null, error: null }));
    const { id } = context.tasks.beginLocal(vms[0]?.vcenter ?? '', {
      name: 'VirtualMachine.powerMany',
      description: `Power: ${action}, ${vms.length} VMs`,
      target: null,
      origin: origin(context),
      run: async (signal, report) => {
        const tell = () => report({ progress: Math.floor((100 * details.length) / vms.length), details: [...details] });
        tell();
        await pLimit(concurrency).map(todo, async (vm) => {
          details.push(await powerOne(context, vm, action, signal));
          tell();
        });
        const failure = failureOf(details);
        if (failure !== undefined) throw failure;
      },
    });
    const task = await context.tasks.wait(id, wait, context.signal);
    if (task.state === 'error' && task.error !== null) {
      throw new GatewayError(task.error.code, task.error.message, { task_id: id, details: { vms: task.details } });
    }
    if (task.state === 'success' && REACHES[action] !== undefined) {
      await untilInventory(context, () => [...todo].every((vm) => shows(vm, action, context)));
    }
    return task;
  });
