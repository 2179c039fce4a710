/** Devices and disks: what vSphere holds after each operation, read past the gateway, and what was sent to it. */
import { describe, expect, it } from 'vitest';
import type { VmRecord } from '../../src/live/model.ts';
import {
  change,
  datastoreOf,
  devicesOf,
  disksOf,
  followers,
  inventory,
  type Json,
  lab,
  must,
  otherDatastoreOf,
  proxy,
  read,
  refused,
  sent,
  useHardwareLab,
  vmThat,
} from './hardware-lab.ts';

useHardwareLab();

describe('vm.device.list', () => {
  it('shows the devices that vSphere has, with the networks and datastores of the inventory', async () => {
    const vm = vmThat(({ networks }) => networks.length > 0);
    const { items, change_version } = await must('vm.device.list', { vm: vm.id });
    const devices = await devicesOf(vm);
    expect(items.map(({ key, type }: Json) => `${key} ${type}`).sort()).toEqual(
      devices.map(({ key, $type }) => `${key} ${$type}`).sort(),
    );
    expect(change_version).toBe((await read(vm, 'config.changeVersion'))['config.changeVersion']);
    const [disk] = await disksOf(vm);
    expect(items.find(({ kind }: Json) => kind === 'disk')).toMatchObject({
      size_bytes: disk.capacityInBytes,
      file: disk.backing.fileName,
      datastore: { id: datastoreOf(vm).id, name: datastoreOf(vm).name },
      controller: disk.controllerKey,
      unit: disk.unitNumber,
    });
    expect(items.find(({ kind }: Json) => kind === 'nic').network).toEqual({
      id: vm.networks[0],
      name: inventory().get('network', vm.networks[0]!)!.name,
    });
  });

  it('names the network of an adapter on a standard and on a distributed port group', async () => {
    const names = async (type: string) => {
      const vm = vmThat(({ networks }) => inventory().get('network', networks[0]!)?.type === type);
      const { items } = await must('vm.device.list', { vm: vm.id, kind: 'nic' });
      return [items[0].network.id, vm.networks[0]];
    };
    for (const type of ['Network', 'DistributedVirtualPortgroup']) {
      const [listed, held] = await names(type);
      expect(listed, type).toBe(held);
    }
  });
});

