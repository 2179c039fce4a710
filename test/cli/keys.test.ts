import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isKey, keyId } from '../../src/access/key-format.ts';
import { runKeys } from '../../src/cli/keys.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'keys-cli-'));
  file = join(directory, 'keys.json');
});
afterEach(() => rmSync(directory, { recursive: true }));

async function keys(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const printed: string[] = [];
  const told: string[] = [];
  const code = await runKeys(
    argv,
    { access: { keys_file: file } },
    { print: (t) => printed.push(t), tell: (t) => told.push(t) },
  );
  return { code, out: printed.join('\n'), err: told.join('\n') };
}

describe('keys create', () => {
  test('prints the key and nothing else, and the list never shows it again', async () => {
    const made = await keys('create', '--owner', 'alice', '--scopes', 'operate, read', '--config', 'x.yaml');
    expect(made.code).toBe(0);
    expect(isKey(made.out)).toBe(true);
    expect(made.err).toContain('shown only now');
    const listed = await keys('list', '--json');
    expect(listed.out).not.toContain(made.out.slice(13));
    expect(JSON.parse(listed.out)).toEqual([
      {
        id: keyId(made.out),
        owner: 'alice',
        scopes: ['read', 'operate'],
        created_at: expect.stringMatching(/Z$/),
        expires_at: null,
        revoked_at: null,
        last_used_at: null,
      },
    ]);
  });

  test('takes an expiry as a span or as a time', async () => {
    const day = 86_400_000;
    await keys('create', '--owner', 'a', '--scopes', 'read', '--expires', '90d');
    await keys('create', '--owner', 'b', '--scopes', 'read', '--expires', '2199-01-31T02:00:00+02:00');
    const [span, time] = JSON.parse((await keys('list', '--json')).out);
    expect(Date.parse(span.expires_at) - Date.parse(span.created_at)).toBeCloseTo(90 * day, -4);
    expect(time.expires_at).toBe('2199-01-31T00:00:00.000Z');
  });
});

test('keys list shows a table with the state of each key', async () => {
  expect((await keys('list')).out).toBe('No keys. `keys create` makes one.');
  const { out: key } = await keys('create', '--owner', 'alice', '--scopes', 'admin');
  await keys('revoke', keyId(key));
  await keys('create', '--owner', 'bob', '--scopes', 'read');
  const lines = (await keys('list')).out.split('\n');
  expect(lines[0]).toMatch(/^ID +OWNER +SCOPES +STATE +CREATED +EXPIRES +LAST USED$/);
  expect(lines[1]).toMatch(new RegExp(`^${keyId(key)} +alice +admin +revoked +\\S+Z +never +never$`));
  expect(lines[2]).toMatch(/ bob +read +valid /);
});

test('keys revoke fails for an id that does not exist', async () => {
  expect(await keys('revoke', 'nobody00')).toEqual({
    code: 1,
    out: '',
    err: expect.stringContaining('There is no key nobody00'),
  });
});

test('keys generate prints a key and keeps nothing', async () => {
  expect(isKey((await keys('generate')).out)).toBe(true);
  expect((await keys('list', '--json')).out).toBe('[]');
});

test('--help prints the usage', async () => {
  expect(await keys('--help')).toEqual({ code: 0, out: expect.stringContaining('keys create --owner'), err: '' });
});

test('a keys file that cannot be read is a failure, not a usage error', async () => {
  writeFileSync(file, '{');
  expect(await keys('list')).toEqual({ code: 1, out: '', err: expect.stringContaining('is not a file of keys') });
});

test.each([
  [[], 'Which command?'],
  [['make'], "There is no command 'keys make'"],
  [['create', '--scopes', 'read'], '--owner is missing'],
  [['create', '--owner', 'a\nb', '--scopes', 'read'], 'no control characters'],
  [['create', '--owner', 'a'], '--scopes is missing'],
  [['create', '--owner', 'a', '--scopes', 'read,write'], "'write' is none of read, operate, provision, admin"],
  [['create', '--owner', 'a', '--scopes', 'read', '--expires', 'soon'], "'soon' is neither"],
  [['create', '--owner', 'a', '--scopes', 'read', '--expires', '2001-01-01T00:00:00Z'], 'not in the future'],
  [['create', '--owner', 'a', '--scopes', 'read', '--expires', '999999y'], 'neither a time from now'],
  [['create', 'alice', '--scopes', 'read'], 'Unexpected: alice'],
  [['revoke'], 'Which key?'],
  [['revoke', 'a', 'b'], 'Unexpected: b'],
  [['list', '--wrong'], "'--wrong'"],
])('%j is a usage error, told with the usage, and changes nothing', async (argv, message) => {
  const { code, out, err } = await keys(...argv);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(message);
  expect(err).toContain('Usage:');
  expect((await keys('list', '--json')).out).toBe('[]');
});
