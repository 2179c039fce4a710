/** Adapters, drives, controllers, ports and booting: what vSphere holds after each operation, and what was sent to it. */
import { describe, expect, it } from 'vitest';
import type { VmRecord } from '../../src/live/model.ts';
import {
  change,
  datastoreOf,
  devicesOf,
  disksOf,
  inventory,
  type Json,
  must,
  NICS,
  read,
  refused,
  sent,
  useHardwareLab,
  vmThat,
  witness,
} from './hardware-lab.ts';

useHardwareLab();

describe('a network adapter', () => {
  it('is added on a standard network and on a distributed port group', async () => {
    const vm = vmThat();
    await change('vm.nic.add', { vm: vm.id, network: 'VM Network', adapter: 'e1000e', mac: '00:50:56:AA:00:01' });
    await change('vm.nic.add', { vm: vm.id, network: 'pg-mgmt', connected: false });
    const [, standard, distributed] = (await devicesOf(vm, ...NICS)).sort((a, b) => a.key - b.key);
    expect(standard).toMatchObject({
      $type: 'VirtualE1000e',
      macAddress: '00:50:56:aa:00:01',
      addressType: 'manual',
      backing: { deviceName: 'VM Network' },
    });
    expect(distributed.connectable).toMatchObject({ startConnected: false });
    const { items } = await must('vm.device.list', { vm: vm.id, kind: 'nic' });
    expect(items.slice(1).map(({ network }: Json) => network.name)).toEqual(['VM Network', 'pg-mgmt']);
    const portGroup = inventory().get('network', items[2].network.id)!;
    expect(distributed.backing.port.portgroupKey).toBe(portGroup.port_group_key);
  });

  it('changes network, MAC address and connection, and keeps the rest', async () => {
    const vm = vmThat(({ power_state: state }) => state === 'on');
    const [before] = await devicesOf(vm, ...NICS);
    await change('vm.nic.update', { vm: vm.id, nic: before.key, network: 'Backup Network' });
    await change('vm.nic.update', { vm: vm.id, nic: before.key, mac: '00:50:56:AA:00:02' });
    await change('vm.nic.update', { vm: vm.id, nic: before.key, connected: false });
    const [after] = await devicesOf(vm, ...NICS);
    expect(after).toMatchObject({
      $type: before.$type,
      key: before.key,
      unitNumber: before.unitNumber,
      macAddress: '00:50:56:aa:00:02',
      backing: { $type: 'VirtualEthernetCardNetworkBackingInfo', deviceName: 'Backup Network' },
      connectable: { connected: false, startConnected: false, allowGuestControl: before.connectable.allowGuestControl },
    });
  });

  it('is removed', async () => {
    const vm = vmThat();
    const [nic] = await devicesOf(vm, ...NICS);
    await change('vm.nic.remove', { vm: vm.id, nic: nic.deviceInfo.label });
    expect(await devicesOf(vm, ...NICS)).toEqual([]);
    expect(await refused('vm.nic.remove', { vm: vm.id, nic: nic.key })).toMatchObject({
      code: 'not_found',
      detail: expect.stringContaining('it has none'),
    });
  });
});