describe('a disk', () => {
  it('is added on the next free unit beside the others, thin, and the answer finds it in place', async () => {
    const vm = vmThat();
    const before = await disksOf(vm);
    await change('vm.disk.add', { vm: vm.id, size_gib: 1.5 });
    const added = (await disksOf(vm)).find(({ key }) => !before.some((disk) => disk.key === key));
    expect(added).toMatchObject({
      capacityInBytes: 1.5 * 1024 ** 3,
      controllerKey: before[0].controllerKey,
      backing: { thinProvisioned: true, diskMode: 'persistent' },
    });
    expect(before.map(({ unitNumber }) => unitNumber)).not.toContain(added.unitNumber);
  });

  it('is added on another datastore, thick, and on a new controller when one is asked for', async () => {
    const vm = vmThat();
    const datastore = otherDatastoreOf(vm);
    await change('vm.disk.add', {
      vm: vm.id,
      size_gib: 2,
      thin: false,
      datastore: datastore.name,
      controller: 'nvme',
      mode: 'independent_persistent',
    });
    const [controller] = await devicesOf(vm, 'VirtualNVMEController');
    const added = (await disksOf(vm)).find(({ controllerKey }) => controllerKey === controller.key);
    expect(added.backing).toMatchObject({ thinProvisioned: false, diskMode: 'independent_persistent' });
    expect(added.backing.fileName).toMatch(`[${datastore.name}] `);
  });

  it('is added on the very controller that is named', async () => {
    const vm = vmThat();
    await change('vm.controller.add', { vm: vm.id, kind: 'pvscsi' });
    const controllers = await devicesOf(vm, 'ParaVirtualSCSIController');
    expect(controllers.map(({ busNumber }) => busNumber)).toEqual([0, 1]);
    await change('vm.disk.add', { vm: vm.id, size_gib: 1, controller: String(controllers[1].key) });
    expect((await disksOf(vm)).map(({ controllerKey }) => controllerKey)).toContain(controllers[1].key);
  });

  it('grows, and never shrinks', async () => {
    const vm = vmThat();
    const [disk] = await disksOf(vm);
    const gib = disk.capacityInBytes / 1024 ** 3;
    const label = disk.deviceInfo.label.toUpperCase();
    await change('vm.disk.extend', { vm: vm.id, disk: label, size_gib: gib + 1 });
    expect((await disksOf(vm)).find(({ key }) => key === disk.key).capacityInBytes).toBe((gib + 1) * 1024 ** 3);
    sent.splice(0);
    for (const size_gib of [gib + 1, gib])
      expect(await refused('vm.disk.extend', { vm: vm.id, disk: disk.key, size_gib })).toMatchObject({
        code: 'invalid_input',
        errors: [{ pointer: '/size_gib' }],
      });
    expect(sent).toEqual([]);
  });

  it('under a snapshot is not extended, with the reason', async () => {
    const vm = inventory()
      .all('vm')
      .find(({ snapshots }) => snapshots.length > 0)!;
    const [disk] = await disksOf(vm);
    const { code, detail } = await refused('vm.disk.extend', { vm: vm.id, disk: disk.key, size_gib: 60_000 });
    expect([code, detail]).toEqual(['invalid_state', expect.stringContaining('vm.snapshot.remove_all')]);
    expect(sent).toEqual([]);
  });

  it('is removed with its file, which cannot be attached again', async () => {
    const vm = vmThat();
    const [disk] = await disksOf(vm);
    expect(await refused('vm.disk.remove', { vm: vm.id, disk: disk.key })).toMatchObject({
      code: 'confirmation_required',
      detail: expect.stringContaining(disk.backing.fileName),
    });
    await change('vm.disk.remove', { vm: vm.id, disk: disk.key, confirm: vm.name });
    expect(sent.at(-1)).toContain('<fileOperation>destroy</fileOperation>');
    expect((await disksOf(vm)).map(({ key }) => key)).not.toContain(disk.key);
    const again = await refused('vm.disk.attach', { vm: vm.id, path: disk.backing.fileName, wait: 20 });
    expect(again.code).toBe('not_found');
  });

  it('is removed without its file, needs no confirmation, and another VM can have it', async () => {
    const [from, to] = [vmThat(), vmThat((vm) => datastoreOf(vm) !== undefined)];
    const [disk] = await disksOf(from);
    await change('vm.disk.remove', { vm: from.id, disk: disk.key, keep_file: true });
    expect(sent.at(-1)).not.toContain('fileOperation');
    await change('vm.disk.attach', { vm: to.id, path: disk.backing.fileName });
    expect((await disksOf(to)).map(({ backing }) => backing.fileName)).toContain(disk.backing.fileName);
    expect(await refused('vm.disk.attach', { vm: to.id, path: disk.backing.fileName })).toMatchObject({
      code: 'already_exists',
    });
  });

  it('is moved alone: the call names it, its new datastore, and none for the rest of the VM', async () => {
    const vm = vmThat();
    const [disk] = await disksOf(vm);
    const datastore = otherDatastoreOf(vm);
    await change('vm.disk.move', { vm: vm.id, disk: disk.key, datastore: datastore.id });
    expect(sent.at(-1)).toMatch(
      new RegExp(
        `<spec><disk><diskId>${disk.key}</diskId><datastore type="Datastore">${datastore.moref}</datastore></disk></spec>`,
      ),
    );
    const { code } = await refused('vm.disk.move', { vm: vm.id, disk: disk.key, datastore: datastoreOf(vm).id });
    expect(code).toBe('invalid_state');
  });
});

