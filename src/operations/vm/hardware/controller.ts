/** Controllers that disks and CD-ROM drives hang on: their types, how many there may be, and which units they have. */
import type {
  AnyVirtualDevice,
  ParaVirtualSCSIController,
  VirtualAHCIController,
  VirtualIDEController,
  VirtualLsiLogicController,
  VirtualLsiLogicSASController,
  VirtualNVMEController,
} from '../../../vsphere/vim25/types.ts';

/** Controllers that a caller may choose for a disk. */
export const DISK_CONTROLLERS = ['pvscsi', 'lsilogic_sas', 'lsilogic', 'sata', 'nvme'] as const;

export type DiskControllerKind = (typeof DISK_CONTROLLERS)[number];
export type ControllerKind = DiskControllerKind | 'ide';

type Controller =
  | ParaVirtualSCSIController
  | VirtualLsiLogicController
  | VirtualLsiLogicSASController
  | VirtualAHCIController
  | VirtualNVMEController
  | VirtualIDEController;

interface Family {
  /** Bus numbers are given out over all controllers of a family, whatever their type. */
  types: readonly AnyVirtualDevice['$type'][];
  /** Controllers of the family in one VM, at most. */
  buses: number;
  /** Unit numbers, in the order in which they are taken. */
  units: readonly number[];
}

const upTo = (count: number): number[] => [...Array(count).keys()];

const SCSI: Family = {
  types: [
    'ParaVirtualSCSIController',
    'VirtualLsiLogicSASController',
    'VirtualLsiLogicController',
    'VirtualBusLogicController',
    'VirtualSCSIController',
  ],
  buses: 4,
  // Unit 7 is the controller itself.
  units: upTo(16).filter((unit) => unit !== 7),
};

const FAMILIES: Record<ControllerKind, Family> = {
  pvscsi: SCSI,
  lsilogic_sas: SCSI,
  lsilogic: SCSI,
  sata: { types: ['VirtualAHCIController', 'VirtualSATAController'], buses: 4, units: upTo(30) },
  nvme: { types: ['VirtualNVMEController'], buses: 4, units: upTo(15) },
  ide: { types: ['VirtualIDEController'], buses: 2, units: upTo(2) },
};

const TYPES: Record<ControllerKind, Controller['$type']> = {
  pvscsi: 'ParaVirtualSCSIController',
  lsilogic_sas: 'VirtualLsiLogicSASController',
  lsilogic: 'VirtualLsiLogicController',
  sata: 'VirtualAHCIController',
  nvme: 'VirtualNVMEController',
  ide: 'VirtualIDEController',
};

/** A unit of a controller: VirtualDevice.controllerKey and unitNumber. */
export interface Slot {
  controllerKey: number;
  unitNumber: number;
}

/** Our word for a controller's type, or undefined for any other device. */
export function controllerKind(device: AnyVirtualDevice): ControllerKind | undefined {
  const found = Object.entries(TYPES).find(([, type]) => type === device.$type);
  return found?.[0] as ControllerKind | undefined; // the keys of TYPES are ControllerKinds
}

/** Whether a device is a controller of a family that disks may hang on: one that can be added and removed. */
export function isDiskController(device: AnyVirtualDevice): boolean {
  return DISK_CONTROLLERS.some((kind) => FAMILIES[kind].types.includes(device.$type));
}

/** A controller that a device change adds. @param key negative, unique in the change. */
export function newController(kind: ControllerKind, key: number, busNumber: number): Controller {
  const $type = TYPES[kind];
  switch ($type) {
    case 'ParaVirtualSCSIController':
    case 'VirtualLsiLogicSASController':
    case 'VirtualLsiLogicController':
      return { $type, key, busNumber, sharedBus: 'noSharing' };
    default:
      return { $type, key, busNumber };
  }
}

/** The first bus number that no controller of the kind's family has; undefined when there can be no more of them. */
export function freeBus(devices: readonly AnyVirtualDevice[], kind: ControllerKind): number | undefined {
  const { types, buses } = FAMILIES[kind];
  const taken = new Set(
    devices.flatMap((device) => ('busNumber' in device && types.includes(device.$type) ? [device.busNumber] : [])),
  );
  return upTo(buses).find((bus) => !taken.has(bus));
}

/** The first free unit on a controller; undefined when it is full, or not one of a kind that we know. */
export function freeUnit(devices: readonly AnyVirtualDevice[], controller: AnyVirtualDevice): Slot | undefined {
  const { key: controllerKey } = controller;
  const kind = controllerKind(controller);
  const taken = new Set(
    devices.filter((device) => device.controllerKey === controllerKey).map(({ unitNumber }) => unitNumber),
  );
  const unitNumber = kind && FAMILIES[kind].units.find((unit) => !taken.has(unit));
  return unitNumber === undefined ? undefined : { controllerKey, unitNumber };
}

/** The first free unit on the controllers of a kind that the VM has; undefined when they are full or there are none. */
export function freeSlot(devices: readonly AnyVirtualDevice[], kind: ControllerKind): Slot | undefined {
  for (const controller of devices.filter((device) => device.$type === TYPES[kind])) {
    const free = freeUnit(devices, controller);
    if (free !== undefined) return free;
  }
  return undefined;
}

/** Guests that came before the drivers for pvscsi: they boot from LSI Logic. */
const OLD_GUEST =
  /^(win(Net|2000|XP|31|95|98|Me|NT|Vista|Longhorn)|dos|os2|netware|solaris[6-9]|rhel[2-5]|centos(64)?Guest|sles(10)?(_?64)?Guest|debian[45])/i;

/** The controller that a new disk of a guest hangs on when nobody chooses one. @param guestId config.guestId */
export function defaultController(guestId: string | null): DiskControllerKind {
  return guestId !== null && OLD_GUEST.test(guestId) ? 'lsilogic' : 'pvscsi';
}
