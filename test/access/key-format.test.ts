import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { isKey, KEY_LENGTH, keyId, newKey } from '../../src/access/key-format.ts';

test('a key is vsg_, eight characters of id, 43 of secret and six of checksum', () => {
  const { id, key } = newKey();
  expect(key).toMatch(/^vsg_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}$/);
  expect(key).toHaveLength(KEY_LENGTH);
  expect(keyId(key)).toBe(id);
  expect(isKey(key)).toBe(true);
});

test('the checksum is the CRC-32 of what is before it, in base 62', () => {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const { key } = newKey();
  const value = [...key.slice(-6)].reduce((sum, digit) => sum * 62 + alphabet.indexOf(digit), 0);
  expect(value).toBe(crc32(key.slice(0, -6)));
});

test('one wrong character is found, and so is a lost one', () => {
  const { key } = newKey();
  for (let at = 0; at < key.length; at++) {
    const other = key[at] === 'x' ? 'y' : 'x';
    expect(isKey(key.slice(0, at) + other + key.slice(at + 1))).toBe(false);
  }
  expect(isKey(key.slice(1))).toBe(false);
  expect(isKey(`${key} `)).toBe(false);
});

test('no character of the secret is likelier than another', () => {
  const counts = new Map<string, number>();
  for (let n = 0; n < 2_000; n++) {
    for (const character of newKey().key.slice(13, 56)) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  // 86,000 draws of 62: 1,387 each, with a deviation of 37; six of them leave one false alarm in millions.
  expect(counts.size).toBe(62);
  for (const count of counts.values()) expect(Math.abs(count - 1_387)).toBeLessThan(6 * 37);
});
