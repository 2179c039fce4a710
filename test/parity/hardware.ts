/** Cases of virtual hardware: devices, disks, adapters, drives, controllers and boot. */
import { expect } from 'vitest';
import type { VmRecord } from '../../src/live/model.ts';
import type { DoorName } from '../support/doors.ts';
import type { Case, World } from './case.ts';

const ended = { state: 'success', error: null };
const ofItsOwn = ['target', 'target_name'];

/** The devices of a kind, as the gateway lists them. */
async function devices({ gateway }: World, vm: VmRecord, kind: string): Promise<Record<string, unknown>[]> {
  const { status, body } = await gateway.get(`/v1/vms/${vm.id}/devices?kind=${kind}`);
  expect(status).toBe(200);
  return body.items;
}

async function firstKey(world: World, vm: VmRecord, kind: string): Promise<number> {
  const [first] = await devices(world, vm, kind);
  return Number(first!['key']);
}

const kept = new WeakMap<World, Map<string, VmRecord>>();

/** One VM for all these cases of a door, without snapshots, under which disks cannot be extended. */
function mine(world: World, door: DoorName, state: VmRecord['power_state'] = 'on'): VmRecord {
  const vms = kept.get(world) ?? new Map<string, VmRecord>();
  kept.set(world, vms);
  for (;;) {
    const vm = vms.get(`${door} ${state}`) ?? world.own(state);
    if (vm.snapshots.length > 0) continue;
    vms.set(`${door} ${state}`, vm);
    return vm;
  }
}

/** A call that has to succeed before the case. */
async function done(world: World, path: string, body: Record<string, unknown>): Promise<void> {
  const answer = await world.gateway.post(path, { ...body, wait: 20 });
  expect([answer.status, answer.body]).toEqual([200, expect.objectContaining(ended)]);
}

