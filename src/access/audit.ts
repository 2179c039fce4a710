/** The record of writes: one JSON line before each goes to vSphere, safe on disk, and one when it has ended. */

import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import { type ErrorCode, GatewayError } from '../errors.ts';

/** Who is about to do what to which objects. */
export interface AuditEntry {
  request_id: string;
  /** `rest`, `rpc` or `mcp`. */
  door: string;
  operation: string;
  key_id: string;
  owner: string;
  /** Ids of every object that the call touches. */
  targets: string[];
  input: unknown;
}

/** How it ended. */
export interface AuditOutcome {
  outcome: 'ok' | ErrorCode;
  /** The task that vSphere was given, if any. */
  task_id: string | null;
}

/** A write whose begin is on disk. */
export interface AuditLine {
  /** Never rejects: the write has happened, so a line that cannot be kept is a matter for the log. */
  finish(outcome: AuditOutcome): Promise<void>;
}

interface Waiting {
  text: string;
  done: () => void;
  failed: (error: unknown) => void;
}

/** A disk that hangs must not hang the callers. */
const PATIENCE_MS = 5_000;
const REDACTED = '[redacted]';
const NO_SECRETS: ReadonlySet<string> = new Set();

export class AuditLog {
  readonly #path: string | null;
  readonly #log: Logger;
  readonly #waiting: Waiting[] = [];
  #file: FileHandle | undefined;
  #writing: Promise<void> | undefined;
  /** After a failed write the file may end inside a line. */
  #torn = false;

  /** @param options.file null turns the record off; writes are then allowed without one. */
  constructor(options: { file: string | null; log: Logger }) {
    this.#path = options.file;
    this.#log = options.log;
  }

  /** Opens the file. One that cannot be opened is logged and tried again with the next write, which fails if it must. */
  async start(): Promise<void> {
    if (this.#path === null) {
      this.#log.warn('audit.file is null: writes leave no record');
      return;
    }
    try {
      this.#file = await openForAppend(this.#path);
    } catch (error) {
      this.#log.error({ err: error, file: this.#path }, 'the audit log cannot be opened: writes will be refused');
    }
  }

  /** Resolves when the line is on disk; until then nothing may be sent. Throws `audit_unavailable`. */
  async begin(entry: AuditEntry, secrets: ReadonlySet<string> = NO_SECRETS): Promise<AuditLine> {
    const { input, ...rest } = entry;
    const startedMs = performance.now();
    try {
      await this.#append({ phase: 'begin', ...rest, input: redact(input, secrets) });
    } catch (cause) {
      this.#log.error({ err: cause, file: this.#path }, 'the audit log cannot be written: a write was refused');
      throw new GatewayError(
        'audit_unavailable',
        'The audit log cannot be written, so nothing was changed. Free its disk, then repeat the call.',
        { retry_after: 30, cause },
      );
    }
    return { finish: (outcome) => this.#finish(rest, outcome, Math.round(performance.now() - startedMs)) };
  }

  /** Writes what is queued, then closes the file. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #finish(entry: Omit<AuditEntry, 'input'>, outcome: AuditOutcome, durationMs: number): Promise<void> {
    try {
      await this.#append({ phase: 'end', ...entry, ...outcome, duration_ms: durationMs });
    } catch (error) {
      this.#log.error({ err: error, ...entry, ...outcome }, 'the end of a write is missing from the audit log');
    }
  }

  #append(fields: object): Promise<void> {
    if (this.#path === null) return Promise.resolve();
    const text = `${JSON.stringify({ at: new Date().toISOString(), ...fields })}\n`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer from the disk in ${PATIENCE_MS} ms`)), PATIENCE_MS);
      const settle =
        <T>(end: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          end(value);
        };
      this.#waiting.push({ text, done: settle<void>(resolve), failed: settle(reject) });
      this.#writing ??= this.#drain();
    });
  }

  /** One write and one sync for all lines that came while the last ones were on their way. Never rejects. */
  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        await this.#write(batch.map(({ text }) => text).join(''));
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#writing = undefined;
  }

  async #write(text: string): Promise<void> {
    if (this.#path === null) return;
    this.#file ??= await openForAppend(this.#path);
    try {
      await this.#file.appendFile(this.#torn ? `\n${text}` : text);
      await this.#file.datasync();
      this.#torn = false;
    } catch (error) {
      this.#torn = true;
      // A fresh handle next time: after a failed sync the old one may never report the loss again.
      await this.#file.close().catch(() => undefined);
      this.#file = undefined;
      throw error;
    }
  }
}

async function openForAppend(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return open(path, 'a', 0o600);
}

/** The same value with every field of these names replaced, at any depth. */
function redact(value: unknown, secrets: ReadonlySet<string>): unknown {
  if (secrets.size === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => redact(item, secrets));
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, secrets.has(key) ? REDACTED : redact(child, secrets)]),
  );
}
