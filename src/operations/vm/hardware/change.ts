/** Reading the hardware of a VM, and changing it with one ReconfigVM_Task that notices when somebody else was quicker. */
import type { Context } from '../../../context.ts';
import { GatewayError } from '../../../errors.ts';
import type { VmRecord } from '../../../live/model.ts';
import type { Task } from '../../../live/tasks/task.ts';
import type { Plan } from '../../../operation.ts';
import type { AnyVirtualDevice, VimMethods, VirtualMachineConfigSpec } from '../../../vsphere/vim25/types.ts';
import { resolveOne } from '../../resolve.ts';
import { finish, startTask, targetOf, untilInventory } from '../../start-task.ts';

export interface Hardware {
  vm: VmRecord;
  /** config.hardware.device */
  devices: readonly AnyVirtualDevice[];
  /** config.changeVersion: which configuration this is. */
  changeVersion: string;
  /** Whatever else was asked for, by path. */
  properties: Record<string, unknown>;
}

/**
 * Asks vCenter for the devices of a VM.
 * @param paths further properties to read with them.
 * @throws GatewayError `invalid_state` when the VM has no configuration that can be read, as while its host is away.
 */
export async function readHardware(reference: string, context: Context, paths: string[] = []): Promise<Hardware> {
  const vm = resolveOne('vm', reference, context);
  const session = targetOf(context, vm.vcenter).session('requests');
  const properties = await session.read(
    { $type: 'VirtualMachine', value: vm.moref },
    ['config.hardware.device', 'config.changeVersion', ...paths],
    { signal: context.signal },
  );
  const { 'config.hardware.device': devices, 'config.changeVersion': changeVersion } = properties;
  if (!Array.isArray(devices) || typeof changeVersion !== 'string') {
    throw new GatewayError(
      'invalid_state',
      `The configuration of '${vm.name}' cannot be read now (its connection is '${vm.connection_state}').`,
    );
  }
  return { vm, devices, changeVersion, properties };
}

/** The same for a VM that is going to be changed. @throws GatewayError `invalid_state` for a template. */
export async function hardwareToChange(reference: string, context: Context, paths: string[] = []): Promise<Hardware> {
  const { name, template } = resolveOne('vm', reference, context);
  if (!template) return readHardware(reference, context, paths);
  throw new GatewayError(
    'invalid_state',
    `'${name}' is a template, whose hardware is fixed; mark it as a VM first, or change a VM deployed from it.`,
  );
}

export interface Reconfiguration {
  vm: VmRecord;
  changeVersion: string;
  args: VimMethods['ReconfigVM_Task']['args'];
}

/** The plan of a write that is one ReconfigVM_Task. Other changes since the read make vSphere refuse it (ConcurrentAccess). */
export function planReconfiguration(
  { vm, changeVersion }: Hardware,
  change: VirtualMachineConfigSpec,
  impact: string,
): Plan<Reconfiguration> {
  const args = { spec: { changeVersion, ...change } };
  return {
    targets: [{ id: vm.id, name: vm.name }],
    calls: [{ method: 'ReconfigVM_Task', object: vm.id, arguments: args }],
    impact,
    step: { vm, changeVersion, args },
  };
}

/** Sends what was planned; a task that ends while the caller waits is in the inventory when it answers. */
export async function reconfigure(
  { step: { vm, changeVersion, args } }: Plan<Reconfiguration>,
  { wait }: { wait: number },
  context: Context,
): Promise<Task> {
  const before = context.inventory.get('vm', vm.id)?.change_version;
  const latest = await finish(context, await startTask(context, vm, 'ReconfigVM_Task', args), wait);
  if (latest.state === 'success') {
    await untilInventory(context, () => {
      const now = context.inventory.get('vm', vm.id);
      return now === undefined || (now.change_version !== before && now.change_version !== changeVersion);
    });
  }
  return latest;
}
