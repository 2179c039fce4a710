import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { newKey } from '../../src/access/key-format.ts';
import { FileKeyStore } from '../../src/access/keys.ts';

let directory: string;
let file: string;
let lines: string[];
const open: FileKeyStore[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'keys-'));
  file = join(directory, 'data', 'keys.json');
  lines = [];
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((store) => store.close()));
  rmSync(directory, { recursive: true });
});

function store(bootstrapKey?: string): FileKeyStore {
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
  const made = new FileKeyStore({ file, bootstrapKey, log });
  open.push(made);
  return made;
}
async function started(bootstrapKey?: string): Promise<FileKeyStore> {
  const made = store(bootstrapKey);
  await made.start();
  return made;
}
const reader = { owner: 'alice', scopes: ['read'] as ['read'], expires_at: null };
const rewrite = (change: (text: string) => string) => writeFileSync(file, change(readFileSync(file, 'utf8')));
const withdrawn = (from: FileKeyStore) => {
  const ids: string[] = [];
  from.onRevoked((id) => ids.push(id));
  return ids;
};

describe('verify', () => {
  test('knows the caller of a key that was made', async () => {
    const keys = await started();
    const { key, record } = await keys.create({ owner: 'alice', scopes: ['read', 'operate'], expires_at: null });
    expect(keys.verify(key)).toEqual({ key_id: record.id, owner: 'alice', scopes: new Set(['read', 'operate']) });
  });

  test('refuses anything else', async () => {
    const keys = await started();
    const { key } = await keys.create(reader);
    const other = newKey().key;
    for (const wrong of [
      '',
      'vsg_',
      other,
      key.slice(0, 13) + other.slice(13),
      key.slice(0, -1),
      `${key}x`,
      `é${key.slice(1)}`,
    ]) {
      expect(keys.verify(wrong)).toBeNull();
    }
  });

  test('refuses a key from the moment it expires', async () => {
    const keys = await started();
    const soon = new Date(Date.now() + 60_000);
    const { key } = await keys.create({ ...reader, expires_at: soon.toISOString() });
    expect(keys.verify(key)).not.toBeNull();
    vi.setSystemTime(soon);
    try {
      expect(keys.verify(key)).toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });

  test('takes the bootstrap key as admin, without a file', async () => {
    const { key, id } = newKey();
    const keys = await started(key);
    expect(keys.verify(key)).toEqual({ key_id: id, owner: 'bootstrap', scopes: new Set(['admin']) });
    expect(existsSync(file)).toBe(false);
    expect(() => store('secret')).toThrow(/bootstrap key is not a whole key/);
  });
});

describe('the file', () => {
  test('holds the hash and never the key, for its owner alone, and leaves nothing beside it', async () => {
    const keys = await started();
    const { key, record } = await keys.create(reader);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain(key.slice(13));
    expect(JSON.parse(text)).toEqual({
      version: 1,
      keys: [{ ...record, hash: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(directory, 'data'))).toEqual(['keys.json']);
  });

  test('keeps every key when many are made at once, by two stores', async () => {
    const [one, two] = [await started(), await started()];
    const made = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? one : two).create(reader)));
    await vi.waitFor(() => {
      for (const { key } of made) expect(one.verify(key)).not.toBeNull();
    });
    expect(await two.list()).toHaveLength(20);
  });

  test('that is broken stops the start, and later leaves the keys as they were', async () => {
    const keys = await started();
    const { key } = await keys.create(reader);
    rewrite((text) => text.slice(0, -5));
    await expect(store().start()).rejects.toThrow(/keys\.json is not a file of keys/);
    await vi.waitFor(() => expect(lines.join()).toContain('the keys read before stay'), { timeout: 5_000 });
    expect(keys.verify(key)).not.toBeNull();
  });

  test('that others can read is warned of', async () => {
    await (await started()).create(reader);
    chmodSync(file, 0o644);
    await started();
    expect(lines.join()).toContain('others can read the keys file');
  });

  test('is locked by whoever changes it; a lock that was left behind is broken', async () => {
    const keys = await started();
    await keys.create(reader);
    writeFileSync(`${file}.lock`, '');
    let made = false;
    const creating = keys.create(reader).then(() => {
      made = true;
    });
    await keys.list();
    expect(made).toBe(false);
    const { utimesSync } = await import('node:fs');
    utimesSync(`${file}.lock`, 1, 1);
    await creating;
    expect(await keys.list()).toHaveLength(2);
  });

  test('learns when a key was last used, at the latest when the store closes', async () => {
    const keys = await started();
    const { key, record } = await keys.create(reader);
    expect(record.last_used_at).toBeNull();
    keys.verify(key);
    const [listed] = await keys.list();
    expect(Date.parse(listed?.last_used_at ?? '')).toBeGreaterThanOrEqual(Date.parse(record.created_at));
    await keys.close();
    expect((await store().list())[0]?.last_used_at).toBe(listed?.last_used_at);
  });
});

describe('a running store follows another process', () => {
  test('to a new key', async () => {
    const running = await started();
    const { key } = await store().create(reader);
    await vi.waitFor(() => expect(running.verify(key)).not.toBeNull(), { timeout: 5_000 });
  });

  test('that revokes a key: it is refused and announced once, others stay', async () => {
    const running = await started();
    const [gone, stays] = [await running.create(reader), await running.create(reader)];
    const ids = withdrawn(running);
    const other = store();
    const revokedAt = (await other.revoke(gone.record.id))?.revoked_at;
    expect(revokedAt).not.toBeNull();
    await vi.waitFor(() => expect(ids).toEqual([gone.record.id]), { timeout: 5_000 });
    expect(running.verify(gone.key)).toBeNull();
    expect(running.verify(stays.key)).not.toBeNull();
    expect(await other.revoke('unknown1')).toBeUndefined();
    expect((await other.revoke(gone.record.id))?.revoked_at).toBe(revokedAt);
  });

  test('that takes scopes from a key: it is announced, and the caller has what is left', async () => {
    const running = await started();
    const { key, record } = await running.create({ ...reader, scopes: ['read', 'admin'] });
    const ids = withdrawn(running);
    rewrite((text) => text.replace(/,\s*"admin"/, ''));
    await vi.waitFor(() => expect(ids).toEqual([record.id]), { timeout: 5_000 });
    expect(running.verify(key)?.scopes).toEqual(new Set(['read']));
  });

  test('that removes the file: every key but the bootstrap key is gone', async () => {
    const bootstrap = newKey();
    const running = await started(bootstrap.key);
    const { key, record } = await running.create(reader);
    const ids = withdrawn(running);
    rmSync(file);
    await vi.waitFor(() => expect(ids).toEqual([record.id]), { timeout: 5_000 });
    expect(running.verify(key)).toBeNull();
    expect(running.verify(bootstrap.key)).not.toBeNull();
  });
});

test('a key that expires is announced while nobody asks for it', async () => {
  const running = await started();
  const ids = withdrawn(running);
  // Long enough that making it, on a busy disk, is not the slower of the two.
  const { record } = await running.create({ ...reader, expires_at: new Date(Date.now() + 2_000).toISOString() });
  await vi.waitFor(() => expect(ids).toEqual([record.id]), { timeout: 5_000 });
});
