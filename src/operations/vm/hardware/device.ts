/** The devices of a VM as vSphere keeps them: told apart by kind, and found by key or label. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import type {
  AnyVirtualDevice,
  AnyVirtualEthernetCard,
  VirtualCdrom,
  VirtualDisk,
  VirtualSerialPort,
} from '../../../vsphere/vim25/types.ts';

export const DEVICE_KINDS = ['disk', 'nic', 'cdrom', 'controller', 'serial', 'usb', 'tpm', 'other'] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

const NICS: ReadonlySet<string | undefined> = new Set([
  'VirtualEthernetCard',
  'VirtualE1000',
  'VirtualE1000e',
  'VirtualPCNet32',
  'VirtualSriovEthernetCard',
  'VirtualVmxnet',
  'VirtualVmxnet2',
  'VirtualVmxnet3',
  'VirtualVmxnet3Vrdma',
]);

const KINDS: Readonly<Record<string, DeviceKind>> = {
  VirtualDisk: 'disk',
  VirtualCdrom: 'cdrom',
  VirtualSerialPort: 'serial',
  VirtualUSB: 'usb',
  VirtualTPM: 'tpm',
};

export const isDisk = (device: AnyVirtualDevice): device is VirtualDisk => device.$type === 'VirtualDisk';
export const isCdrom = (device: AnyVirtualDevice): device is VirtualCdrom => device.$type === 'VirtualCdrom';
export const isSerial = (device: AnyVirtualDevice): device is VirtualSerialPort => device.$type === 'VirtualSerialPort';
export const isNic = (device: AnyVirtualDevice): device is AnyVirtualEthernetCard => NICS.has(device.$type);
export const isController = (device: AnyVirtualDevice): device is AnyVirtualDevice & { busNumber: number } =>
  'busNumber' in device;

export function deviceKind(device: AnyVirtualDevice): DeviceKind {
  if (isNic(device)) return 'nic';
  return KINDS[device.$type ?? ''] ?? (isController(device) ? 'controller' : 'other');
}

/** What a person calls a device: VirtualDevice.deviceInfo.label, unique in a VM by vSphere's making. */
export function labelOf({ deviceInfo, key }: AnyVirtualDevice): string {
  return deviceInfo?.label ?? String(key);
}

/** A reference to a device in an input. */
export const deviceRef = (what: string, example: string) =>
  z
    .union([z.string().min(1).max(128), z.number().int().min(0)])
    .describe(`${what}: its key (${example}) or label, as vm.device.list shows them`);

/** `2000 'Hard disk 1', 2001 'Hard disk 2'` */
export function named(devices: readonly AnyVirtualDevice[]): string {
  return devices.map((device) => `${device.key} '${labelOf(device)}'`).join(', ');
}

/**
 * The one device that a reference names among those of a kind.
 * @param what the kind in words: `disk`.
 * @throws GatewayError `not_found`, `ambiguous_name`.
 */
export function resolveDevice<D extends AnyVirtualDevice>(
  devices: readonly D[],
  reference: string | number,
  what: string,
): D {
  const wanted = String(reference).trim().toLowerCase();
  const byKey = devices.find(({ key }) => String(key) === wanted);
  if (byKey !== undefined) return byKey;
  const found = devices.filter((device) => labelOf(device).toLowerCase() === wanted);
  const [only] = found;
  if (only === undefined) {
    const there = devices.length === 0 ? 'it has none' : `it has ${named(devices)}`;
    throw new GatewayError('not_found', `The VM has no ${what} '${reference}'; ${there}.`);
  }
  if (found.length > 1) {
    throw new GatewayError(
      'ambiguous_name',
      `'${reference}' fits ${found.length} devices; use the key: ${named(found)}.`,
    );
  }
  return only;
}
