/** `keys create | list | revoke | generate`: API keys on the command line. */

import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { SCOPES, type Scope } from '../access/caller.ts';
import { newKey } from '../access/key-format.ts';
import { FileKeyStore, type KeyStore, type KeySummary } from '../access/keys.ts';
import type { Config } from '../config/schema.ts';
import { EXIT, type Output } from './output.ts';

const USAGE = `Usage:
  keys create --owner NAME --scopes read,operate [--expires 90d]
  keys list [--json]
  keys revoke ID
  keys generate        prints a key for access.bootstrap_key and keeps nothing

Scopes, each with those before it: ${SCOPES.join(', ')}
--expires: a time from now (12h, 90d, 8w, 1y) or RFC 3339 (2030-01-31T00:00:00Z); without it the key stays valid.
--config FILE: which configuration names the keys file.`;

/** What the user typed does not make a command. */
class UsageError extends Error {}

/**
 * Runs one keys command on the configured keys file; a running gateway follows within a second.
 * @param argv what follows `keys`; `--config` may stand in it and was read before.
 * @returns the exit code.
 */
export async function runKeys(
  argv: readonly string[],
  config: { access: Pick<Config['access'], 'keys_file'> },
  out: Output,
): Promise<number> {
  const file = config.access.keys_file;
  const store = new FileKeyStore({ file, log: pino({ enabled: false }) });
  try {
    return await dispatch(readArguments(argv), store, out);
  } catch (error) {
    if (error instanceof UsageError) {
      out.tell(`${error.message}\n\n${USAGE}`);
      return EXIT.usage;
    }
    out.tell(`The keys file ${file} cannot be used: ${error instanceof Error ? error.message : error}`);
    return EXIT.failed;
  } finally {
    await store.close();
  }
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        owner: { type: 'string' },
        scopes: { type: 'string' },
        expires: { type: 'string' },
        json: { type: 'boolean', default: false },
        config: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function dispatch(
  { values, positionals }: ReturnType<typeof readArguments>,
  store: KeyStore,
  out: Output,
): Promise<number> {
  const [command, id, ...surplus] = positionals;
  if (values.help) {
    out.print(USAGE);
    return EXIT.ok;
  }
  if (surplus.length > 0 || (id !== undefined && command !== 'revoke')) {
    throw new UsageError(`Unexpected: ${positionals.slice(command === 'revoke' ? 2 : 1).join(' ')}`);
  }
  switch (command) {
    case 'create': {
      const { key, record } = await store.create({
        owner: ownerOf(values.owner),
        scopes: scopesOf(values.scopes),
        expires_at: expiryOf(values.expires),
      });
      out.print(key);
      out.tell(`Key ${record.id} for ${record.owner}. It is shown only now: only its hash is kept.`);
      return EXIT.ok;
    }
    case 'list': {
      const keys = await store.list();
      out.print(values.json ? JSON.stringify(keys, null, 2) : table(keys));
      return EXIT.ok;
    }
    case 'revoke': {
      if (id === undefined) throw new UsageError('Which key? `keys list` shows the ids.');
      const revoked = await store.revoke(id);
      out.tell(revoked === undefined ? `There is no key ${id}; \`keys list\` shows them.` : `Key ${id} is revoked.`);
      return revoked === undefined ? EXIT.failed : EXIT.ok;
    }
    case 'generate':
      out.print(newKey().key);
      return EXIT.ok;
    default:
      throw new UsageError(command === undefined ? 'Which command?' : `There is no command 'keys ${command}'.`);
  }
}

function ownerOf(text: string | undefined): string {
  if (text === undefined) throw new UsageError('--owner is missing: the person or program that the key is for.');
  if (!/^\P{Cc}{1,128}$/u.test(text)) throw new UsageError('--owner: 1 to 128 characters, no control characters.');
  return text;
}

function scopesOf(text: string | undefined): Scope[] {
  const words = (text ?? '').split(',').flatMap((word) => word.trim() || []);
  if (words.length === 0) throw new UsageError(`--scopes is missing: one or more of ${SCOPES.join(', ')}.`);
  const unknown = words.find((word) => !SCOPES.some((scope) => scope === word));
  if (unknown !== undefined) throw new UsageError(`--scopes: '${unknown}' is none of ${SCOPES.join(', ')}.`);
  return SCOPES.filter((scope) => words.includes(scope));
}

const HOUR_MS = 3_600_000;
const UNITS_MS: Record<string, number> = { h: HOUR_MS, d: 24 * HOUR_MS, w: 168 * HOUR_MS, y: 8_760 * HOUR_MS };
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

function expiryOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  const [, amount, unit] = /^(\d{1,6})([hdwy])$/.exec(text) ?? [];
  const span = Number(amount) * (UNITS_MS[unit ?? ''] ?? Number.NaN);
  const atMs = RFC3339.test(text) ? Date.parse(text) : Date.now() + span;
  // Dates end in the year 275760.
  if (Number.isNaN(new Date(atMs).getTime())) {
    throw new UsageError(`--expires: '${text}' is neither a time from now such as 90d nor RFC 3339.`);
  }
  if (atMs <= Date.now()) throw new UsageError(`--expires: ${text} is not in the future.`);
  return new Date(atMs).toISOString();
}

function table(keys: readonly KeySummary[]): string {
  if (keys.length === 0) return 'No keys. `keys create` makes one.';
  const rows = [['ID', 'OWNER', 'SCOPES', 'STATE', 'CREATED', 'EXPIRES', 'LAST USED'], ...keys.map(row)];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? [];
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function row(key: KeySummary): string[] {
  const expired = key.expires_at !== null && Date.parse(key.expires_at) <= Date.now();
  const state = key.revoked_at !== null ? 'revoked' : expired ? 'expired' : 'valid';
  const minute = (time: string | null, never: string) => (time === null ? never : `${time.slice(0, 16)}Z`);
  return [
    key.id,
    key.owner,
    key.scopes.join(','),
    state,
    minute(key.created_at, ''),
    minute(key.expires_at, 'never'),
    minute(key.last_used_at, 'never'),
  ];
}
