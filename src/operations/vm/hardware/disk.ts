/** Virtual disks as device changes name them. */
import type { VirtualDisk, VirtualDiskFlatVer2BackingInfo } from '../../../vsphere/vim25/types.ts';
import type { Slot } from './controller.ts';

/** A datastore, as far as a path and a reference need it: a DatastoreRecord will do. */
export interface DatastoreName {
  name: string;
  moref: string;
}

/** How the space of a disk is taken: when written, at once, or at once and zeroed. */
export const PROVISIONING = ['thin', 'thick', 'eager_zeroed'] as const;
export type Provisioning = (typeof PROVISIONING)[number];

/** VirtualDiskMode */
export const DISK_MODES = ['persistent', 'independent_persistent', 'independent_nonpersistent'] as const;
export type DiskMode = (typeof DISK_MODES)[number];

export interface NewDisk extends Slot {
  /** Negative, unique in the change. */
  key: number;
  capacityBytes: number;
  /** Where its file goes; undefined: with the VM. */
  datastore?: DatastoreName | undefined;
  provisioning?: Provisioning;
  mode?: DiskMode;
}

const KIB = 1024;

function backing(
  datastore: DatastoreName | undefined,
  fileName: string,
  mode: DiskMode | undefined,
): VirtualDiskFlatVer2BackingInfo {
  return {
    $type: 'VirtualDiskFlatVer2BackingInfo',
    fileName,
    ...(datastore === undefined ? {} : { datastore: { $type: 'Datastore', value: datastore.moref } }),
    diskMode: mode ?? 'persistent',
  };
}

/** A disk to be made: add it with fileOperation `create`. vSphere names the file; it lies in the VM's folder. */
export function newDisk(disk: NewDisk): VirtualDisk {
  const { key, controllerKey, unitNumber, capacityBytes, datastore, provisioning = 'thin', mode } = disk;
  return {
    $type: 'VirtualDisk',
    key,
    controllerKey,
    unitNumber,
    capacityInKB: Math.ceil(capacityBytes / KIB),
    capacityInBytes: capacityBytes,
    backing: {
      ...backing(datastore, datastore === undefined ? '' : `[${datastore.name}]`, mode),
      thinProvisioned: provisioning === 'thin',
      ...(provisioning === 'eager_zeroed' ? { eagerlyScrub: true } : {}),
    },
  };
}

/** A disk whose file exists: add it without a fileOperation. @param path `[datastore] folder/disk.vmdk` */
export function existingDisk(
  disk: Omit<NewDisk, 'capacityBytes' | 'provisioning' | 'datastore'>,
  path: string,
): VirtualDisk {
  const { key, controllerKey, unitNumber, mode } = disk;
  // The size is the file's; the type of the field asks for a number all the same.
  return {
    $type: 'VirtualDisk',
    key,
    controllerKey,
    unitNumber,
    capacityInKB: 0,
    backing: backing(undefined, path, mode),
  };
}

/** `[datastore] folder/disk.vmdk`; undefined for a disk without a file of its own. */
export function diskFileOf({ backing: from }: VirtualDisk): string | undefined {
  return from !== undefined && 'fileName' in from ? from.fileName : undefined;
}

/** Moref of the datastore that its file is on. */
export function diskDatastoreOf({ backing: from }: VirtualDisk): string | undefined {
  return from !== undefined && 'datastore' in from ? from.datastore?.value : undefined;
}

/** VirtualDiskMode; empty for a backing that has none. */
export function diskModeOf({ backing: from }: VirtualDisk): string {
  return from !== undefined && 'diskMode' in from ? (from.diskMode ?? '') : '';
}
