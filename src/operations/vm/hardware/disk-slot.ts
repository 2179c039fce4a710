/** Where a further disk of a VM hangs, and how big it is. */
import { z } from 'zod';
import type { Hardware } from './change.ts';
import {
  type ControllerKind,
  controllerKind,
  DISK_CONTROLLERS,
  type DiskControllerKind,
  defaultController,
  type Slot,
} from './controller.ts';
import { isController, isDisk, resolveDevice } from './device.ts';
import type { DeviceChanges } from './spec.ts';

const MIB = 1024 ** 2;

export const sizeGib = z.number().min(0.001).max(63_488).describe('Size, GiB; rounded up to whole MiB');

/** Whole MiB: vSphere rounds everything else. */
export function bytesOfGib(gib: number): number {
  return Math.ceil(gib * 1024) * MIB;
}

/** For sentences: `40 GiB`, `1.5 GiB`. */
export function inGib(bytes: number): string {
  return `${Math.round((bytes / MIB / 1024) * 1000) / 1000} GiB`;
}

export const controllerField = z
  .string()
  .min(1)
  .max(128)
  .optional()
  .describe(
    `Controller: a kind (${DISK_CONTROLLERS.join(', ')}; one is added when those of the VM are full), or the key or label of one that it has; that of its other disks if absent`,
  );

const isDiskKind = (kind: ControllerKind | undefined): kind is DiskControllerKind =>
  kind !== undefined && kind !== 'ide';

/**
 * A unit for a further disk. A controller that must be added for it is put into the changes.
 * @throws GatewayError `invalid_input` when there is no room, `not_found` for a controller that the VM does not have.
 */
export function slotForDisk(changes: DeviceChanges, { vm, devices }: Hardware, controller: string | undefined): Slot {
  const chosen = DISK_CONTROLLERS.find((kind) => kind === controller);
  if (chosen !== undefined) return changes.slot(chosen);
  const controllers = devices.filter(isController);
  if (controller !== undefined) return changes.slotOn(resolveDevice(controllers, controller, 'controller'));
  const used = devices
    .filter(isDisk)
    .flatMap(({ controllerKey }) => controllers.find(({ key }) => key === controllerKey) ?? [])
    .map(controllerKind)
    .filter(isDiskKind);
  const [first = defaultController(vm.guest_id), ...others] = new Set(used);
  return changes.slot(first, ...others);
}
