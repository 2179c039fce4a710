/** A device of a VM as it leaves the gateway. */
import { z } from 'zod';
import type { Context } from '../../../context.ts';
import { toId, type VmRecord } from '../../../live/model.ts';
import type { AnyVirtualDevice, AnyVirtualDeviceBackingInfo } from '../../../vsphere/vim25/types.ts';
import { Ref } from '../../shapes.ts';
import { controllerKind } from '../hardware/controller.ts';
import { DEVICE_KINDS, deviceKind, isController, isDisk, isNic, isSerial, labelOf } from '../hardware/device.ts';
import { adapterOf } from '../hardware/nic.ts';

const text = (about: string) => z.string().nullable().optional().describe(about);
const flag = (about: string) => z.boolean().nullable().optional().describe(about);

/** Fields that only some kinds have are absent from the others. */
export const Device = z.strictObject({
  key: z.number().int().describe('Key, unique in the VM: what other operations take'),
  kind: z.enum(DEVICE_KINDS).describe('What it is'),
  type: z.string().describe("vSphere's type: VirtualVmxnet3"),
  label: z.string().describe('Label: Hard disk 1'),
  summary: z.string().nullable().describe("vSphere's summary of it"),
  controller: z.number().int().nullable().describe('Key of the controller it hangs on'),
  unit: z.number().int().nullable().describe('Unit on that controller'),
  connected: flag('Drives, adapters and ports: connected now'),
  start_connected: flag('Connected when the VM powers on'),
  size_bytes: z.number().int().optional().describe('Disk: capacity, bytes'),
  thin: flag('Disk: takes space when written; null where vSphere does not say'),
  mode: text('Disk: persistent, independent_persistent or independent_nonpersistent'),
  uuid: text('Disk: UUID, which the guest sees as its serial number'),
  has_parent: z.boolean().optional().describe('Disk: holds only what changed since a snapshot or a linked clone'),
  file: text("Disk, serial port: its file, '[datastore] folder/file'"),
  datastore: Ref.nullable().optional().describe('Disk: datastore of its file'),
  mac: text('Adapter: MAC address'),
  adapter: text('Adapter: vmxnet3, e1000e, e1000 or another type'),
  network: Ref.nullable().optional().describe('Adapter: network it is plugged into; null for none that is known'),
  iso: text("CD-ROM: the image in it, '[datastore] folder/file.iso'; null for none"),
  bus: z.number().int().optional().describe('Controller: bus number'),
  controller_kind: text('Controller: pvscsi, lsilogic, lsilogic_sas, sata, nvme, ide; null for another'),
  uri: text('Serial port: URI on the network'),
  direction: text('Serial port: server (the host listens) or client'),
});
export type Device = z.infer<typeof Device>;

type Reads = Pick<Context, 'inventory'>;

const orNull = (value: string | undefined): string | null => (value === undefined || value === '' ? null : value);

function fileOf(backing: AnyVirtualDeviceBackingInfo | undefined): string | null {
  return backing !== undefined && 'fileName' in backing ? orNull(backing.fileName) : null;
}

/** The network of the inventory behind an adapter. An opaque one is known only while the VM is on no other of its kind. */
function networkOf(vm: VmRecord, backing: AnyVirtualDeviceBackingInfo | undefined, { inventory }: Reads) {
  const ofVcenter = inventory.all('network').filter(({ vcenter }) => vcenter === vm.vcenter);
  switch (backing?.$type) {
    case 'VirtualEthernetCardNetworkBackingInfo':
      return ofVcenter.find(({ moref }) => moref === backing.network?.value);
    case 'VirtualEthernetCardDistributedVirtualPortBackingInfo':
      return ofVcenter.find((network) => network.port_group_key === backing.port.portgroupKey);
    case 'VirtualEthernetCardOpaqueNetworkBackingInfo': {
      const opaque = ofVcenter.filter(({ id, type }) => type === 'OpaqueNetwork' && vm.networks.includes(id));
      return opaque.length === 1 ? opaque[0] : undefined;
    }
    default:
      return undefined;
  }
}

function ofKind(device: AnyVirtualDevice, vm: VmRecord, context: Reads): Partial<Device> {
  const { backing } = device;
  const { inventory } = context;
  if (isDisk(device)) {
    const of = backing !== undefined && 'datastore' in backing ? backing.datastore : undefined;
    const datastore = of === undefined ? undefined : inventory.get('datastore', toId(vm.vcenter, of.value));
    return {
      size_bytes: device.capacityInBytes ?? device.capacityInKB * 1024,
      thin: backing !== undefined && 'thinProvisioned' in backing ? (backing.thinProvisioned ?? null) : null,
      mode: backing !== undefined && 'diskMode' in backing ? orNull(backing.diskMode) : null,
      uuid: backing !== undefined && 'uuid' in backing ? orNull(backing.uuid) : null,
      has_parent: backing !== undefined && 'parent' in backing && backing.parent !== undefined,
      file: fileOf(backing),
      datastore: datastore === undefined ? null : { id: datastore.id, name: datastore.name },
    };
  }
  if (isNic(device)) {
    const network = networkOf(vm, backing, context);
    return {
      mac: orNull(device.macAddress),
      adapter: adapterOf(device),
      network: network === undefined ? null : { id: network.id, name: network.name },
    };
  }
  if (device.$type === 'VirtualCdrom') return { iso: fileOf(backing) };
  if (isSerial(device)) {
    const remote = backing !== undefined && 'serviceURI' in backing ? backing : undefined;
    return { file: fileOf(backing), uri: orNull(remote?.serviceURI), direction: orNull(remote?.direction) };
  }
  return isController(device) ? { bus: device.busNumber, controller_kind: controllerKind(device) ?? null } : {};
}

export function deviceRow(device: AnyVirtualDevice, vm: VmRecord, context: Reads): Device {
  const { connectable } = device;
  return {
    key: device.key,
    kind: deviceKind(device),
    type: device.$type ?? 'VirtualDevice',
    label: labelOf(device),
    summary: orNull(device.deviceInfo?.summary),
    controller: device.controllerKey ?? null,
    unit: device.unitNumber ?? null,
    ...(connectable === undefined
      ? {}
      : { connected: connectable.connected, start_connected: connectable.startConnected }),
    ...ofKind(device, vm, context),
  };
}