describe('a CD-ROM drive', () => {
  const isosOf = async (vm: VmRecord) => (await devicesOf(vm, 'VirtualCdrom')).map(({ backing }) => backing.fileName);

  it('comes with the first image, takes the next in its place, and stays when that is ejected', async () => {
    const vm = vmThat(({ power_state: state }) => state === 'on');
    const on = `[${datastoreOf(vm).name}] `;
    await change('vm.cdrom.mount', { vm: vm.id, path: `${on}iso/a.iso` });
    await change('vm.cdrom.mount', { vm: vm.id, path: `${on}iso/b.ISO` });
    expect(await isosOf(vm)).toEqual([`${on}iso/b.ISO`]);
    const [drive] = await devicesOf(vm, 'VirtualCdrom');
    expect(drive.connectable).toMatchObject({ connected: true, startConnected: true });
    await change('vm.cdrom.eject', { vm: vm.id });
    expect(await isosOf(vm)).toEqual([undefined]);
    expect(await refused('vm.cdrom.eject', { vm: vm.id })).toMatchObject({ code: 'invalid_state' });
  });

  it('is asked for when several are loaded', async () => {
    const vm = vmThat();
    const on = `[${datastoreOf(vm).name}] `;
    await change('vm.cdrom.mount', { vm: vm.id, path: `${on}a.iso` });
    await addDrive(vm, `${on}b.iso`);
    const drives = await devicesOf(vm, 'VirtualCdrom');
    expect(await refused('vm.cdrom.eject', { vm: vm.id })).toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer: '/device' }],
    });
    expect(await refused('vm.cdrom.mount', { vm: vm.id, path: `${on}c.iso` })).toMatchObject({ code: 'invalid_input' });
    await change('vm.cdrom.mount', { vm: vm.id, path: `${on}c.iso`, device: drives[1].key });
    expect((await isosOf(vm)).sort()).toEqual([`${on}a.iso`, `${on}c.iso`]);
  });

  /** A second drive, which no operation adds. */
  async function addDrive(vm: VmRecord, fileName: string): Promise<void> {
    const [ide] = (await devicesOf(vm, 'VirtualIDEController')).slice(-1);
    const task = await witness.session('requests').call(
      'ReconfigVM_Task',
      { $type: 'VirtualMachine', value: vm.moref },
      {
        spec: {
          deviceChange: [
            {
              operation: 'add',
              device: {
                $type: 'VirtualCdrom',
                key: -1,
                controllerKey: ide.key,
                unitNumber: 1,
                backing: { $type: 'VirtualCdromIsoBackingInfo', fileName },
              },
            },
          ],
        },
      },
    );
    await expect
      .poll(async () => (await witness.session('requests').read(task, ['info.state']))['info.state'])
      .toBe('success');
  }
});

describe('booting', () => {
  it('goes by kinds and single devices, and vm.boot.get tells it again', async () => {
    const vm = vmThat();
    await change('vm.disk.add', { vm: vm.id, size_gib: 1 });
    const disks = await disksOf(vm);
    const last = disks.at(-1);
    const [nic] = await devicesOf(vm, 'VirtualVmxnet3');
    await change('vm.boot.set', { vm: vm.id, order: ['nic', last.deviceInfo.label, 'disk'], delay_ms: 2000 });
    const { 'config.bootOptions': options } = await read(vm, 'config.bootOptions');
    const keys = options.bootOrder.map(({ deviceKey }: Json) => deviceKey);
    expect(keys).toEqual([nic.key, last.key, ...disks.map(({ key }) => key).filter((key) => key !== last.key)]);
    const boot = await must('vm.boot.get', { vm: vm.id });
    expect(boot).toMatchObject({ firmware: 'efi', delay_ms: 2000 });
    expect(boot.order.slice(0, 2)).toEqual([
      { kind: 'nic', key: nic.key, label: nic.deviceInfo.label },
      { kind: 'disk', key: last.key, label: last.deviceInfo.label },
    ]);
    await change('vm.boot.set', { vm: vm.id, order: [] });
    expect(sent.at(-1)).toMatch(/<bootOrder[^>]*(\/>|><\/bootOrder>)/);
    expect((await must('vm.boot.get', { vm: vm.id })).order).toEqual([]);
  });

  it('with Secure Boot needs EFI, before and after', async () => {
    const vm = vmThat();
    await change('vm.boot.set', { vm: vm.id, secure_boot: true });
    expect(await must('vm.boot.get', { vm: vm.id })).toMatchObject({ secure_boot: true });
    expect(await refused('vm.boot.set', { vm: vm.id, firmware: 'bios' })).toMatchObject({ code: 'invalid_input' });
    await change('vm.boot.set', { vm: vm.id, firmware: 'bios', secure_boot: false, enter_setup: true });
    expect(await must('vm.boot.get', { vm: vm.id })).toMatchObject({ firmware: 'bios', enter_setup: true });
    expect(await refused('vm.boot.set', { vm: vm.id, secure_boot: true })).toMatchObject({ code: 'invalid_input' });
    expect(await refused('vm.tpm.add', { vm: vm.id })).toMatchObject({ code: 'invalid_state' });
  });

  it('does not start from what the VM does not have', async () => {
    const vm = vmThat();
    expect(await refused('vm.boot.set', { vm: vm.id, order: ['disk', 'floppy'] })).toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer: '/order/1' }],
    });
    expect(await refused('vm.boot.set', { vm: vm.id, order: ['Hard disk 99'] })).toMatchObject({ code: 'not_found' });
    expect(await refused('vm.boot.set', { vm: vm.id })).toMatchObject({ code: 'invalid_input' });
  });
});

