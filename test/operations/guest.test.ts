/** Working in guests, on a stub that has a real directory and a real shell behind vSphere's guest methods. */
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { VmRecord } from '../../src/live/model.ts';
import { operations } from '../../src/operations/index.ts';
import { openDoor } from '../support/doors.ts';
import { type Answer, type Gateway, startGateway, until } from '../support/gateway.ts';
import { GUEST_USER, type GuestStub, startGuestStub } from '../support/guest-stub.ts';
import { type Lab, startLab } from '../support/lab.ts';

let lab: Lab;
let stub: GuestStub;
let gateway: Gateway;
let vm: VmRecord;
let windows: VmRecord;

beforeAll(async () => {
  lab = await startLab({ vms: 20, args: ['-still'] });
  stub = await startGuestStub(lab);
  gateway = await startGateway({ vcenters: [stub.config()], config: { metrics: { enabled: false } } });
  const ready = gateway.app.services.inventory.all('vm').filter((each) => each.guest_operations_ready);
  vm = ready.find(({ guest_id }) => guest_id?.startsWith('ubuntu'))!;
  windows = ready.find(({ guest_id }) => guest_id?.startsWith('win'))!;
});
afterAll(async () => {
  await gateway?.close();
  await stub?.stop();
  await lab?.stop();
});
beforeEach(() => stub.reset());

const inGuest = (action: string, input: object, on = vm.id): Promise<Answer> =>
  gateway.post(`/v1/vms/${encodeURIComponent(on)}/guest/${action}`, { ...GUEST_USER, ...input });
const exec = (input: object, on?: string) => inGuest('exec', input, on);
const methods = () => stub.requests().map(({ method }) => method);
const path = (name: string) => join(stub.directory, name);
const leftovers = async () => (await readdir(stub.directory)).filter((name) => name.startsWith('vsphere-gateway-'));

