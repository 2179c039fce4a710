/** vm.power: on, off, reset, suspend, and the guest's own shutdown, reboot and standby. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { GatewayError } from '../../errors.ts';
import type { PowerState, VmRecord } from '../../live/model.ts';
import type { Task } from '../../live/tasks/task.ts';
import { operation } from '../../operation.ts';
import { beginGuestAction, type GuestAction } from '../guest-action.ts';
import { resolveOne } from '../resolve.ts';
import { TaskShape, vmRef, waitField } from '../shapes.ts';
import { finish, startTask, untilInventory } from '../start-task.ts';

/** What a VM, or its guest, can be asked for. */
export const VERBS = ['on', 'off', 'reset', 'suspend', 'shutdown', 'reboot', 'standby'] as const;
export type Verb = (typeof VERBS)[number];

const TASKS = {
  on: 'PowerOnVM_Task',
  off: 'PowerOffVM_Task',
  reset: 'ResetVM_Task',
  suspend: 'SuspendVM_Task',
} as const;

/** vSphere has no task for these: the guest is asked, and its power state tells when it has obeyed. */
const GUEST: Record<Exclude<Verb, keyof typeof TASKS>, GuestAction> = {
  shutdown: {
    method: 'ShutdownGuest',
    name: 'VirtualMachine.shutdownGuest',
    description: 'Shut down the guest',
    until: 'off',
  },
  reboot: { method: 'RebootGuest', name: 'VirtualMachine.rebootGuest', description: 'Reboot the guest', until: null },
  standby: {
    method: 'StandbyGuest',
    name: 'VirtualMachine.standbyGuest',
    description: 'Put the guest to standby',
    until: 'suspended',
  },
};

const IMPACT: Record<Verb, (name: string) => string> = {
  on: (name) => `'${name}' is powered on.`,
  off: (name) => `'${name}' loses power at once; what its guest has not written is lost.`,
  reset: (name) => `'${name}' is reset as by a button; what its guest has not written is lost.`,
  suspend: (name) => `'${name}' stops, its memory kept on disk.`,
  shutdown: (name) => `The guest of '${name}' shuts down and the VM powers off.`,
  reboot: (name) => `The guest of '${name}' restarts.`,
  standby: (name) => `The guest of '${name}' goes to standby.`,
};

/** Where the VM is when a finished action has reached the inventory; reset and reboot leave it as it was. */
export const REACHES: Partial<Record<Verb, PowerState>> = {
  on: 'on',
  off: 'off',
  suspend: 'suspended',
  shutdown: 'off',
  standby: 'suspended',
};

/** The vSphere method of an action. */
export function methodOf(action: Verb): (typeof TASKS)[keyof typeof TASKS] | GuestAction['method'] {
  return action in TASKS ? TASKS[action as keyof typeof TASKS] : GUEST[action as keyof typeof GUEST].method;
}

/** Begins an action; answers with vSphere's task, or with ours where vSphere has none. */
export function beginPower(context: Context, vm: VmRecord, action: Verb): Promise<Task> {
  return action in TASKS
    ? startTask(context, vm, TASKS[action as keyof typeof TASKS], {})
    : beginGuestAction(context, vm, GUEST[action as keyof typeof GUEST]);
}

export default operation({
  name: 'vm.power',
  summary: 'Change the power state of a virtual machine',
  description:
    'Powers a VM on or off, resets or suspends it, or asks its guest to shut down, reboot or stand by (these three need VMware Tools). Prefer shutdown to off. Answers with the task; wait holds the answer until the task ends.',
  http: 'POST /v1/vms/{vm}/power',
  scope: 'operate',
  danger: 'disruptive',
  dangerOf: ({ action }) => (action === 'on' ? 'safe' : 'disruptive'),
  toolset: 'power',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    action: z.enum(VERBS).describe('on, off, reset, suspend; or by the guest: shutdown, reboot, standby'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'Power on and wait', input: { vm: 'web-01', action: 'on', wait: 20 } },
    { title: 'See what a shutdown would do', input: { vm: 'web-01', action: 'shutdown', dry_run: true } },
  ],
})
  .plan(({ vm: name, action }, context) => {
    const vm = resolveOne('vm', name, context);
    if (vm.template) {
      throw new GatewayError(
        'invalid_state',
        `'${vm.name}' is a template, which has no power state; deploy a VM from it instead.`,
      );
    }
    return {
      targets: [{ id: vm.id, name: vm.name }],
      calls: [{ method: methodOf(action), object: vm.id, arguments: {} }],
      impact: `${IMPACT[action](vm.name)} It is ${vm.power_state} now.`,
      step: vm,
    };
  })
  .run(async ({ step: vm }, { action, wait }, context) => {
    const latest = await finish(context, await beginPower(context, vm, action), wait);
    const reached = REACHES[action];
    if (latest.state === 'success' && reached !== undefined) {
      await untilInventory(context, () => context.inventory.get('vm', vm.id)?.power_state === reached);
    }
    return latest;
  });