describe('a change', () => {
  it('carries the version that it was planned on, and is busy when somebody else was quicker', async () => {
    const vm = vmThat();
    const { 'config.changeVersion': version } = await read(vm, 'config.changeVersion');
    await lab.fault({ method: 'ReconfigVM_Task', moid: vm.moref, fault: 'ConcurrentAccess', count: 1 });
    const problem = await refused('vm.disk.add', { vm: vm.id, size_gib: 1 });
    expect(problem).toMatchObject({ code: 'busy', retryable: true, fault: 'ConcurrentAccess' });
    expect(sent).toEqual([expect.stringContaining(`<changeVersion>${version}</changeVersion>`)]);
    await change('vm.disk.add', { vm: vm.id, size_gib: 1 });
  });

  it('is in the inventory when its task is said to have ended', async () => {
    const vm = vmThat();
    // The first change answers the poll that is under way; the second arrives with one that is held up.
    const where = (body: string) => followers.some((collector) => body.includes(collector));
    const held = proxy.rule({ method: 'WaitForUpdatesEx', where, action: { kind: 'delay', ms: 500 } });
    for (const delay_ms of [100, 200]) await change('vm.boot.set', { vm: vm.id, delay_ms });
    const shown = inventory().get('vm', vm.id)!.change_version;
    expect(held.hits()).toBeGreaterThan(0);
    expect((await read(vm, 'config.changeVersion'))['config.changeVersion']).toBe(shown);
  });

  it('is refused for a template', async () => {
    const template = inventory()
      .all('vm')
      .find((vm) => vm.template)!;
    expect(await refused('vm.disk.add', { vm: template.id, size_gib: 1 })).toMatchObject({ code: 'invalid_state' });
    expect(await refused('vm.nic.remove', { vm: template.id, nic: 4000 })).toMatchObject({ code: 'invalid_state' });
  });
});

describe('a path on a datastore', () => {
  const hostile = [
    'a/../b.vmdk',
    '../b.vmdk',
    'a/%2e%2e/b.vmdk',
    'a/%252e%252e/b.vmdk',
    'a%2f..%2fb.vmdk',
    'a\\..\\b.vmdk',
    'a%5cb.vmdk',
    'a/‥/b.vmdk',
    'a/．．/b.vmdk',
    'a/./b.vmdk',
    'a//b.vmdk',
    '/b.vmdk',
    'a/\u0000b.vmdk',
    'a/%00b.vmdk',
    'a/b\n.vmdk',
    'a/\u202eb.vmdk',
    'b.vmx',
    '] [other] b.vmdk',
  ];

  it.each(hostile)('like %j is refused before anything is sent', async (file) => {
    const vm = inventory().all('vm')[0]!;
    const problem = await refused('vm.disk.attach', { vm: vm.id, path: `[${datastoreOf(vm).name}] ${file}` });
    expect(problem).toMatchObject({ code: 'invalid_input', errors: [{ pointer: '/path' }] });
    expect(sent).toEqual([]);
  });

  it('must be on a datastore that the VM can reach', async () => {
    const vm = inventory().all('vm')[0]!;
    for (const path of ['[nowhere] b.vmdk', 'b.vmdk', '[] b.vmdk', `[${datastoreOf(vm).id}] b.vmdk`]) {
      expect(await refused('vm.disk.attach', { vm: vm.id, path }), path).toMatchObject({ code: 'invalid_input' });
    }
  });
});

describe('a datastore of another datacenter', () => {
  const foreignTo = (vm: VmRecord) =>
    inventory()
      .all('datastore')
      .find(({ hosts }) => !hosts.includes(vm.host!))!;

  it('takes no disk of a VM', async () => {
    const vm = inventory().all('vm')[0]!;
    const { id, name } = foreignTo(vm);
    const [disk] = await disksOf(vm);
    const calls: [string, object][] = [
      ['vm.disk.add', { size_gib: 1, datastore: id }],
      ['vm.disk.move', { disk: disk.key, datastore: id }],
    ];
    for (const [operation, input] of calls) {
      expect(await refused(operation, { vm: vm.id, ...input }), operation).toMatchObject({
        code: 'invalid_input',
        detail: expect.stringContaining(`does not mount the datastore '${name}'`),
      });
    }
    expect(sent).toEqual([]);
  });
});