describe('guest.exec', () => {
  it('answers with exit code, stdout and stderr in one call, and leaves nothing behind', async () => {
    const { status, body } = await exec({ command: 'echo out; echo err >&2; exit 3' });
    expect([status, body]).toEqual([
      200,
      { exit_code: 3, stdout: 'out\n', stderr: 'err\n', pid: expect.any(Number), timed_out: false, truncated: false },
    ]);
    expect(methods()).toEqual([
      'CreateTemporaryFileInGuest',
      'CreateTemporaryFileInGuest',
      'StartProgramInGuest',
      'ListProcessesInGuest',
      'InitiateFileTransferFromGuest',
      'InitiateFileTransferFromGuest',
      'DeleteFileInGuest',
      'DeleteFileInGuest',
    ]);
    expect(await leftovers()).toEqual([]);
  });

  it('hands each argument to the program as it is, whatever the shell would make of it', async () => {
    const args = ["it's", 'a  b', '$HOME `id` \\', '*', '"q"', 'line\nbreak', '', '; exit 9', '-ö-<&>]]>'];
    const { body } = await exec({ command: `printf '[%s]'`, args });
    expect(body).toMatchObject({ exit_code: 0, stdout: args.map((arg) => `[${arg}]`).join('') });
  });

  it("adds to the user's environment, and runs where it is told", async () => {
    await mkdir(path('work'));
    const environment = { GREETING: "good 'day'", LANG: 'C' };
    const input = { command: 'echo "$GREETING $HOME $LANG"; pwd', environment, working_directory: path('work') };
    const { body } = await exec(input);
    expect(body.stdout).toBe(`good 'day' /root C\n${path('work')}\n`);
  });

  it('looks less and less often while the program runs', async () => {
    expect((await exec({ command: 'sleep 1.5' })).body.exit_code).toBe(0);
    const looks = stub.requests().filter(({ method }) => method === 'ListProcessesInGuest');
    expect(looks.length).toBeGreaterThanOrEqual(3);
    expect(looks.length).toBeLessThanOrEqual(5);
  });

  it('kills a program that takes longer than its timeout, and shows what it wrote till then', async () => {
    const { status, body } = await exec({ command: 'echo begun; exec sleep 60', timeout: 1 });
    expect([status, body]).toEqual([
      200,
      { exit_code: null, stdout: 'begun\n', stderr: '', pid: expect.any(Number), timed_out: true, truncated: false },
    ]);
    expect(methods()).toContain('TerminateProcessInGuest');
    expect(await leftovers()).toEqual([]);
  });

  it('drops what is over the limit, and says so', async () => {
    const { body } = await exec({ command: 'head -c 3000000 /dev/zero | tr "\\0" x', output_limit_kib: 1 });
    expect(body).toMatchObject({ exit_code: 0, truncated: true, stdout: 'x'.repeat(1024) });
  });

  it('takes the bite out of what a program writes for a terminal', async () => {
    const { body } = await exec({ command: "printf 'a\\033[31mb\\tc\\377\\n'" });
    expect(body.stdout).toBe('a\ufffd[31mb\tc\ufffd\n');
  });

  it('uses cmd.exe where the guest is Windows', async () => {
    stub.windows = { exitCode: 5, stdout: 'C:\\>\r\n', stderr: 'no' };
    const { status, body } = await exec({ command: 'dir', args: ['a & b', '100%'] }, windows.id);
    expect([status, body]).toMatchObject([200, { exit_code: 5, stdout: 'C:\\>\r\n', stderr: 'no' }]);
    const start = stub.requests().find(({ method }) => method === 'StartProgramInGuest');
    expect(start?.xml).toContain('<programPath>C:\\Windows\\System32\\cmd.exe</programPath>');
    expect(start?.xml).toContain(
      '/d /s /c &quot;(dir ^&quot;a^ ^&amp;^ b^&quot; ^&quot;100^%^&quot;) &lt;nul &gt;&quot;',
    );
    const broken = await exec({ command: 'dir\ndel *' }, windows.id);
    expect([broken.status, broken.body.code]).toEqual([400, 'invalid_input']);
  });

  it('tells in a dry run what it would send, and sends nothing to the guest', async () => {
    const { body } = await exec({ command: 'reboot', environment: { TOKEN: 'very-secret' }, dry_run: true });
    expect(body).toMatchObject({
      dry_run: true,
      danger: 'disruptive',
      targets: [{ id: vm.id, name: vm.name }],
      impact: `A command runs in the guest of '${vm.name}' as 'root', with all that user may do.`,
    });
    const start = body.plan.find(({ method }: { method: string }) => method === 'StartProgramInGuest');
    expect(start.arguments).toMatchObject({
      auth: { username: 'root', password: '[redacted]' },
      spec: { programPath: '/bin/sh', envVariables: ['TOKEN=[redacted]'] },
    });
    expect(JSON.stringify(body)).not.toMatch(/very-secret|guest-pass/);
    expect(methods()).toEqual([]);
  });

  it('refuses wrong credentials of the guest as such', async () => {
    const { status, body } = await exec({ command: 'id', password: 'wrong' });
    expect([status, body.code, body.fault]).toEqual([403, 'guest_auth', 'InvalidGuestLogin']);
  });

  it('says that the program has run when only its output cannot be had', async () => {
    stub.fileHost = 'dc0-nowhere.invalid:443';
    const { status, body } = await exec({ command: 'exit 4' });
    expect([status, body.code, body.retryable]).toEqual([502, 'upstream_malformed', false]);
    expect(body.detail).toMatch(/^The program has run \(pid \d+, exit code 4\)/);
    expect(body.details).toMatchObject({ exit_code: 4, pid: expect.any(Number) });
    expect(await leftovers()).toEqual([]);
  });

  it('has answers that fit through MCP, the worst of them included', async () => {
    const door = await openDoor('mcp', gateway);
    const operation = operations.find(({ name }) => name === 'guest.exec')!;
    const quotes = 'head -c 100000 /dev/zero | tr "\\0" "\\042"';
    const input = { vm: vm.id, ...GUEST_USER, command: `${quotes}; ${quotes} >&2` };
    const fits = await door.call(operation, input);
    expect([fits.ok, fits.value.stdout.length, fits.value.stderr.length]).toEqual([true, 65_536, 65_536]);
    stub.reset();
    const refused = await door.call(operation, { ...input, output_limit_kib: 65 });
    expect([refused.ok, refused.value.code]).toEqual([false, 'invalid_input']);
    expect(methods()).toEqual([]);
    await door.close();
  });

  it('tidies up when the program cannot be started', async () => {
    stub.fail('StartProgramInGuest', 'GuestPermissionDenied');
    expect((await exec({ command: 'id' })).body.code).toBe('guest_auth');
    expect(await leftovers()).toEqual([]);
  });
});

