/** CD-ROM drives as device changes name them. */
import type { VirtualCdrom } from '../../../vsphere/vim25/types.ts';
import type { Slot } from './controller.ts';

/** `[datastore] folder/file.iso` */
export const ISO_PATH = /^\[[^\]]+\] \S.*\.iso$/i;

export interface NewCdrom extends Slot {
  /** Negative, unique in the change. */
  key: number;
  /** `[datastore] folder/file.iso`; null for an empty drive. */
  iso: string | null;
}

/** What is in a drive, as VirtualDevice.backing and connectable say it. @param connected now, too: only while it runs. */
export function media(iso: string | null, connected: boolean): Pick<VirtualCdrom, 'backing' | 'connectable'> {
  return {
    backing:
      iso === null
        ? { $type: 'VirtualCdromRemotePassthroughBackingInfo', deviceName: '', exclusive: false }
        : { $type: 'VirtualCdromIsoBackingInfo', fileName: iso },
    connectable: { startConnected: iso !== null, allowGuestControl: true, connected: iso !== null && connected },
  };
}

/** A drive to be added. */
export function newCdrom({ key, controllerKey, unitNumber, iso }: NewCdrom): VirtualCdrom {
  return { $type: 'VirtualCdrom', key, controllerKey, unitNumber, ...media(iso, true) };
}

/** The image in a drive, `[datastore] folder/file.iso`; null for none, or for a drive of a host or client. */
export function isoOf({ backing }: VirtualCdrom): string | null {
  return backing?.$type === 'VirtualCdromIsoBackingInfo' && backing.fileName !== '' ? backing.fileName : null;
}
