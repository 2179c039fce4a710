/** The building blocks of device changes: places on controllers, and XML that a vCenter takes. */
import { describe, expect, it } from 'vitest';
import { newCdrom } from '../../../src/operations/vm/hardware/cdrom.ts';
import {
  type ControllerKind,
  controllerKind,
  defaultController,
  newController,
} from '../../../src/operations/vm/hardware/controller.ts';
import { existingDisk, newDisk } from '../../../src/operations/vm/hardware/disk.ts';
import { newNic } from '../../../src/operations/vm/hardware/nic.ts';
import { DeviceChanges } from '../../../src/operations/vm/hardware/spec.ts';
import { encodeCall } from '../../../src/vsphere/encode.ts';
import { vimSchema } from '../../../src/vsphere/schema.ts';
import type { AnyVirtualDevice } from '../../../src/vsphere/vim25/types.ts';
import { xsdFault } from '../../support/xsd.ts';

/** Adds so many disks and gives their places. */
function fill(changes: DeviceChanges, count: number, kind: ControllerKind): { on: number; unit: number }[] {
  return Array.from({ length: count }, () => {
    const slot = changes.slot(kind);
    changes.add(newDisk({ ...slot, key: changes.newKey(), capacityBytes: 1 << 30 }), 'create');
    return { on: slot.controllerKey, unit: slot.unitNumber };
  });
}

const controllersOf = ({ list }: DeviceChanges) =>
  list.flatMap(({ device }) => ('busNumber' in device ? [{ key: device.key, bus: device.busNumber }] : []));

describe('places on controllers', () => {
  it('leave out unit 7 of a SCSI controller, and 15 disks fill it', () => {
    const changes = new DeviceChanges();
    const places = fill(changes, 16, 'pvscsi');
    expect(places.slice(0, 15).map(({ unit }) => unit)).toEqual([0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(places[15]!.unit).toBe(0);
    expect(controllersOf(changes)).toEqual([
      { key: places[0]!.on, bus: 0 },
      { key: places[15]!.on, bus: 1 },
    ]);
  });

  it('end with the fourth controller', () => {
    const changes = new DeviceChanges();
    fill(changes, 60, 'pvscsi');
    expect(() => changes.slot('pvscsi')).toThrow('choose another controller');
    expect(changes.slot('nvme').unitNumber).toBe(0);
  });

  it('are first looked for on the controllers that the VM has', () => {
    const existing: AnyVirtualDevice[] = [
      newController('pvscsi', 1000, 0),
      newDisk({ key: 2000, controllerKey: 1000, unitNumber: 0, capacityBytes: 1 }),
      newDisk({ key: 2001, controllerKey: 1000, unitNumber: 2, capacityBytes: 1 }),
    ];
    const changes = new DeviceChanges(existing);
    expect(changes.slot('pvscsi')).toEqual({ controllerKey: 1000, unitNumber: 1 });
    changes.remove(existing[1]!);
    expect(changes.slot('pvscsi')).toEqual({ controllerKey: 1000, unitNumber: 0 });
    expect(controllersOf(changes)).toEqual([]);
  });

  it('share bus numbers between all SCSI controllers, whatever their type', () => {
    const changes = new DeviceChanges([newController('lsilogic', 1000, 0), newController('sata', 15000, 0)]);
    changes.slot('pvscsi');
    expect(controllersOf(changes)).toEqual([{ key: expect.any(Number), bus: 1 }]);
  });

  it('of a drive may be on any of several kinds', () => {
    const changes = new DeviceChanges([newController('ide', 200, 0)]);
    expect(changes.slot('sata', 'ide')).toEqual({ controllerKey: 200, unitNumber: 0 });
  });
});

describe('the controller of a disk when nobody chooses one', () => {
  it.each([
    ['ubuntu64Guest', 'pvscsi'],
    ['windows2022srvNext_64Guest', 'pvscsi'],
    ['rhel9_64Guest', 'pvscsi'],
    ['centos8_64Guest', 'pvscsi'],
    ['sles15_64Guest', 'pvscsi'],
    ['sles10_64Guest', 'lsilogic'],
    ['winNetStandardGuest', 'lsilogic'],
    ['rhel5_64Guest', 'lsilogic'],
    ['centos64Guest', 'lsilogic'],
    [null, 'pvscsi'],
  ])('of %s is %s', (guest, kind) => expect(defaultController(guest)).toBe(kind));

  it('is recognised again', () => {
    for (const kind of ['pvscsi', 'lsilogic', 'lsilogic_sas', 'sata', 'nvme', 'ide'] as const)
      expect(controllerKind(newController(kind, 1, 0))).toBe(kind);
  });
});

it('a change with all kinds of devices is XML that a vCenter takes', () => {
  const changes = new DeviceChanges();
  for (const kind of ['pvscsi', 'lsilogic', 'lsilogic_sas', 'sata', 'nvme', 'ide'] as const) fill(changes, 1, kind);
  const datastore = { name: 'ssd-01', moref: 'datastore-1' };
  const place = () => ({ key: changes.newKey(), ...changes.slot('sata') });
  changes.add(newDisk({ ...place(), capacityBytes: 1 << 30, datastore, provisioning: 'eager_zeroed' }), 'create');
  changes.add(existingDisk({ ...place(), mode: 'independent_persistent' }, '[ssd-01] a/b.vmdk'));
  changes.add(newCdrom({ ...place(), iso: '[ssd-01] iso/a.iso' }));
  changes.add(newCdrom({ ...place(), iso: null }));
  const network = { $type: 'Network', value: 'network-1' } as const;
  const backings = [
    { $type: 'VirtualEthernetCardNetworkBackingInfo', deviceName: 'VM Network', network },
    { $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo', port: { switchUuid: 'u', portgroupKey: 'k' } },
    {
      $type: 'VirtualEthernetCardOpaqueNetworkBackingInfo',
      opaqueNetworkId: 'i',
      opaqueNetworkType: 'nsx.LogicalSwitch',
    },
  ] as const;
  for (const [index, adapter] of (['vmxnet3', 'e1000e', 'e1000'] as const).entries())
    changes.add(newNic({ key: changes.newKey(), adapter, backing: backings[index]!, mac: '00:50:56:AA:BB:CC' }));
  const spec = { deviceChange: changes.list };
  const self = { $type: 'VirtualMachine', value: 'vm-1' };
  expect(xsdFault(encodeCall(vimSchema(), 'ReconfigVM_Task', self, { spec }))).toBeUndefined();
  const keys = changes.list.map(({ device }) => device.key);
  expect(new Set(keys).size).toBe(keys.length);
  expect(Math.max(...keys)).toBeLessThan(0);
});
