/** API keys: which exist, whose they are, and the check that every request passes. */

import { hash, timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Caller, Scope } from './caller.ts';
import { editionOf, type KeyRecord, readKeyFile, updateKeyFile } from './key-file.ts';
import { isKey, KEY_LENGTH, keyId, newKey } from './key-format.ts';

/** A key as it may be shown. */
export type KeySummary = Omit<KeyRecord, 'hash'>;

export interface KeySpec {
  owner: string;
  scopes: Scope[];
  /** RFC 3339; null for a key that does not expire. */
  expires_at: string | null;
}

/** Where keys are kept. `verify` answers from memory, so any store behind this keeps a copy there. */
export interface KeyStore {
  /** Reads the keys and follows their changes. Throws when what is kept cannot be read. */
  start(): Promise<void>;
  close(): Promise<void>;
  /** The caller that this key stands for; null when it is unknown, expired or revoked. Takes equally long for all. */
  verify(key: string): Caller | null;
  /** The only moment at which the whole key exists outside its owner. */
  create(spec: KeySpec): Promise<{ key: string; record: KeySummary }>;
  list(): Promise<KeySummary[]>;
  /** Undefined when there is no such key. Revoking again changes nothing. */
  revoke(id: string): Promise<KeySummary | undefined>;
  /** Called, within a second, with the id of a key that is revoked, removed, expired or has lost a scope. */
  onRevoked(listener: (keyId: string) => void): () => void;
}

interface Entry {
  caller: Caller;
  /** The hexadecimal digest as bytes, the form that costs least to compare. */
  digest: Buffer;
  expiresAtMs: number;
  usedAtMs: number;
}

const POLL_MS = 500;
const SAVE_USE_MS = 60_000;

const digestOf = (key: string) => Buffer.from(hash('sha256', key, 'hex'), 'latin1');
/** Compared when the id is unknown, so that the answer takes as long as for a wrong secret. */
const NOBODY = Buffer.alloc(64);

/** Keys in one JSON file that any process may change; see key-file.ts. */
export class FileKeyStore implements KeyStore {
  readonly #path: string;
  readonly #log: Logger;
  readonly #bootstrap: Entry | undefined;
  readonly #listeners = new Set<(keyId: string) => void>();
  readonly #stopped = new AbortController();
  #entries = new Map<string, Entry>();
  #edition = '';
  #usedSavedMs = Date.now();
  #following: Promise<void> = Promise.resolve();
  #reading: Promise<void> = Promise.resolve();

  /** @param bootstrapKey one more key, with admin scope, that is not in the file. */
  constructor(options: { file: string; bootstrapKey?: string | undefined; log: Logger }) {
    this.#path = options.file;
    this.#log = options.log;
    const key = options.bootstrapKey;
    if (key !== undefined) {
      if (!isKey(key)) throw new Error('The bootstrap key is not a whole key; `keys generate` prints one.');
      const caller = toCaller({ id: keyId(key), owner: 'bootstrap', scopes: ['admin'] });
      this.#bootstrap = { caller, digest: digestOf(key), expiresAtMs: Number.POSITIVE_INFINITY, usedAtMs: 0 };
    }
  }

  async start(): Promise<void> {
    await this.#reload();
    this.#following = this.#follow();
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#following;
    await this.#saveUse();
    this.#listeners.clear();
  }

  verify(key: string): Caller | null {
    if (key.length !== KEY_LENGTH) return null;
    const entry = this.#entries.get(keyId(key));
    const matches = timingSafeEqual(digestOf(key), entry?.digest ?? NOBODY);
    if (entry === undefined || !matches) return null;
    const now = Date.now();
    if (entry.expiresAtMs <= now) return null;
    entry.usedAtMs = now;
    return entry.caller;
  }

