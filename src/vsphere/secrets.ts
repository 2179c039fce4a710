/** What must not leave the gateway although vSphere would tell it: passwords, tickets, tokens, keys of sessions. */
import type { DataType, Field } from './schema.ts';

export const WITHHELD = '[redacted]';

/** Names that say it themselves, wherever they stand; the table marks only some of these fields. */
const TELLING =
  /passw(?:or)?d|passphrase|secret|credential|token$|^token|^ticket$|private_?key|licen[sc]e_?keys?$|^session_?id$/i;

/** Fields that admit whoever knows them, though neither the table nor their name tells. */
const ADMITTING: Readonly<Record<string, readonly string[]>> = {
  // On ESXi, and on the simulator, the key of a session is its cookie.
  UserSession: ['key'],
  // Addresses of file transfers hold their ticket.
  HttpNfcLeaseDeviceUrl: ['url'],
  FileTransferInformation: ['url'],
};

/** Keys of options, extraConfig and vApp properties. cloud-init's user data holds the passwords of guests. */
const TELLING_KEY =
  /passw(?:or)?d|passphrase|secret|token|credential|private.?key|licen[sc]e.?key|guestinfo\.(?:user|vendor)data/i;

/** Whether the texts of this field are withheld. */
export function isSecret(owner: DataType, field: Field): boolean {
  return field.secret || hasTellingName(field.name) || (ADMITTING[owner.name]?.includes(field.name) ?? false);
}

/** The same of a field that the table does not know. */
export function hasTellingName(name: string): boolean {
  return TELLING.test(name);
}

/** The same of what an option with this key is set to. */
export function hasTellingKey(key: unknown): boolean {
  return typeof key === 'string' && TELLING_KEY.test(key);
}