describe('controllers, serial ports and the TPM', () => {
  it('a fifth controller of a family is refused, an empty one can go, one in use not', async () => {
    const vm = vmThat();
    for (const kind of ['pvscsi', 'lsilogic', 'lsilogic_sas']) await change('vm.controller.add', { vm: vm.id, kind });
    expect(await refused('vm.controller.add', { vm: vm.id, kind: 'pvscsi' })).toMatchObject({ code: 'invalid_state' });
    const [first, second] = await devicesOf(vm, 'ParaVirtualSCSIController');
    expect(await refused('vm.controller.remove', { vm: vm.id, controller: first.key })).toMatchObject({
      code: 'in_use',
    });
    await change('vm.controller.remove', { vm: vm.id, controller: second.key });
    expect((await devicesOf(vm, 'ParaVirtualSCSIController')).map(({ key }) => key)).toEqual([first.key]);
    const [ide] = await devicesOf(vm, 'VirtualIDEController');
    expect(await refused('vm.controller.remove', { vm: vm.id, controller: ide.key })).toMatchObject({
      code: 'not_found',
    });
  });

  it('a serial port goes to the network or into a log file, and away', async () => {
    const vm = vmThat();
    const log = `[${datastoreOf(vm).name}] ${vm.name}/console.log`;
    await change('vm.serial.add', { vm: vm.id, uri: 'tcp://10.0.0.5:3000', direction: 'client' });
    await change('vm.serial.add', { vm: vm.id, path: log });
    const { items } = await must('vm.device.list', { vm: vm.id, kind: 'serial' });
    expect(items).toMatchObject([{ uri: 'tcp://10.0.0.5:3000', direction: 'client', file: null }, { file: log }]);
    await change('vm.serial.remove', { vm: vm.id, serial: items[0].key });
    expect((await devicesOf(vm, 'VirtualSerialPort')).map(({ key }) => key)).toEqual([items[1].key]);
    const both = { uri: 'telnet://:1', path: log };
    expect(await refused('vm.serial.add', { vm: vm.id, ...both })).toMatchObject({ code: 'invalid_input' });
    const vmx = `[${datastoreOf(vm).name}] ${vm.name}/${vm.name}.vmx`;
    expect(await refused('vm.serial.add', { vm: vm.id, path: vmx })).toMatchObject({ code: 'invalid_input' });
  });

  it('a VM has at most one TPM', async () => {
    const vm = vmThat(({ power_state: state }) => state === 'off');
    await change('vm.tpm.add', { vm: vm.id });
    expect(await devicesOf(vm, 'VirtualTPM')).toHaveLength(1);
    expect(await refused('vm.tpm.add', { vm: vm.id })).toMatchObject({ code: 'already_exists' });
    expect((await must('vm.device.list', { vm: vm.id, kind: 'tpm' })).total).toBe(1);
  });
});
