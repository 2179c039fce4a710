/** guest.info: what VMware Tools report of a guest, from the live inventory. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import type { GuestDiskInfo } from '../../vsphere/vim25/types.ts';
import { resolveOne } from '../resolve.ts';
import { vmRef } from '../shapes.ts';
import { targetOf } from '../start-task.ts';
import { VmDetail, VmSummary } from '../vm/shapes.ts';
import { guestLine } from './text.ts';

const { id, name, power_state, hostname, ip_addresses, tools_status, guest_full_name } = VmSummary.shape;
const { guest_id, tools_version_status, guest_operations_ready, nics, stale } = VmDetail.shape;

const Disk = z.strictObject({
  path: z.string().describe('Where it is mounted, or its drive letter. Untrusted'),
  capacity_bytes: z.number().nullable().describe('Size, bytes'),
  free_bytes: z.number().nullable().describe('Free, bytes'),
  filesystem: z.string().nullable().describe('Kind of file system, where the guest tells'),
});

const disk = ({ diskPath, capacity, freeSpace, filesystemType }: GuestDiskInfo): z.output<typeof Disk> => ({
  path: guestLine(diskPath ?? ''),
  capacity_bytes: capacity ?? null,
  free_bytes: freeSpace ?? null,
  filesystem: filesystemType ? guestLine(filesystemType) : null,
});

export default operation({
  name: 'guest.info',
  summary: 'Show what the guest of a VM reports',
  description:
    'Shows what VMware Tools report of a guest, from the live inventory and without credentials: operating system, host name, addresses, network adapters, state of the tools, and whether the other guest operations work now. disks: true adds its file systems, read from vCenter.',
  http: 'GET /v1/vms/{vm}/guest',
  scope: 'read',
  danger: 'safe',
  toolset: 'guest',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    disks: z.boolean().default(false).describe('Read the file systems of the guest, too'),
  }),
  output: z.strictObject({
    id,
    name,
    power_state,
    hostname,
    guest_id,
    guest_full_name,
    ip_addresses,
    nics,
    tools_status,
    tools_version_status,
    guest_operations_ready,
    disks: z.array(Disk).nullable().describe('File systems; null unless asked for'),
    stale,
  }),
  examples: [{ title: 'By name', input: { vm: 'web-01' } }],
}).run(async (input, context) => {
  const { inventory, signal } = context;
  const vm = resolveOne('vm', input.vm, context);
  let disks: z.output<typeof Disk>[] | null = null;
  if (input.disks) {
    const session = targetOf(context, vm.vcenter).session('requests');
    const read = await session.read({ $type: 'VirtualMachine', value: vm.moref }, ['guest.disk'], { signal });
    // Typed so by VirtualMachine.guest.
    disks = ((read['guest.disk'] ?? []) as GuestDiskInfo[]).map(disk);
  }
  return {
    id: vm.id,
    name: vm.name,
    power_state: vm.power_state,
    hostname: vm.hostname,
    guest_id: vm.guest_id,
    guest_full_name: vm.guest_full_name,
    ip_addresses: [...vm.ip_addresses],
    nics: vm.nics.map((nic) => ({ ...nic, ip_addresses: [...nic.ip_addresses] })),
    tools_status: vm.tools_status,
    tools_version_status: vm.tools_version_status,
    guest_operations_ready: vm.guest_operations_ready,
    disks,
    stale: inventory.status(vm.vcenter).stale,
  };
});
