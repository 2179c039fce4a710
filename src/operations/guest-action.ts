/** Guest shutdown, reboot and standby: vSphere makes no task of them, so the gateway keeps one. */
import type { Context } from '../context.ts';
import { GatewayError } from '../errors.ts';
import type { PowerState, VmRecord } from '../live/model.ts';
import type { Task } from '../live/tasks/task.ts';
import { origin, targetOf } from './start-task.ts';

export interface GuestAction {
  method: 'ShutdownGuest' | 'RebootGuest' | 'StandbyGuest';
  name: string;
  description: string;
  /** Power state that ends it; null: it is done when the guest has been asked. */
  until: PowerState | null;
}

/** A guest may take its time over updates, or refuse without a word. */
const GUEST_MINUTES = 15;

function untilPowerState(context: Context, vm: VmRecord, wanted: PowerState, signal: AbortSignal): Promise<void> {
  const shows = () => context.inventory.get('vm', vm.id)?.power_state === wanted;
  if (shows()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const end = (error?: Error) => {
      clearTimeout(timer);
      stop();
      signal.removeEventListener('abort', cancelled);
      if (error === undefined) resolve();
      else reject(error);
    };
    const cancelled = () =>
      end(new GatewayError('upstream_cancelled', 'The gateway stopped following the guest; it may still obey.'));
    const timer = setTimeout(() => {
      end(
        new GatewayError(
          'upstream_timeout',
          `The guest was asked ${GUEST_MINUTES} minutes ago and is not ${wanted}; ask for 'off' to force it.`,
        ),
      );
    }, GUEST_MINUTES * 60_000);
    timer.unref();
    const stop = context.inventory.onChange(() => {
      if (shows()) end();
    });
    signal.addEventListener('abort', cancelled, { once: true });
  });
}

/** Asks the guest (VirtualMachine.ShutdownGuest and its like) and answers with the task that follows its power state. */
export async function beginGuestAction(context: Context, vm: VmRecord, action: GuestAction): Promise<Task> {
  const session = targetOf(context, vm.vcenter).session('requests');
  await session.call(action.method, { $type: 'VirtualMachine', value: vm.moref }, {});
  const { until } = action;
  return context.tasks.beginLocal(vm.vcenter, {
    name: action.name,
    description: action.description,
    target: { id: vm.id, name: vm.name },
    origin: origin(context),
    run: (signal) => (until === null ? Promise.resolve() : untilPowerState(context, vm, until, signal)),
  });
}
