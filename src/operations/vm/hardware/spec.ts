/** The deviceChange of a VirtualMachineConfigSpec while it is put together: keys for what is new, and room on controllers. */
import { GatewayError } from '../../../errors.ts';
import type {
  AnyVirtualDevice,
  VirtualDeviceConfigSpec,
  VirtualDeviceConfigSpecFileOperation,
} from '../../../vsphere/vim25/types.ts';
import { type ControllerKind, freeBus, freeSlot, freeUnit, newController, type Slot } from './controller.ts';

/** vSphere gives the real keys; until then new devices of one change know each other by negative ones. */
const FIRST_KEY = -101;

export class DeviceChanges {
  readonly #devices: AnyVirtualDevice[];
  readonly #list: VirtualDeviceConfigSpec[] = [];
  #nextKey = FIRST_KEY;

  /** @param existing config.hardware.device of the VM; nothing for a VM to be made. */
  constructor(existing: readonly AnyVirtualDevice[] = []) {
    this.#devices = [...existing];
  }

  /** What `deviceChange` is set to. */
  get list(): VirtualDeviceConfigSpec[] {
    return [...this.#list];
  }

  /** A key for a new device. */
  newKey(): number {
    const key = this.#nextKey;
    this.#nextKey -= 1;
    return key;
  }

  /**
   * A free unit for a disk or drive: on a controller of these kinds that the VM has, else on a new one of the first kind.
   * @throws GatewayError `invalid_input` when the VM can have no more controllers of that kind.
   */
  slot(first: ControllerKind, ...others: ControllerKind[]): Slot {
    for (const kind of [first, ...others]) {
      const free = freeSlot(this.#devices, kind);
      if (free !== undefined) return free;
    }
    const bus = freeBus(this.#devices, first);
    if (bus === undefined) {
      throw new GatewayError(
        'invalid_input',
        `The VM has no free unit for another device on ${first}, and vSphere allows no further controller of its kind; choose another controller.`,
      );
    }
    const controller = newController(first, this.newKey(), bus);
    this.add(controller);
    return freeSlot([controller], first) ?? { controllerKey: controller.key, unitNumber: 0 };
  }

  /** A free unit on one controller of the VM. @throws GatewayError `invalid_input` when it is full or takes no disks. */
  slotOn(controller: AnyVirtualDevice): Slot {
    const free = freeUnit(this.#devices, controller);
    if (free !== undefined) return free;
    throw new GatewayError(
      'invalid_input',
      `The controller '${controller.deviceInfo?.label ?? controller.key}' has no free unit; choose another controller.`,
    );
  }

  /** @param fileOperation `create` for a disk whose file is to be made. */
  add(device: AnyVirtualDevice, fileOperation?: VirtualDeviceConfigSpecFileOperation): void {
    this.#devices.push(device);
    this.#list.push({ operation: 'add', ...(fileOperation === undefined ? {} : { fileOperation }), device });
  }

  /** @param device the device with its key and all that it has from now on. */
  edit(device: AnyVirtualDevice): void {
    this.#list.push({ operation: 'edit', device });
  }

  /** @param fileOperation `destroy` to delete the file of a disk, too. */
  remove(device: AnyVirtualDevice, fileOperation?: VirtualDeviceConfigSpecFileOperation): void {
    const at = this.#devices.findIndex(({ key }) => key === device.key);
    if (at >= 0) this.#devices.splice(at, 1);
    this.#list.push({ operation: 'remove', ...(fileOperation === undefined ? {} : { fileOperation }), device });
  }
}