export const hardware: Case[] = [
  {
    operation: 'vm.device.list',
    title: 'all of a VM',
    input: ({ some }) => ({ vm: some('on').id }),
    expect: ({ some }) => ({
      vm: { id: some('on').id, name: some('on').name },
      items: expect.arrayContaining([
        expect.objectContaining({ kind: 'disk', size_bytes: expect.any(Number), mode: 'persistent' }),
        expect.objectContaining({ kind: 'nic', adapter: 'vmxnet3', mac: expect.stringMatching(/^00:/) }),
        expect.objectContaining({ kind: 'controller', controller_kind: 'pvscsi', bus: 0 }),
      ]),
    }),
  },
  {
    operation: 'vm.device.list',
    title: 'of nobody',
    input: () => ({ vm: 'lab:vm-0' }),
    fails: true,
    expect: () => ({ code: 'not_found' }),
  },
  {
    operation: 'vm.disk.add',
    title: 'of 5 GiB',
    input: (world, door) => ({ vm: mine(world, door).id, size_gib: 5, wait: 20 }),
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.disk.add',
    title: 'as a dry run',
    input: ({ some }) => ({ vm: some('on').id, size_gib: 1, controller: 'nvme', dry_run: true }),
    expect: () => ({
      danger: 'safe',
      plan: [
        {
          method: 'ReconfigVM_Task',
          arguments: {
            spec: {
              changeVersion: expect.any(String),
              deviceChange: [
                { operation: 'add', device: { $type: 'VirtualNVMEController', key: -101, busNumber: 0 } },
                {
                  operation: 'add',
                  fileOperation: 'create',
                  device: { $type: 'VirtualDisk', controllerKey: -101, unitNumber: 0, capacityInBytes: 1024 ** 3 },
                },
              ],
            },
          },
        },
      ],
    }),
  },
  {
    operation: 'vm.disk.add',
    title: 'on a datastore that is not there',
    input: ({ some }) => ({ vm: some('on').id, size_gib: 1, datastore: 'nowhere' }),
    fails: true,
    expect: () => ({ code: 'not_found' }),
  },
  {
    operation: 'vm.disk.extend',
    title: 'to 2,000 GiB',
    input: async (world, door) => {
      const vm = mine(world, door);
      return { vm: vm.id, disk: String(await firstKey(world, vm, 'disk')), size_gib: 2000, wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.disk.extend',
    title: 'to less than it has',
    input: async (world) => ({
      vm: world.some('on').id,
      disk: String(await firstKey(world, world.some('on'), 'disk')),
      size_gib: 0.5,
    }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/size_gib' }] }),
  },
  {
    operation: 'vm.disk.remove',
    title: 'with its file',
    input: async (world, door) => {
      const vm = mine(world, door);
      return { vm: vm.id, disk: String(await firstKey(world, vm, 'disk')), confirm: vm.name, wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.disk.remove',
    title: 'without confirmation',
    input: async (world) => ({
      vm: world.some('on').id,
      disk: String(await firstKey(world, world.some('on'), 'disk')),
    }),
    fails: true,
    expect: ({ some }) => ({ code: 'confirmation_required', details: { confirm: some('on').name } }),
  },
  {
    operation: 'vm.disk.attach',
    title: 'that was taken from the same VM',
    input: async (world, door) => {
      const vm = mine(world, door);
      // Its own, so that the other cases find theirs.
      await done(world, `/v1/vms/${vm.id}/disks`, { size_gib: 1 });
      const disk = (await devices(world, vm, 'disk')).at(-1);
      const path = `/v1/vms/${vm.id}/disks/${disk!['key']}?keep_file=true&wait=20`;
      const taken = await world.gateway.request('DELETE', path);
      expect(taken.status).toBe(200);
      return { vm: vm.id, path: disk!['file'], wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.disk.attach',
    title: 'outside of its datastore',
    input: async (world) => {
      const [disk] = await devices(world, world.some('on'), 'disk');
      return { vm: world.some('on').id, path: String(disk!['file']).replace('] ', '] a/%2e%2e/') };
    },
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/path' }] }),
  },
  {
    operation: 'vm.disk.move',
    title: 'as a dry run',
    input: async (world) => {
      const vm = world.some('on');
      const [disk] = await devices(world, vm, 'disk');
      const elsewhere = otherDatastore(world, vm, disk!['datastore'] as { id: string });
      return { vm: vm.id, disk: String(disk!['key']), datastore: elsewhere, dry_run: true };
    },
    expect: ({ some }) => ({
      plan: [{ method: 'RelocateVM_Task', object: some('on').id, arguments: { spec: { disk: [{}] } } }],
    }),
  },
  {
    operation: 'vm.nic.add',
    title: 'on a distributed port group',
    input: (world, door) => ({ vm: mine(world, door).id, network: 'pg-db', wait: 20 }),
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.nic.add',
    title: 'with a group address',
    input: ({ some }) => ({ vm: some('on').id, network: 'VM Network', mac: '01:50:56:00:00:01' }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/mac' }] }),
  },
  {
    operation: 'vm.nic.update',
    title: 'to the standard network, disconnected',
    input: async (world, door) => {
      const vm = mine(world, door);
      const nic = String(await firstKey(world, vm, 'nic'));
      return { vm: vm.id, nic, network: 'VM Network', connected: false, wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.nic.update',
    title: 'with nothing to change',
    input: ({ some }) => ({ vm: some('on').id, nic: '4000' }),
    fails: true,
    expect: () => ({ code: 'invalid_input' }),
  },
  {
    operation: 'vm.nic.remove',
    title: 'of a VM of its own',
    input: async (world, door) => {
      const vm = mine(world, door);
      return { vm: vm.id, nic: String(await firstKey(world, vm, 'nic')), wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.nic.remove',
    title: 'that is not there',
    input: ({ some }) => ({ vm: some('on').id, nic: 'Network adapter 9' }),
    fails: true,
    expect: () => ({ code: 'not_found', detail: expect.stringContaining('it has ') }),
  },
  {
    operation: 'vm.cdrom.mount',
    title: 'into a new drive',
    input: (world, door) => {
      const vm = mine(world, door);
      return { vm: vm.id, path: `${onItsDatastore(world, vm)}iso/linux.iso`, wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.cdrom.mount',
    title: 'of a datastore elsewhere',
    input: ({ some }) => ({ vm: some('on').id, path: '[elsewhere] linux.iso' }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/path' }] }),
  },
  {
    operation: 'vm.cdrom.eject',
    title: 'what was mounted',
    input: async (world, door) => {
      const vm = mine(world, door);
      await done(world, `/v1/vms/${vm.id}/cdrom/mount`, { path: `${onItsDatastore(world, vm)}linux.iso` });
      return { vm: vm.id, wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.cdrom.eject',
    title: 'of an empty VM',
    input: ({ some }) => ({ vm: some('on').id }),
    fails: true,
    expect: () => ({ code: 'invalid_state' }),
  },
  {
    operation: 'vm.boot.get',
    title: 'of a VM with EFI',
    input: ({ some }) => ({ vm: some('on').id }),
    expect: () => ({ firmware: 'efi', order: [] }),
  },
  {
    operation: 'vm.boot.set',
    title: 'from the network first',
    input: (world, door) => ({ vm: mine(world, door).id, order: ['nic', 'disk'], delay_ms: 500, wait: 20 }),
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.boot.set',
    title: 'secure boot with BIOS',
    input: ({ some }) => ({ vm: some('off').id, firmware: 'bios', secure_boot: true }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/secure_boot' }] }),
  },
  {
    operation: 'vm.controller.add',
    title: 'for NVMe',
    input: (world, door) => ({ vm: mine(world, door).id, kind: 'nvme', wait: 20 }),
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.controller.remove',
    title: 'that was added',
    input: async (world, door) => {
      const vm = mine(world, door);
      await done(world, `/v1/vms/${vm.id}/controllers`, { kind: 'sata' });
      const added = (await devices(world, vm, 'controller')).find((each) => each['controller_kind'] === 'sata')!;
      return { vm: vm.id, controller: String(added['key']), wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.controller.remove',
    title: 'with disks on it',
    input: async (world) => {
      const [disk] = await devices(world, world.some('on'), 'disk');
      return { vm: world.some('on').id, controller: String(disk!['controller']) };
    },
    fails: true,
    expect: () => ({ code: 'in_use' }),
  },
  {
    operation: 'vm.serial.add',
    title: 'reached by telnet',
    input: (world, door) => ({ vm: mine(world, door).id, uri: 'telnet://:3000', wait: 20 }),
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.serial.add',
    title: 'to nowhere',
    input: ({ some }) => ({ vm: some('off').id }),
    fails: true,
    expect: () => ({ code: 'invalid_input' }),
  },
  {
    operation: 'vm.serial.remove',
    title: 'that was added',
    input: async (world, door) => {
      const vm = mine(world, door);
      await done(world, `/v1/vms/${vm.id}/serial_ports`, { path: `${onItsDatastore(world, vm)}console.log` });
      return { vm: vm.id, serial: String(await firstKey(world, vm, 'serial')), wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.tpm.add',
    title: 'to a VM that is off',
    input: (world, door) => ({ vm: mine(world, door, 'off').id, wait: 20 }),
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.tpm.add',
    title: 'to one that is on',
    input: ({ some }) => ({ vm: some('on').id }),
    fails: true,
    expect: () => ({ code: 'invalid_power_state' }),
  },
];

/** A datastore that the VM's host mounts and the disk is not on. */
function otherDatastore({ gateway }: World, vm: VmRecord, { id }: { id: string }): string {
  return gateway.app.services.inventory
    .all('datastore')
    .find((datastore) => datastore.id !== id && datastore.hosts.includes(vm.host!))!.id;
}

/** `[datastore] ` of a VM, as paths begin. */
function onItsDatastore({ gateway }: World, vm: VmRecord): string {
  return `[${gateway.app.services.inventory.get('datastore', vm.datastores[0]!)!.name}] `;
}
