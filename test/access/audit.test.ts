import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AuditLog } from '../../src/access/audit.ts';
import { GatewayError } from '../../src/errors.ts';

let directory: string;
let file: string;
let logged: string[];
let audit: AuditLog;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'audit-'));
  file = join(directory, 'data', 'audit.jsonl');
  logged = [];
});
afterEach(async () => {
  await audit.close();
  rmSync(directory, { recursive: true });
});

async function started(path: string | null = file): Promise<AuditLog> {
  audit = new AuditLog({ file: path, log: pino({}, { write: (line: string) => logged.push(line) }) });
  await audit.start();
  return audit;
}
const entry = {
  request_id: 'req-1',
  door: 'rest',
  operation: 'vm.power',
  key_id: 'abcdefgh',
  owner: 'alice',
  targets: ['lab:vm-61'],
  input: { vm: 'lab:vm-61', action: 'off' },
};
const linesOf = (path = file): unknown[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));

describe('the audit log', () => {
  test('holds the begin before the write may go, and the end after it', async () => {
    const line = await (await started()).begin(entry);
    expect(linesOf()).toEqual([{ at: expect.stringMatching(/Z$/), phase: 'begin', ...entry }]);
    await line.finish({ outcome: 'invalid_power_state', task_id: 'lab:task-7' });
    const { input: _input, ...rest } = entry;
    expect(linesOf()[1]).toEqual({
      at: expect.stringMatching(/Z$/),
      phase: 'end',
      ...rest,
      outcome: 'invalid_power_state',
      task_id: 'lab:task-7',
      duration_ms: expect.any(Number),
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('keeps one line for each of many writes at once, and appends to what is there', async () => {
    await started();
    await Promise.all(Array.from({ length: 200 }, (_, n) => audit.begin({ ...entry, request_id: `req-${n}` })));
    await audit.close();
    await (await started()).begin(entry);
    expect(linesOf()).toHaveLength(201);
  });

  test('writes what is queued before it closes', async () => {
    await started();
    const begun = audit.begin(entry);
    await audit.close();
    await begun;
    expect(linesOf()).toHaveLength(1);
  });

  test('never holds a secret field, however deep, and keeps control characters inside their line', async () => {
    await started();
    const input = {
      note: 'a\nb\u001b[31m',
      password: 's3cret',
      list: [{ guest: { password: 's3cret', user: 'root' } }],
    };
    await audit.begin({ ...entry, input }, new Set(['password']));
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain('s3cret');
    expect(text).not.toContain('\u001b');
    expect(linesOf()).toMatchObject([{ input: { note: input.note, list: [{ guest: { user: 'root' } }] } }]);
  });

  test('that is off lets writes pass, and says so in the log', async () => {
    await started(null);
    await (await audit.begin(entry)).finish({ outcome: 'ok', task_id: null });
    expect(logged.join()).toContain('writes leave no record');
  });
});

describe('an audit log that cannot be written', () => {
  test('refuses the write, and takes the next one when it can be written again', async () => {
    writeFileSync(join(directory, 'data'), 'in the way');
    await started();
    expect(logged.join()).toContain('writes will be refused');
    const refused = await audit.begin(entry).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(GatewayError);
    expect(refused).toMatchObject({ code: 'audit_unavailable', retryable: true });
    rmSync(join(directory, 'data'));
    await audit.begin(entry);
    expect(linesOf()).toHaveLength(1);
  });

  // /dev/full takes no byte and says ENOSPC, as a full disk does.
  test.skipIf(process.platform !== 'linux')('refuses every write that waited on a full disk', async () => {
    mkdirSync(join(directory, 'data'));
    symlinkSync('/dev/full', file);
    await started();
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => audit.begin(entry)));
    expect(results.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'rejected'));
    rmSync(file);
    await audit.begin(entry);
    // A line that was cut off would end here, so the next one starts afresh.
    expect(readFileSync(file, 'utf8')).toMatch(/^\n\{.*\}\n$/);
  });

  test('does not fail a write that has happened; its end goes to the log', async () => {
    await started();
    const line = await audit.begin(entry);
    await audit.close();
    rmSync(join(directory, 'data'), { recursive: true });
    writeFileSync(join(directory, 'data'), 'in the way');
    await line.finish({ outcome: 'ok', task_id: 'lab:task-1' });
    expect(logged.join()).toContain('the end of a write is missing from the audit log');
    expect(logged.join()).toContain('lab:task-1');
  });
});
