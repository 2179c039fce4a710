/** What of a change cannot be done to a VM that is not off, found before vSphere is asked. */
import { GatewayError } from '../../../errors.ts';
import type { VmRecord } from '../../../live/model.ts';
import type { Settings } from './spec.ts';

/** Properties of VirtualMachine.config that decide it; each is absent where vSphere leaves it unset. */
export const HOT_PATHS = [
  'config.cpuHotAddEnabled',
  'config.cpuHotRemoveEnabled',
  'config.memoryHotAddEnabled',
  'config.hotPlugMemoryLimit',
  'config.hotPlugMemoryIncrementSize',
];

type Facts = Readonly<Record<string, unknown>>;

function cpuReason(vm: VmRecord, count: number | undefined, facts: Facts): string | undefined {
  if (count === undefined || count === vm.cpu_count) return undefined;
  if (vm.power_state === 'suspended') return 'cpu_count';
  if (count > vm.cpu_count)
    return facts['config.cpuHotAddEnabled'] === true ? undefined : 'cpu_count (cpu_hot_add is false)';
  return facts['config.cpuHotRemoveEnabled'] === true ? undefined : 'cpu_count (no CPU can be taken away)';
}

function memoryReason(vm: VmRecord, mib: number | undefined, facts: Facts): string | undefined {
  if (mib === undefined || mib === vm.memory_mib) return undefined;
  if (vm.power_state === 'suspended') return 'memory_mib';
  if (mib < vm.memory_mib) return 'memory_mib (memory cannot be taken away)';
  if (facts['config.memoryHotAddEnabled'] !== true) return 'memory_mib (memory_hot_add is false)';
  const limit = Number(facts['config.hotPlugMemoryLimit'] ?? 0);
  if (limit > 0 && mib > limit) return `memory_mib (while it runs, at most ${limit})`;
  const increment = Number(facts['config.hotPlugMemoryIncrementSize'] ?? 0);
  return increment > 0 && (mib - vm.memory_mib) % increment !== 0
    ? `memory_mib (while it runs, in steps of ${increment})`
    : undefined;
}

/** Fields that need the VM off, each with the reason where it has one. @param facts values of `HOT_PATHS`. */
export function needsPowerOff(vm: VmRecord, given: Settings, facts: Facts): string[] {
  const { cores_per_socket: cores, cpu_hot_add, memory_hot_add } = given;
  const differs = (value: boolean | undefined, path: string) => value !== undefined && value !== (facts[path] === true);
  return [
    cpuReason(vm, given.cpu_count, facts),
    cores === undefined || cores === vm.cores_per_socket ? undefined : 'cores_per_socket',
    memoryReason(vm, given.memory_mib, facts),
    differs(cpu_hot_add, 'config.cpuHotAddEnabled') ? 'cpu_hot_add' : undefined,
    differs(memory_hot_add, 'config.memoryHotAddEnabled') ? 'memory_hot_add' : undefined,
  ].filter((reason) => reason !== undefined);
}

/** @throws GatewayError `invalid_power_state` that names all fields at once. */
export function checkHotChange(vm: VmRecord, given: Settings, facts: Facts): void {
  const reasons = vm.power_state === 'off' ? [] : needsPowerOff(vm, given, facts);
  if (reasons.length === 0) return;
  throw new GatewayError(
    'invalid_power_state',
    `'${vm.name}' is ${vm.power_state}, and must be off to change ${reasons.join(', ')}. Shut it down with vm.power, then repeat.`,
    { details: { needs_power_off: reasons.map((reason) => reason.split(' ', 1)[0]) } },
  );
}
