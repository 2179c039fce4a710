/** Passwords of guests go to vSphere and nowhere else: canaries, looked for in everything the gateway writes. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operations } from '../../src/operations/index.ts';
import { DOORS, openDoor } from '../support/doors.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { GUEST_USER, type GuestStub, startGuestStub } from '../support/guest-stub.ts';
import { type Lab, startLab } from '../support/lab.ts';

const CANARIES = ['canary-password-1f7e', 'canary-variable-93ab', 'canary-content-55d0', GUEST_USER.password];
const [password, variable, content] = CANARIES;

let lab: Lab;
let stub: GuestStub;
let gateway: Gateway;
let directory: string;
let auditFile: string;
const logged: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'guest-secrets-'));
  auditFile = join(directory, 'audit.jsonl');
  lab = await startLab({ vms: 10, args: ['-still'] });
  stub = await startGuestStub(lab);
  gateway = await startGateway({
    vcenters: [stub.config()],
    config: { metrics: { enabled: false }, audit: { file: auditFile } },
    // Without the redaction of the real log: what never gets there needs none.
    log: pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) }),
  });
});
afterAll(async () => {
  await gateway?.close();
  await stub?.stop();
  await lab?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** What is asked, with what must come of it: success, and failure at every stage. */
function calls(vm: string): [name: string, input: Record<string, unknown>, prepare?: () => void][] {
  const wrong = { vm, username: 'root', password };
  const right = { vm, ...GUEST_USER };
  const path = join(stub.directory, 'file');
  const environment = { TOKEN: variable };
  const encoded = Buffer.from(String(content)).toString('base64');
  return [
    ['guest.exec', { ...right, command: 'true', environment }],
    ['guest.exec', { ...right, command: 'true', environment, dry_run: true }],
    ['guest.exec', { ...wrong, command: 'true', environment }],
    ['guest.exec', { ...wrong, command: 'true', environment: { 'A B': variable } }],
    ['guest.exec', { ...wrong, password: `${password}\u0001`, command: 'true' }],
    ['guest.exec', { ...wrong, password: String(password).repeat(100), command: 'true' }],
    ['guest.exec', { ...wrong, command: 'true', timeout: 0, surprise: 1 }],
    ['guest.exec', { ...right, command: 'true' }, () => stub.fail('ListProcessesInGuest', 'SystemError')],
    ['guest.file.upload', { ...right, path, content: encoded, overwrite: true, confirm: 'x' }],
    ['guest.file.upload', { ...right, path, content: encoded }],
    ['guest.file.upload', { ...right, path: `${path}2`, content: `${encoded}!` }],
    ['guest.file.upload', { ...right, path: `${path}3`, content: encoded }, () => (stub.fileHost = 'evil.example')],
    ['guest.file.download', { ...wrong, path }],
    ['guest.file.download', { ...right, path }, () => (stub.fileStatus = 503)],
    ['guest.process.kill', { ...right, pid: 1 }],
    ['guest.file.delete', { ...wrong, path, dry_run: true }],
    ['guest.env', wrong],
  ];
}

it('no answer, log line, audit line or task holds a secret of a call, whatever becomes of it', async () => {
  const vm = gateway.app.services.inventory.all('vm').find((each) => each.guest_operations_ready)!;
  const answers: string[] = [];
  for (const door of DOORS) {
    const client = await openDoor(door, gateway);
    for (const [name, input, prepare] of calls(vm.id)) {
      stub.reset();
      prepare?.();
      const { value } = await client.call(operations.find((each) => each.name === name)!, input);
      answers.push(JSON.stringify(value));
    }
    await client.close();
    await rm(join(stub.directory, 'file'), { force: true });
  }
  const failures = answers.filter((answer) => answer.includes('"code"'));
  expect(failures.length).toBeGreaterThanOrEqual(DOORS.length * 12);
  const audit = await readFile(auditFile, 'utf8');
  expect(audit).toContain('"environment":"[redacted]"');
  expect(audit).toContain('"password":"[redacted]"');
  expect(audit).toContain('"content":"[redacted]"');
  expect(logged.length).toBeGreaterThan(10);
  const tasks = JSON.stringify(gateway.app.services.tasks.list());
  const everything = { answers: answers.join('\n'), log: logged.join(''), audit, tasks };
  const encoded = CANARIES.map((canary) => Buffer.from(canary).toString('base64').replace(/=+$/, ''));
  for (const [where, text] of Object.entries(everything)) {
    for (const secret of [...CANARIES, ...encoded]) expect(text.includes(secret), `${secret} in ${where}`).toBe(false);
  }
});

it('every field that holds a password is marked as secret, in whichever operation', () => {
  const unmarked = operations.flatMap(({ name, schemas }) => {
    const found: string[] = [];
    const visit = (node: unknown, at: string): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const [key, child] of Object.entries(node)) {
        if (/password/.test(key) && child?.type === 'string' && child.secret !== true)
          found.push(`${name} ${at}/${key}`);
        visit(child, `${at}/${key}`);
      }
    };
    visit(schemas.input, '');
    return found;
  });
  expect(unmarked).toEqual([]);
});
