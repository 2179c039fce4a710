/** Search, find, raw properties and raw methods against the lab; effects are read past the gateway. */
import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VmRecord } from '../../src/live/model.ts';
import { Target } from '../../src/vsphere/target.ts';
import { type Gateway, startGateway, until } from '../support/gateway.ts';
import { type Lab, startLab } from '../support/lab.ts';

let lab: Lab;
let gateway: Gateway;
let witness: Target;
let auditFile: string;

beforeAll(async () => {
  lab = await startLab({ vms: 30, args: ['-still'] });
  gateway = await startGateway({
    vcenters: [lab.config()],
    config: { metrics: { enabled: false } },
    adjust: ({ data_dir, audit }) => {
      auditFile = `${data_dir}/${audit.file}`;
    },
  });
  witness = new Target(lab.config('witness'), { log: pino({ level: 'silent' }), userAgent: 'witness' });
});
afterAll(async () => {
  await witness?.close();
  await gateway?.close();
  await lab?.stop();
});

const vms = (): readonly VmRecord[] => gateway.app.services.inventory.all('vm');
const read = (vm: VmRecord, path: string) =>
  witness
    .session('requests')
    .read({ $type: 'VirtualMachine', value: vm.moref }, [path])
    .then((found) => found[path]);
const query = (path: string, fields: Record<string, string>) =>
  gateway.get(`/v1/inventory/${path}?${new URLSearchParams(fields)}`);
const invoke = (input: object) => gateway.post('/v1/inventory/invoke', { wait: 20, ...input });

describe('inventory.search', () => {
  it('puts the whole name before its beginning, and that before a piece of it', async () => {
    const [a, b, c] = vms();
    await lab.change({ op: 'rename', vm: a!.moref, name: 'old-quokka-7' });
    await lab.change({ op: 'rename', vm: b!.moref, name: 'quokka-7' });
    await lab.change({ op: 'rename', vm: c!.moref, name: 'quokka' });
    await until('the names are known', () => vms().filter(({ name }) => name.includes('quokka')).length === 3);
    const { body } = await query('search', { q: 'QUOKKA' });
    const names = body.items.map(({ name }: { name: string }) => name);
    expect(names.slice(0, 3)).toEqual(['quokka', 'quokka-7', 'old-quokka-7']);
    expect(body.items[0]).toMatchObject({
      kind: 'vm',
      matched_field: 'name',
      path: expect.stringMatching(/\/quokka$/),
    });
  });

  it('finds by address, UUID, notes and path, and says where', async () => {
    const vm = vms().find(({ ip_addresses }) => ip_addresses.length > 0)!;
    const found = async (q: string) => (await query('search', { q, kinds: 'vm,host' })).body.items[0];
    expect(await found(vm.ip_addresses[0]!)).toMatchObject({ id: vm.id, matched_field: 'ip' });
    expect(await found(vm.instance_uuid!)).toMatchObject({ id: vm.id, matched_field: 'uuid' });
    await lab.change({ op: 'annotate', vm: vm.moref, text: 'the zebra crossing' });
    await until('the note is known', () => vms().some(({ annotation }) => annotation.includes('zebra')));
    expect(await found('ZEBRA')).toMatchObject({ id: vm.id, matched_field: 'annotation' });
    expect((await query('search', { q: '/vm/', kinds: 'vm' })).body).toMatchObject({ total: vms().length });
  });

  it('gives every match once over all pages, also when one goes in between', async () => {
    const idsOf = (body: { items: { id: string }[] }) => body.items.map(({ id }) => id);
    const { body: all } = await query('search', { q: '-', kinds: 'vm', limit: '1000' });
    const { body: first } = await query('search', { q: '-', kinds: 'vm', limit: '4' });
    const seen = idsOf(first);
    await lab.change({ op: 'destroy', vm: seen[3]!.slice('lab:'.length) });
    await until('it is gone', () => gateway.app.services.inventory.get('vm', seen[3]!) === undefined);
    for (let cursor = first.next_cursor; cursor !== null; ) {
      const { body } = await query('search', { q: '-', kinds: 'vm', limit: '4', cursor });
      seen.push(...idsOf(body));
      cursor = body.next_cursor;
    }
    expect(seen).toEqual(idsOf(all));
    expect(seen.length).toBe(all.total);
  });
});

