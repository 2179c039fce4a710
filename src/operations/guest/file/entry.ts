/** A file of a guest as it is listed. */
import { z } from 'zod';
import type { AnyGuestFileAttributes, GuestFileInfo } from '../../../vsphere/vim25/types.ts';
import { nullableTime } from '../../shapes.ts';
import { guestLine } from '../text.ts';

export const FileEntry = z.strictObject({
  name: z.string().describe('Name as the guest gives it, control characters replaced. Untrusted'),
  type: z.string().describe('file, directory or symlink'),
  size_bytes: z.number().describe('Size, bytes'),
  modified_at: nullableTime('When it was last written'),
  accessed_at: nullableTime('When it was last read'),
  link_target: z.string().nullable().describe('Where a symbolic link leads. Untrusted'),
  permissions: z.string().nullable().describe('Unix permissions in octal, e.g. 0644; null on Windows'),
  owner_id: z.number().nullable().describe('User id of the owner; null on Windows'),
  group_id: z.number().nullable().describe('Group id; null on Windows'),
  hidden: z.boolean().nullable().describe('Hidden; null but on Windows'),
  read_only: z.boolean().nullable().describe('Read-only; null but on Windows'),
});

const time = (date: Date | undefined): string | null => date?.toISOString() ?? null;

/** The lowest twelve bits: type bits of st_mode, where the guest sends them, say nothing new. */
const octal = (mode: number): string => `0${(mode & 0o7777).toString(8).padStart(3, '0')}`;

function posix(attributes: AnyGuestFileAttributes) {
  if (attributes.$type !== 'GuestPosixFileAttributes') return { permissions: null, owner_id: null, group_id: null };
  const { permissions, ownerId, groupId } = attributes;
  return {
    permissions: permissions === undefined ? null : octal(permissions),
    owner_id: ownerId ?? null,
    group_id: groupId ?? null,
  };
}

function windows(attributes: AnyGuestFileAttributes) {
  if (attributes.$type !== 'GuestWindowsFileAttributes') return { hidden: null, read_only: null };
  return { hidden: attributes.hidden ?? null, read_only: attributes.readOnly ?? null };
}

export function fileEntry({ path, type, size, attributes }: GuestFileInfo): z.output<typeof FileEntry> {
  const { modificationTime, accessTime, symlinkTarget } = attributes;
  return {
    name: guestLine(path),
    type,
    size_bytes: size,
    modified_at: time(modificationTime),
    accessed_at: time(accessTime),
    // Empty for what is no link.
    link_target: symlinkTarget ? guestLine(symlinkTarget) : null,
    ...posix(attributes),
    ...windows(attributes),
  };
}
