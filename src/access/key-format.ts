/** What a key looks like: `vsg_<id>_<secret><checksum>`; the checksum finds typing errors, the hash proves the secret. */

import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PREFIX = 'vsg_';
const ID_LENGTH = 8;
/** 43 characters of 62 hold 256 bits, which makes one round of SHA-256 enough to keep them. */
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;

const SHAPE = new RegExp(`^${PREFIX}[0-9A-Za-z]{${ID_LENGTH}}_[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`);

/** Characters of every key. */
export const KEY_LENGTH = PREFIX.length + ID_LENGTH + 1 + SECRET_LENGTH + CHECKSUM_LENGTH;

const randomText = (length: number) => Array.from({ length }, () => ALPHABET.charAt(randomInt(62))).join('');

/** CRC-32 in six characters of base 62, leading zeros kept. */
function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place++) {
    digits = ALPHABET.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** A new key from the system's random source. Whoever calls keeps its hash and shows the key once. */
export function newKey(): { id: string; key: string } {
  const id = randomText(ID_LENGTH);
  const body = `${PREFIX}${id}_${randomText(SECRET_LENGTH)}`;
  return { id, key: body + checksum(body) };
}

/** Whether the text is a whole key with the right checksum; says nothing about who made it. */
export function isKey(text: string): boolean {
  return SHAPE.test(text) && checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/** The id part of a text that may be a key; only a look-up says whether it is one. */
export function keyId(text: string): string {
  return text.slice(PREFIX.length, PREFIX.length + ID_LENGTH);
}
