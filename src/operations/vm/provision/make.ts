/** Making a VM: vSphere's own task where that does it all, else one task of the gateway's around that and what follows. */
import type { Context } from '../../../context.ts';
import { GatewayError } from '../../../errors.ts';
import { fromId, type InventoryRecord } from '../../../live/model.ts';
import type { Task } from '../../../live/tasks/task.ts';
import type { PlannedCall } from '../../../operation.ts';
import type { MoRef, VimMethods } from '../../../vsphere/vim25/types.ts';
import { finish, origin, startTask, targetOf, untilInventory } from '../../start-task.ts';
import { type AttributePlan, setAttributes, THE_NEW_VM } from './attributes.ts';

type MakingMethod = 'CloneVM_Task' | 'CreateVM_Task';

/** One call that makes a VM, and what is done to the VM afterwards. */
export interface Making<M extends MakingMethod> {
  /** What the call is on: the source of a clone, the folder of a new VM. */
  on: InventoryRecord;
  method: M;
  args: VimMethods[M]['args'];
  /** Name of the new VM. */
  name: string;
  attributes: AttributePlan;
  /** Whether the VM is powered on in a call of its own. */
  powerOn: boolean;
}

/** How much of the whole the making is, the rest being quick. */
const MAKING_SHARE = 0.9;

/** The calls in order, as `dry_run` shows them. @param shown the arguments, without passwords. */
export function plannedCalls<M extends MakingMethod>(making: Making<M>, shown: Record<string, unknown>): PlannedCall[] {
  return [
    { method: making.method, object: making.on.id, arguments: shown },
    ...making.attributes.calls,
    ...(making.powerOn ? [{ method: 'PowerOnVM_Task', object: THE_NEW_VM, arguments: {} }] : []),
  ];
}

/** Makes the VM and answers with the task, whose result is the VM; when that has ended, the inventory holds it. */
export async function makeVm<M extends MakingMethod>(context: Context, making: Making<M>, wait: number): Promise<Task> {
  const begun = await startTask<MakingMethod>(context, making.on, making.method, making.args);
  const alone = making.attributes.calls.length === 0 && !making.powerOn;
  const task = alone ? begun : followed(context, making, begun);
  const latest = await finish(context, task, wait).catch((error: unknown) => {
    throw unfinished(error, making.name, context.tasks.get(task.id));
  });
  const made = latest.state === 'success' ? latest.result?.id : undefined;
  if (made !== undefined) await untilInventory(context, () => isShown(context, made, making));
  return latest;
}

function isShown<M extends MakingMethod>(
  { inventory }: Context,
  id: string,
  { attributes, powerOn }: Making<M>,
): boolean {
  const vm = inventory.get('vm', id);
  if (vm === undefined || (powerOn && vm.power_state !== 'on')) return false;
  // An attribute that is set to nothing counts as unset.
  return Object.entries(attributes.values).every(([name, value]) => (vm.custom_attributes[name] ?? '') === value);
}

/** The gateway's task: follows vSphere's, then does the rest. */
function followed<M extends MakingMethod>(context: Context, making: Making<M>, begun: Task): Task {
  const { on, name, attributes, powerOn } = making;
  return context.tasks.beginLocal(on.vcenter, {
    name: making.method === 'CloneVM_Task' ? 'VirtualMachine.clone' : 'Folder.createVm',
    description: `Make '${name}'`,
    target: { id: on.id, name: on.name },
    origin: origin(context),
    run: async (signal, report) => {
      const stop = context.tasks.onChange(({ id, progress }) => {
        if (id === begun.id && progress !== null) report({ progress: Math.floor(progress * MAKING_SHARE) });
      });
      const { id } = await madeBy(context, begun, signal).finally(stop);
      const vm: MoRef<'VirtualMachine'> = { $type: 'VirtualMachine', value: fromId(id)?.moref ?? '' };
      const then = (step: string) => `'${name}' is made; ${step}`;
      report({ result: { id }, progress: MAKING_SHARE * 100 });
      if (attributes.calls.length > 0) {
        report({ description: then('set its custom attributes') });
        await setAttributes(context, on.vcenter, vm, attributes);
      }
      signal.throwIfAborted();
      if (powerOn) {
        report({ description: then('power it on') });
        await powerOnNew(context, on.vcenter, vm, { id, name }, signal);
      }
      report({ description: `Make '${name}'` });
    },
  });
}

/** A day: vSphere itself ends a task that hangs. */
const PATIENCE_S = 86_400;

async function madeBy(context: Context, begun: Task, signal: AbortSignal): Promise<{ id: string }> {
  const { error, result } = await ended(context, begun, signal).catch(async (reason: unknown) => {
    // The gateway closing is no wish to have the VM unmade; cancelling is.
    const cancelled = signal.aborted && !(signal.reason instanceof GatewayError);
    if (cancelled) await context.tasks.cancel(begun.id, AbortSignal.timeout(CANCEL_MS)).catch(() => undefined);
    throw reason;
  });
  if (error === null && result !== null) return result;
  throw new GatewayError('upstream_fault', `The task ${begun.id} ended without a VM; task.get shows it.`);
}

/** How long to try to cancel a task of vSphere's whose follower was cancelled. */
const CANCEL_MS = 10_000;

/** The task when it has ended well. @throws GatewayError with the error that it ended with. */
async function ended(context: Context, { id }: Task, signal: AbortSignal): Promise<Task> {
  const task = await context.tasks.wait(id, PATIENCE_S, signal);
  if (task.error === null) return task;
  const { code, message, fault } = task.error;
  throw new GatewayError(code, message, fault === null ? {} : { fault });
}

async function powerOnNew(
  context: Context,
  vcenter: string,
  vm: MoRef<'VirtualMachine'>,
  target: { id: string; name: string },
  signal: AbortSignal,
): Promise<void> {
  const task = await targetOf(context, vcenter).session('requests').call('PowerOnVM_Task', vm, {});
  await ended(context, context.tasks.begin(vcenter, task, origin(context), target), signal);
}

/** Says that there is a VM although the call failed: whoever repeats it meets the VM's name. */
function unfinished(error: unknown, name: string, task: Task | undefined): unknown {
  if (!(error instanceof GatewayError) || task?.result == null) return error;
  const detail = `'${name}' was made (${task.result.id}), but is not finished: ${error.message}`;
  return new GatewayError(error.code, detail, { ...error.extras, cause: error });
}