describe('inventory.find', () => {
  it.each([
    ['ip', (vm: VmRecord) => vm.ip_addresses[0]!],
    ['uuid', (vm: VmRecord) => vm.uuid!],
    ['uuid', (vm: VmRecord) => vm.instance_uuid!.toUpperCase()],
    ['dns', (vm: VmRecord) => vm.hostname!.toUpperCase()],
    ['name', (vm: VmRecord) => vm.name],
    ['path', (vm: VmRecord) => gateway.app.services.inventory.path(vm.id)],
  ])('finds a VM by its %s', async (selector, of) => {
    const vm = vms().find(({ ip_addresses, hostname }) => ip_addresses.length > 0 && hostname !== null)!;
    const { body } = await query('find', { [selector]: of(vm), kind: 'vm' });
    expect(body.items.map(({ id }: { id: string }) => id)).toContain(vm.id);
  });

  it('answers none when nothing fits, and every kind that does', async () => {
    expect((await query('find', { ip: '203.0.113.9' })).body.items).toEqual([]);
    const { body } = await query('find', { name: 'vm' });
    expect(body.items[0]).toMatchObject({ kind: 'folder', path: expect.stringMatching(/\/vm$/) });
  });

  it('asks nothing of vCenter', async () => {
    await lab.resetStats();
    await query('find', { name: 'vm' });
    await query('search', { q: 'vm' });
    const { WaitForUpdatesEx: _w, RetrievePropertiesEx: _r, ...others } = (await lab.stats()).method;
    expect(others).toEqual({});
  });
});

describe('inventory.properties', () => {
  const properties = (object: string, paths: string, more = {}) => query('properties', { object, paths, ...more });

  it('reads what is outside the inventory: singletons, tasks, and what its type is given for', async () => {
    const { body: about } = await properties('lab:ServiceInstance', 'content.about,content.perfManager');
    expect(about.properties['content.perfManager']).toEqual({ id: 'lab:PerfMgr', type: 'PerformanceManager' });
    const { body: task } = await invoke({
      object: vms()[5]!.id,
      method: 'ReconfigVM_Task',
      arguments: { spec: { annotation: 'x' } },
      confirm: `ReconfigVM_Task ${vms()[5]!.name}`,
    });
    const { body: info } = await properties(task.id, 'info.state,info.entity');
    expect(info.properties).toEqual({
      'info.state': 'success',
      'info.entity': { id: vms()[5]!.id, type: 'VirtualMachine' },
    });
    const { body: browser } = await properties(vms()[0]!.id, 'environmentBrowser');
    const { id, type } = browser.properties.environmentBrowser;
    expect((await properties(id, 'datastoreBrowser', { type })).status).toBe(200);
  });

  it('does not tell the keys of sessions, which on the lab are their cookies', async () => {
    const { body } = await properties('lab:SessionManager', 'sessionList,currentSession.key');
    const keys = (await lab.sessions()).map(({ key }) => key);
    expect(body.properties.sessionList.length).toBeGreaterThan(0);
    for (const key of keys) expect(JSON.stringify(body)).not.toContain(key);
  });

  it('refuses more than 1 MiB and says what to do', async () => {
    const text = 'x'.repeat(40_000);
    const vm = vms()[6]!;
    const extraConfig = Array.from({ length: 30 }, (_, at) => ({ key: `guestinfo.part${at}`, value: text }));
    const task = await witness
      .session('requests')
      .call('ReconfigVM_Task', { $type: 'VirtualMachine', value: vm.moref }, { spec: { extraConfig } });
    await until(
      'it is set',
      async () => (await witness.session('requests').read(task, ['info.state']))['info.state'] === 'success',
    );
    const { status, body } = await properties(vm.id, 'config.extraConfig');
    expect([status, body.code, body.errors[0].pointer]).toEqual([400, 'invalid_input', '/paths']);
    expect(body.detail).toMatch(/1\.\d MiB as JSON, more than 1 MiB: ask for fewer paths/);
    expect((await properties(vm.id, 'config.extraConfig["guestinfo.part3"].value')).status).toBe(200);
  });

  it('is for administrators only', async () => {
    const key = await gateway.newKey(['read', 'operate', 'provision']);
    const { body } = await gateway.get(`/v1/inventory/properties?object=${vms()[0]!.id}&paths=name`, { key });
    expect(body.code).toBe('scope_required');
  });

  it('says of an object that is gone, or another vCenter, that it is not found', async () => {
    expect((await properties('lab:task-999999', 'info')).body.code).toBe('not_found');
    expect((await properties('elsewhere:task-1', 'info')).body).toMatchObject({ code: 'not_found' });
  });
});

