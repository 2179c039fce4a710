/** The file of API keys: its shape, and reading and replacing it so that no reader ever sees half of it. */

import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { SCOPES } from './caller.ts';

const time = z.iso.datetime({ offset: true });

const keyRecord = z.strictObject({
  id: z.string().regex(/^[0-9A-Za-z]{8}$/),
  /** Ends up in tables and logs, so it holds no control characters. */
  owner: z.string().regex(/^\P{Cc}{1,128}$/u),
  scopes: z.array(z.enum(SCOPES)).min(1),
  /** SHA-256 of the whole key, hexadecimal. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  created_at: time,
  expires_at: time.nullable(),
  revoked_at: time.nullable(),
  last_used_at: time.nullable(),
});

const keyFile = z.strictObject({ version: z.literal(1), keys: z.array(keyRecord) });

/** A key as it is kept: everything but the key. Times are RFC 3339. */
export type KeyRecord = z.output<typeof keyRecord>;

/** Which edition of the file was read; a rename changes it even within one tick of the clock. */
export interface KeyFileState {
  keys: KeyRecord[];
  edition: string;
  /** Permission bits, e.g. 0o600. */
  mode: number;
}

/** The edition of the file now, without reading it. */
export async function editionOf(path: string): Promise<string> {
  const found = await stat(path).catch(absent);
  return found === undefined ? ABSENT : edition(found);
}

/** Reads the file; a missing one holds no keys. Throws when it is not a file of keys. */
export async function readKeyFile(path: string): Promise<KeyFileState> {
  const file = await open(path, 'r').catch(absent);
  if (file === undefined) return { keys: [], edition: ABSENT, mode: 0o600 };
  try {
    const found = await file.stat();
    const { keys } = parse(await file.readFile('utf8'), path);
    return { keys, edition: edition(found), mode: found.mode & 0o777 };
  } finally {
    await file.close();
  }
}

const ABSENT = 'absent';
const edition = ({ ino, mtimeMs, size }: Stats) => `${ino}:${mtimeMs}:${size}`;

function parse(text: string, path: string): z.output<typeof keyFile> {
  try {
    return keyFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${path} is not a file of keys: ${cause instanceof z.ZodError ? z.prettifyError(cause) : cause}`, {
      cause,
    });
  }
}

/** Reads, changes and replaces the file while no other process does. What `change` throws leaves it as it was. */
export async function updateKeyFile(path: string, change: (keys: KeyRecord[]) => KeyRecord[]): Promise<KeyFileState> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unlock = await lock(`${path}.lock`);
  try {
    const { keys } = await readKeyFile(path);
    await replace(path, `${JSON.stringify({ version: 1, keys: change(keys) }, null, 2)}\n`);
    return await readKeyFile(path);
  } finally {
    await unlock();
  }
}

async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`;
  let file: FileHandle | undefined;
  try {
    file = await open(draft, 'wx', 0o600);
    await file.writeFile(text);
    // An administrator's `sudo keys create` must leave a file that the gateway's own user can read.
    if (process.getuid?.() === 0) {
      const { uid, gid } = (await stat(path).catch(absent)) ?? (await stat(dirname(path)));
      await file.chown(uid, gid);
    }
    await file.sync();
    await file.close();
    await rename(draft, path);
  } catch (error) {
    await file?.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
  // The rename itself must survive a power cut too.
  const directory = await open(dirname(path), 'r');
  await directory.sync().finally(() => directory.close());
}

/** An update takes milliseconds: whoever holds the lock this long has died. */
const LOCK_STALE_MS = 5_000;

async function lock(path: string): Promise<() => Promise<void>> {
  const deadline = Date.now() + 2 * LOCK_STALE_MS;
  for (;;) {
    try {
      await (await open(path, 'wx', 0o600)).close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (!hasCode(error, 'EEXIST') || Date.now() > deadline) throw error;
      const holder = await stat(path).catch(absent);
      if (holder !== undefined && Date.now() - holder.mtimeMs > LOCK_STALE_MS) await rm(path, { force: true });
      await sleep(20);
    }
  }
}

function absent(error: unknown): undefined {
  if (!hasCode(error, 'ENOENT')) throw error;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
