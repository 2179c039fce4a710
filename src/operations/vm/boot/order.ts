/** The boot order of a VM: from kinds and devices to VirtualMachineBootOptions.bootOrder, and back. */
import { GatewayError } from '../../../errors.ts';
import type {
  AnyVirtualDevice,
  AnyVirtualMachineBootOptionsBootableDevice,
  VirtualMachineBootOptions,
} from '../../../vsphere/vim25/types.ts';
import { isCdrom, isDisk, isNic, labelOf, resolveDevice } from '../hardware/device.ts';

/** Kinds that a VM can boot from. vSphere tells drives apart no further than that they are drives. */
export const BOOT_KINDS = ['disk', 'nic', 'cdrom', 'floppy'] as const;
export type BootKind = (typeof BOOT_KINDS)[number];

const MEMBERS: Record<BootKind, (device: AnyVirtualDevice) => boolean> = {
  disk: isDisk,
  nic: isNic,
  cdrom: isCdrom,
  floppy: ({ $type }) => $type === 'VirtualFloppy',
};

function bootable(kind: BootKind, deviceKey: number): AnyVirtualMachineBootOptionsBootableDevice {
  switch (kind) {
    case 'disk':
      return { $type: 'VirtualMachineBootOptionsBootableDiskDevice', deviceKey };
    case 'nic':
      return { $type: 'VirtualMachineBootOptionsBootableEthernetDevice', deviceKey };
    case 'cdrom':
      return { $type: 'VirtualMachineBootOptionsBootableCdromDevice' };
    case 'floppy':
      return { $type: 'VirtualMachineBootOptionsBootableFloppyDevice' };
  }
}

interface Entry {
  kind: BootKind;
  device: AnyVirtualDevice;
}

const bootables = (devices: readonly AnyVirtualDevice[]): Entry[] =>
  devices.flatMap((device) => BOOT_KINDS.filter((kind) => MEMBERS[kind](device)).map((kind) => ({ kind, device })));

/**
 * @param order kinds, each for all of that kind by key, and keys or labels of single devices.
 * @returns what `bootOrder` is set to, each device once. For an empty order one element of the bare base type: on its own
 * an empty list says "as it is".
 * @throws GatewayError `invalid_input` for a kind that the VM does not have, `not_found` for a device.
 */
export function bootOrder(
  order: readonly (string | number)[],
  devices: readonly AnyVirtualDevice[],
): AnyVirtualMachineBootOptionsBootableDevice[] {
  if (order.length === 0) return [{ $type: 'VirtualMachineBootOptionsBootableDevice' }];
  const all = bootables(devices).sort((a, b) => a.device.key - b.device.key);
  const chosen = order.flatMap((wanted, index) => {
    const kind = BOOT_KINDS.find((each) => each === wanted);
    const found =
      kind === undefined
        ? all.filter(
            ({ device }) =>
              device ===
              resolveDevice(
                all.map((entry) => entry.device),
                wanted,
                'bootable device',
              ),
          )
        : all.filter((entry) => entry.kind === kind);
    if (found.length > 0) return found;
    throw new GatewayError('invalid_input', `The VM has no ${kind} to boot from.`, {
      errors: [{ pointer: `/order/${index}`, message: `There is no ${kind}` }],
    });
  });
  const seen = new Set<string>();
  return chosen.flatMap(({ kind, device }) => {
    const element = bootable(kind, device.key);
    const id = JSON.stringify(element);
    if (seen.has(id)) return [];
    seen.add(id);
    return [element];
  });
}

export interface OrderedDevice {
  kind: BootKind;
  key: number | null;
  label: string | null;
}

/** What a configured order names; drives and floppies have no key in it. */
export function orderOf(
  { bootOrder: order = [] }: VirtualMachineBootOptions,
  devices: readonly AnyVirtualDevice[],
): OrderedDevice[] {
  return order.flatMap((element): OrderedDevice[] => {
    switch (element.$type) {
      case 'VirtualMachineBootOptionsBootableDiskDevice':
      case 'VirtualMachineBootOptionsBootableEthernetDevice': {
        const device = devices.find(({ key }) => key === element.deviceKey);
        const kind = element.$type === 'VirtualMachineBootOptionsBootableDiskDevice' ? 'disk' : 'nic';
        return [{ kind, key: element.deviceKey, label: device === undefined ? null : labelOf(device) }];
      }
      case 'VirtualMachineBootOptionsBootableCdromDevice':
        return [{ kind: 'cdrom', key: null, label: null }];
      case 'VirtualMachineBootOptionsBootableFloppyDevice':
        return [{ kind: 'floppy', key: null, label: null }];
      default:
        return [];
    }
  });
}

/** config.bootOptions as it was read. */
export function bootOptionsOf(value: unknown): VirtualMachineBootOptions {
  return typeof value === 'object' && value !== null ? value : {};
}