describe('inventory.invoke', () => {
  it('does what the method does, and follows its task', async () => {
    const vm = vms()[7]!;
    const call = {
      object: vm.id,
      method: 'ReconfigVM_Task',
      arguments: { spec: { annotation: 'set by <invoke> & co' } },
    };
    const dry = await invoke({ ...call, dry_run: true });
    expect(dry.body).toMatchObject({
      danger: 'destructive',
      plan: [{ method: 'ReconfigVM_Task', arguments: call.arguments }],
    });
    expect(await read(vm, 'config.annotation')).not.toBe('set by <invoke> & co');
    const done = await invoke({ ...call, confirm: `ReconfigVM_Task ${vm.name}` });
    expect(done.body).toMatchObject({
      state: 'success',
      target: vm.id,
      target_name: vm.name,
      origin: { operation: 'inventory.invoke' },
    });
    expect(await read(vm, 'config.annotation')).toBe('set by <invoke> & co');
    expect((await gateway.get(`/v1/tasks/${done.body.id}`)).body.state).toBe('success');
  });

  it('takes objects as ids among the arguments', async () => {
    const vm = vms().find(({ template, power_state }) => !template && power_state === 'off')!;
    const { body } = await invoke({
      object: vm.id,
      method: 'PowerOnVM_Task',
      arguments: { host: vm.host },
      confirm: `PowerOnVM_Task ${vm.name}`,
    });
    expect(body.state).toBe('success');
    expect(await read(vm, 'runtime.powerState')).toBe('poweredOn');
  });

  it('is not confirmed by the name of the object alone, of the method alone, or of another object', async () => {
    const [vm, other] = [vms()[8]!, vms()[9]!];
    for (const confirm of [vm.name, 'Destroy_Task', `Destroy_Task ${other.name}`, `PowerOffVM_Task ${vm.name}`]) {
      const { status, body } = await invoke({ object: vm.id, method: 'Destroy_Task', confirm });
      expect([status, body.code]).toEqual([409, 'confirmation_required']);
    }
    expect(await read(vm, 'name')).toBe(vm.name);
  });

  it('maps the faults of any method', async () => {
    const vm = vms().find(({ power_state }) => power_state === 'on')!;
    const { body } = await invoke({ object: vm.id, method: 'PowerOnVM_Task', confirm: `PowerOnVM_Task ${vm.name}` });
    expect(body).toMatchObject({ code: 'invalid_power_state', task_id: expect.stringMatching(/^lab:task-/) });
  });

  it('leaves no argument in the audit log, and no password in the plan', async () => {
    const spec = { hostName: 'esx-9', userName: 'root', password: 'hush-hush', force: true };
    const folder = gateway.app.services.inventory.all('folder').find(({ name }) => name === 'host')!;
    const call = { object: folder.id, method: 'AddStandaloneHost_Task', arguments: { spec, addConnected: false } };
    const { body } = await invoke({ ...call, dry_run: true });
    expect(body.plan[0].arguments.spec).toEqual({ ...spec, password: '[redacted]' });
    await invoke({ ...call, confirm: 'AddStandaloneHost_Task host' });
    const audit = await readFile(auditFile, 'utf8');
    expect(audit).toContain('AddStandaloneHost_Task');
    expect(audit).not.toContain('hush-hush');
  });
});