describe('files of a guest', () => {
  const bytes = Buffer.from([0, 1, 2, 255, 254, 10, 13]);

  it('go there and come back byte by byte', async () => {
    const content = bytes.toString('base64');
    const up = await inGuest('files/upload', { path: path('raw.bin'), content, permissions: '0600' });
    expect([up.status, up.body]).toEqual([200, { path: path('raw.bin'), size_bytes: bytes.length }]);
    expect(await readFile(path('raw.bin'))).toEqual(bytes);
    expect(stub.requests()[0]?.xml).toContain('<permissions>384</permissions>');
    const down = await inGuest('files/download', { path: path('raw.bin') });
    expect(down.body).toEqual({ path: path('raw.bin'), size_bytes: bytes.length, content });
  });

  it('may be empty', async () => {
    const up = await inGuest('files/upload', { path: path('empty'), content: '' });
    expect(up.body.size_bytes).toBe(0);
    expect((await inGuest('files/download', { path: path('empty') })).body).toMatchObject({
      content: '',
      size_bytes: 0,
    });
  });

  it('are overwritten only when that is asked for and confirmed', async () => {
    await writeFile(path('kept'), 'old');
    const input = { path: path('kept'), content: 'bmV3' };
    expect((await inGuest('files/upload', input)).body.code).toBe('already_exists');
    expect((await inGuest('files/upload', { ...input, overwrite: true })).body.code).toBe('confirmation_required');
    expect(await readFile(path('kept'), 'utf8')).toBe('old');
    expect((await inGuest('files/upload', { ...input, overwrite: true, confirm: vm.name })).status).toBe(200);
    expect(await readFile(path('kept'), 'utf8')).toBe('new');
  });

  it('are refused when they are larger than one answer', async () => {
    await writeFile(path('large'), Buffer.alloc((8 << 20) + 1));
    const { status, body } = await inGuest('files/download', { path: path('large') });
    expect([status, body.code, body.details]).toEqual([413, 'file_too_large', { limit_bytes: 8 << 20 }]);
  });

  it('are listed page by page, with their facts', async () => {
    await mkdir(path('list/sub'), { recursive: true });
    for (const name of ['a.log', 'b.log', 'c.txt']) await writeFile(path(`list/${name}`), name);
    await chmod(path('list/a.log'), 0o640);
    const first = await inGuest('files/list', { path: path('list'), pattern: '\\.log$', limit: 1 });
    expect(first.body).toMatchObject({
      items: [{ name: 'a.log', type: 'file', size_bytes: 5, permissions: '0640', owner_id: 0, hidden: null }],
      remaining: 1,
      next_offset: 1,
    });
    const second = await inGuest('files/list', { path: path('list'), pattern: '\\.log$', limit: 1, offset: 1 });
    expect(second.body).toMatchObject({ items: [{ name: 'b.log' }], remaining: 0, next_offset: null });
    expect((await inGuest('files/list', { path: path('list') })).body.items).toContainEqual(
      expect.objectContaining({ name: 'sub', type: 'directory' }),
    );
  });

  it('are moved, made and deleted', async () => {
    expect((await inGuest('files/mkdir', { path: path('x/y'), parents: true })).body).toEqual({ path: path('x/y') });
    await writeFile(path('x/f'), '1');
    expect((await inGuest('files/move', { path: path('x/f'), to: path('x/y/f') })).body).toEqual({
      path: path('x/y/f'),
    });
    await writeFile(path('x/g'), '2');
    const over = { path: path('x/g'), to: path('x/y/f') };
    expect((await inGuest('files/move', over)).body.code).toBe('already_exists');
    expect((await inGuest('files/move', { ...over, overwrite: true })).body.code).toBe('confirmation_required');
    expect((await inGuest('files/move', { ...over, overwrite: true, confirm: vm.name })).status).toBe(200);
    const directory = { path: path('x/y'), to: path('x/z'), type: 'directory' };
    expect((await inGuest('files/move', { ...directory, overwrite: true })).body.code).toBe('invalid_input');
    expect((await inGuest('files/move', directory)).status).toBe(200);
    const gone = { path: path('x'), type: 'directory', confirm: vm.name };
    expect((await inGuest('files/delete', gone)).body).toMatchObject({ code: 'in_use', fault: 'DirectoryNotEmpty' });
    const file = await inGuest('files/delete', { path: path('x/z/f'), confirm: vm.name });
    expect(file.body).toEqual({ path: path('x/z/f') });
    expect((await inGuest('files/delete', { ...gone, recursive: true })).status).toBe(200);
    await expect(stat(path('x'))).rejects.toThrow('ENOENT');
  });

  it('are not deleted without the name of the VM, nor with that of another', async () => {
    await writeFile(path('precious'), '!');
    for (const confirm of [undefined, windows.name]) {
      const { status, body } = await inGuest('files/delete', { path: path('precious'), confirm });
      expect([status, body.code, body.details]).toEqual([409, 'confirmation_required', { confirm: vm.name }]);
    }
    expect(await readFile(path('precious'), 'utf8')).toBe('!');
    expect(methods()).toEqual([]);
  });

  it('that are not there are not found', async () => {
    const { status, body } = await inGuest('files/download', { path: path('nothing') });
    expect([status, body.code, body.fault]).toEqual([404, 'not_found', 'FileNotFound']);
  });
});

