/** What vm.reconfigure may be told, and the VirtualMachineConfigSpec that says it to vSphere. */
import { z } from 'zod';
import type { VmRecord } from '../../../live/model.ts';
import type { ResourceAllocationInfo, SharesInfo, VirtualMachineConfigSpec } from '../../../vsphere/vim25/types.ts';

/** Whole MHz or MiB; vSphere's -1 stands for no limit. */
const reservation = (what: string) =>
  z.number().int().min(0).max(1_000_000_000).describe(`${what}; 0: none`).optional();
const limit = (what: string) => z.number().int().min(-1).max(1_000_000_000).describe(`${what}; -1: none`).optional();
const shares = (what: string) =>
  z
    .union([z.enum(['low', 'normal', 'high']), z.number().int().min(1).max(1_000_000)])
    .describe(`Weight against other VMs when ${what} is short: low, normal, high or a number`)
    .optional();

/** The fields that become ReconfigVM_Task. */
export const settings = {
  cpu_count: z.number().int().min(1).max(768).optional().describe('Virtual CPUs, a multiple of cores_per_socket'),
  cores_per_socket: z.number().int().min(1).max(768).optional().describe('Cores in each socket; needs the VM off'),
  memory_mib: z
    .number()
    .int()
    .min(4)
    .max(25_165_824)
    .multipleOf(4)
    .optional()
    .describe('Memory, MiB, a multiple of 4; less needs the VM off'),
  cpu_hot_add: z.boolean().optional().describe('Allow CPUs to be added while it runs; needs the VM off'),
  memory_hot_add: z.boolean().optional().describe('Allow memory to be added while it runs; needs the VM off'),
  cpu_reservation_mhz: reservation('CPU kept for it, MHz'),
  cpu_limit_mhz: limit('Most CPU it may use, MHz'),
  cpu_shares: shares('CPU'),
  memory_reservation_mib: reservation('Memory kept for it, MiB'),
  memory_limit_mib: limit('Most host memory it may use, MiB'),
  memory_shares: shares('memory'),
  annotation: z.string().max(65_536).optional().describe("Notes; '' removes them"),
  extra_config: z
    .record(z.string().min(1).max(256), z.string().max(65_536))
    .optional()
    .describe("Further settings (extraConfig), e.g. guestinfo.role; '' removes one. May hold secrets: not logged")
    .meta({ secret: true }),
};

const Settings = z.strictObject(settings);
export type Settings = z.output<typeof Settings>;

function allocation(
  reservation: number | undefined,
  limit: number | undefined,
  weight: Settings['cpu_shares'],
): ResourceAllocationInfo | undefined {
  if (reservation === undefined && limit === undefined && weight === undefined) return undefined;
  return {
    ...(reservation === undefined ? {} : { reservation }),
    ...(limit === undefined ? {} : { limit }),
    ...(weight === undefined ? {} : { shares: sharesInfo(weight) }),
  };
}

/** The number counts for `custom` alone, but is not optional. */
const sharesInfo = (weight: NonNullable<Settings['cpu_shares']>): SharesInfo =>
  typeof weight === 'number' ? { shares: weight, level: 'custom' } : { shares: 0, level: weight };

/** The spec with what is given and nothing else. Empty when nothing is. */
export function specOf(given: Settings, changeVersion: string | undefined): VirtualMachineConfigSpec {
  const { extra_config } = given;
  const spec: { [K in keyof VirtualMachineConfigSpec]: VirtualMachineConfigSpec[K] | undefined } = {
    changeVersion,
    annotation: given.annotation,
    numCPUs: given.cpu_count,
    numCoresPerSocket: given.cores_per_socket,
    memoryMB: given.memory_mib,
    memoryHotAddEnabled: given.memory_hot_add,
    cpuHotAddEnabled: given.cpu_hot_add,
    cpuAllocation: allocation(given.cpu_reservation_mhz, given.cpu_limit_mhz, given.cpu_shares),
    memoryAllocation: allocation(given.memory_reservation_mib, given.memory_limit_mib, given.memory_shares),
    extraConfig: extra_config && Object.entries(extra_config).map(([key, value]) => ({ key, value })),
  };
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
}

/** The spec as a plan may show it. */
export function shown(spec: VirtualMachineConfigSpec): Record<string, unknown> {
  const { extraConfig, ...rest } = spec;
  if (extraConfig === undefined) return rest;
  return { ...rest, extraConfig: extraConfig.map(({ key }) => ({ key, value: '[redacted]' })) };
}

/** Whether the inventory shows the settings that it holds. */
export function isSet(vm: VmRecord, { cpu_count, cores_per_socket, memory_mib, annotation }: Settings): boolean {
  return (
    (cpu_count ?? vm.cpu_count) === vm.cpu_count &&
    (cores_per_socket ?? vm.cores_per_socket) === vm.cores_per_socket &&
    (memory_mib ?? vm.memory_mib) === vm.memory_mib &&
    (annotation ?? vm.annotation) === vm.annotation
  );
}