  async create(spec: KeySpec): Promise<{ key: string; record: KeySummary }> {
    const { id, key } = newKey();
    const record: KeyRecord = {
      id,
      owner: spec.owner,
      scopes: spec.scopes,
      hash: hash('sha256', key, 'hex'),
      created_at: new Date().toISOString(),
      expires_at: spec.expires_at,
      revoked_at: null,
      last_used_at: null,
    };
    await updateKeyFile(this.#path, (keys) => [...keys, record]);
    await this.#reload();
    return { key, record: summary(record) };
  }

  async list(): Promise<KeySummary[]> {
    await this.#reload();
    const { keys } = await readKeyFile(this.#path);
    return keys.map((record) => summary(this.#withUse(record)));
  }

  async revoke(id: string): Promise<KeySummary | undefined> {
    let revoked: KeyRecord | undefined;
    await updateKeyFile(this.#path, (keys) =>
      keys.map((record) => {
        if (record.id !== id) return record;
        revoked = { ...record, revoked_at: record.revoked_at ?? new Date().toISOString() };
        return revoked;
      }),
    );
    await this.#reload();
    return revoked && summary(revoked);
  }

  onRevoked(listener: (keyId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Polls, because file events are lost on network file systems and on the mounts of containers. */
  async #follow(): Promise<void> {
    const { signal } = this.#stopped;
    let toldOf = '';
    while (!signal.aborted) {
      await sleep(POLL_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      this.#dropExpired();
      try {
        if ((await editionOf(this.#path)) !== this.#edition) await this.#reload();
        toldOf = '';
      } catch (error) {
        if (String(error) !== toldOf) {
          this.#log.error({ err: error, file: this.#path }, 'the keys file cannot be read; the keys read before stay');
        }
        toldOf = String(error);
      }
      if (Date.now() - this.#usedSavedMs >= SAVE_USE_MS) await this.#saveUse();
    }
  }

  /** One at a time: of two side by side the older could win, and bring a revoked key back. */
  #reload(): Promise<void> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  async #read(): Promise<void> {
    const { keys, edition, mode } = await readKeyFile(this.#path);
    if (edition === this.#edition) return;
    if ((mode & 0o077) !== 0) this.#log.warn({ file: this.#path }, 'others can read the keys file: chmod 600');
    const before = this.#entries;
    this.#entries = new Map(
      keys.filter(isLive).map((record) => [record.id, toEntry(record, before.get(record.id)?.usedAtMs)]),
    );
    if (this.#bootstrap) this.#entries.set(this.#bootstrap.caller.key_id, this.#bootstrap);
    this.#edition = edition;
    for (const [id, { caller, digest }] of before) {
      const now = this.#entries.get(id);
      const keeps = now?.digest.equals(digest) && [...caller.scopes].every((scope) => now.caller.scopes.has(scope));
      if (!keeps) this.#announce(id);
    }
  }

  #dropExpired(): void {
    const now = Date.now();
    for (const [id, entry] of this.#entries) {
      if (entry.expiresAtMs > now) continue;
      this.#entries.delete(id);
      this.#announce(id);
    }
  }

  #announce(id: string): void {
    this.#log.info({ key_id: id }, 'key withdrawn');
    for (const listener of this.#listeners) listener(id);
  }

  /** Last use is a convenience: a file that cannot be written (a read-only mount) must not stop anything. */
  async #saveUse(): Promise<void> {
    const since = this.#usedSavedMs;
    this.#usedSavedMs = Date.now();
    if (![...this.#entries.values()].some((entry) => entry !== this.#bootstrap && entry.usedAtMs > since)) return;
    try {
      await updateKeyFile(this.#path, (keys) => keys.map((record) => this.#withUse(record)));
      await this.#reload();
    } catch (error) {
      this.#log.warn({ err: error, file: this.#path }, 'the last use of keys cannot be saved');
    }
  }

  #withUse(record: KeyRecord): KeyRecord {
    const usedAtMs = this.#entries.get(record.id)?.usedAtMs ?? 0;
    const savedMs = record.last_used_at === null ? 0 : Date.parse(record.last_used_at);
    return usedAtMs > savedMs ? { ...record, last_used_at: new Date(usedAtMs).toISOString() } : record;
  }
}

function isLive({ revoked_at, expires_at }: KeyRecord): boolean {
  return revoked_at === null && (expires_at === null || Date.parse(expires_at) > Date.now());
}

function toEntry(record: KeyRecord, usedAtMs = 0): Entry {
  return {
    caller: toCaller(record),
    digest: Buffer.from(record.hash, 'latin1'),
    expiresAtMs: record.expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(record.expires_at),
    usedAtMs,
  };
}

function toCaller({ id, owner, scopes }: { id: string; owner: string; scopes: readonly Scope[] }): Caller {
  return Object.freeze({ key_id: id, owner, scopes: new Set(scopes) });
}

function summary({ hash: _hash, ...rest }: KeyRecord): KeySummary {
  return rest;
}