describe('an address that vSphere gives for a file', () => {
  const download = async () => {
    await writeFile(path('f'), 'f');
    return (await inGuest('files/download', { path: path('f') })).body;
  };

  it('is not followed to a host that is not in the inventory', async () => {
    stub.fileHost = 'evil.example:443';
    expect(await download()).toMatchObject({
      code: 'upstream_malformed',
      detail: expect.stringContaining("'evil.example'"),
      retryable: false,
    });
  });

  it('is followed to a host of the inventory, which may be out of reach', async () => {
    const [host] = gateway.app.services.inventory.all('host');
    stub.fileHost = `${host!.name}:1`;
    expect(await download()).toMatchObject({
      code: 'host_unreachable',
      detail: expect.stringContaining(host!.name.toLowerCase()),
    });
  });

  it('may fail, and the answer says so without what the server wrote', async () => {
    stub.fileStatus = 500;
    expect(await download()).toMatchObject({ code: 'upstream_error', details: { http_status: 500 } });
  });
});

describe('processes of a guest', () => {
  it('are listed and killed', async () => {
    const running = exec({ command: 'exec sleep 60', timeout: 30 });
    const started = () => stub.requests().some(({ method }) => method === 'ListProcessesInGuest');
    await until('the program runs', started);
    const { body } = await inGuest('processes/list', {});
    const { pid } = body.items.at(-1);
    expect(body.items.at(-1)).toMatchObject({ name: 'sh', owner: 'root', ended_at: null, exit_code: null });
    expect((await inGuest('processes/kill', { pid })).body).toEqual({ pid });
    expect((await running).body).toMatchObject({ exit_code: 137, pid, timed_out: false });
    const after = await inGuest('processes/list', { pids: [pid] });
    expect(after.body.items).toEqual([expect.objectContaining({ pid, exit_code: 137, ended_at: expect.any(String) })]);
  });

  it('that are not there are not found', async () => {
    const { status, body } = await inGuest('processes/kill', { pid: 1 });
    expect([status, body.code, body.fault]).toEqual([404, 'not_found', 'GuestProcessNotFound']);
  });
});

describe('the environment of a guest user', () => {
  it('is shown as a whole or by name', async () => {
    expect((await inGuest('env', {})).body.items).toContainEqual({ name: 'HOME', value: '/root' });
    expect((await inGuest('env', { names: ['LANG', 'NO'] })).body.items).toEqual([{ name: 'LANG', value: 'C.UTF-8' }]);
  });
});

describe('a guest that nobody can work in', () => {
  it('is told apart by what has to be done about it', async () => {
    const off = gateway.app.services.inventory.all('vm').find(({ power_state }) => power_state === 'off')!;
    const { status, body } = await exec({ command: 'id' }, off.id);
    expect([status, body.code, body.retry_after]).toEqual([409, 'guest_unavailable', 15]);
    expect(body.detail).toContain('power it on');
    expect(methods()).toEqual([]);
  });

  it('is also one whose tools have gone since the inventory heard of them', async () => {
    stub.fail('CreateTemporaryFileInGuest', 'GuestOperationsUnavailable');
    const { status, body } = await exec({ command: 'id' });
    expect([status, body.code]).toEqual([409, 'guest_unavailable']);
  });
});

describe('vm.screenshot', () => {
  // The smallest PNG: one grey pixel.
  const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==';
  const shoot = (id = vm.id) => gateway.get(`/v1/vms/${encodeURIComponent(id)}/screenshot`);

  it('shows the screen with its size', async () => {
    stub.screen = Buffer.from(pixel, 'base64');
    const { status, body } = await shoot();
    const { id, name } = vm;
    expect([status, body]).toEqual([200, { id, name, media_type: 'image/png', width: 1, height: 1, content: pixel }]);
    expect(stub.screens()).toEqual([`/screen?id=${vm.moref}`]);
  });

  it('logs in again when the login has ended', async () => {
    stub.screen = Buffer.from(pixel, 'base64');
    stub.forgetLogins();
    expect((await shoot()).status).toBe(200);
    expect(stub.screens()).toHaveLength(2);
  });

  it('takes nothing for a picture that is none', async () => {
    stub.screen = Buffer.from('<html>Not a picture, and long enough</html>');
    const { status, body } = await shoot();
    expect([status, body.code]).toEqual([502, 'upstream_malformed']);
  });

  it('needs a VM that runs', async () => {
    const off = gateway.app.services.inventory.all('vm').find(({ power_state }) => power_state === 'off')!;
    expect((await shoot(off.id)).body.code).toBe('invalid_power_state');
    expect(stub.screens()).toEqual([]);
  });
});

describe('keys', () => {
  it('with operate may read in guests, and need provision to change anything there', async () => {
    const key = await gateway.newKey(['read', 'operate']);
    const as = (action: string, input: object) =>
      gateway.post(`/v1/vms/${encodeURIComponent(vm.id)}/guest/${action}`, { ...GUEST_USER, ...input }, { key });
    expect((await as('env', {})).status).toBe(200);
    expect((await as('exec', { command: 'id' })).body.code).toBe('scope_required');
  });
});
