import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newKey } from '../../src/access/key-format.ts';
import { runConfigCheck } from '../../src/cli/config-check.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-check-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

async function check(argv: string[], env: NodeJS.ProcessEnv = {}): Promise<{ code: number; out: string; err: string }> {
  const printed: string[] = [];
  const told: string[] = [];
  const code = await runConfigCheck(argv, env, { print: (t) => printed.push(t), tell: (t) => told.push(t) }, directory);
  return { code, out: printed.join('\n'), err: told.join('\n') };
}

test('a good configuration is OK, with a summary that holds no secret', async () => {
  const { key } = newKey();
  const text = `vcenters: [{ url: vc1, username: gateway, password: hunter2 }, { name: lab, url: vc2, username: u, password: hunter2, insecure: true }]
access: { bootstrap_key: ${key} }
limits: { per_key: { requests: null } }
audit: { file: null }`;
  writeFileSync(join(directory, 'my.yaml'), text, { mode: 0o600 });
  const { code, out, err } = await check(['check', '--config', 'my.yaml']);
  expect([code, err]).toEqual([0, '']);
  expect(out.split('\n')).toEqual([
    `OK: ${join(directory, 'my.yaml')}`,
    '  listen           http://127.0.0.1:8080',
    "  vcenter vcenter  https://vc1/sdk as gateway; the system's certificates",
    '  vcenter lab      https://vc2/sdk as u; INSECURE: any certificate is trusted',
    `  keys             ${join(directory, 'data', 'keys.json')} and a bootstrap key`,
    '  limits           3000 requests in 60 s for an address, no limit for a key',
    '  audit            off',
    '  log              info, auto',
  ]);
});

test('warnings go to standard error and do not fail the check', async () => {
  writeFileSync(join(directory, 'config.yaml'), 'vcenters: [{ url: vc1, username: u, password: hunter2 }]');
  const { code, err } = await check(['check']);
  expect(code).toBe(0);
  expect(err).toContain('everybody can read it');
});

test('a wrong setting, and a configuration without a vCenter, are told and give exit code 1', async () => {
  writeFileSync(join(directory, 'config.yaml'), 'listen: { port: many }');
  expect(await check(['check'])).toEqual({
    code: 1,
    out: '',
    err: expect.stringContaining('config.yaml:1:17: listen.port'),
  });
  writeFileSync(join(directory, 'config.yaml'), '');
  expect(await check(['check'])).toEqual({ code: 1, out: '', err: expect.stringContaining('at least one vCenter') });
});

test.each([[[]], [['chekc']], [['check', 'more']], [['check', '--file', 'x']]])('%j is a usage error', async (argv) => {
  expect(await check(argv)).toEqual({ code: 2, out: '', err: expect.stringContaining('Usage: config check') });
});
