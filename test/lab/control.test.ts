/** The control port: counters, latency, faults, sessions. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Lab, startLab } from '../support/lab.ts';
import { loggedIn, type SoapClient, until, versionOf } from './soap.ts';

let lab: Lab;
let client: SoapClient;

beforeAll(async () => {
  lab = await startLab({ vms: 10, args: ['-still'] });
  client = await loggedIn(lab);
});

afterEach(() => lab.clearFaults());

afterAll(async () => {
  await client.close();
  await lab.stop();
});

const now = (of = client) => of.call('CurrentTime', 'ServiceInstance:ServiceInstance');

test('calls are counted by method, and logins apart', async () => {
  await lab.resetStats();
  await now();
  await now();
  const other = await loggedIn(lab);
  await other.login(lab.username, 'wrong');
  const stats = await lab.stats();
  expect(stats.method['CurrentTime']).toBe(2);
  expect([stats.logins, stats.bad_logins, stats.sessions]).toEqual([1, 1, 2]);
  expect(stats.bytes_in).toBeGreaterThan(500);
  await other.call('Logout', await other.manager('sessionManager'));
  await other.close();
});

test('a fault rule fits by method, type and object, and wears out', async () => {
  await lab.fault({
    method: 'CurrentTime',
    type: 'ServiceInstance',
    moid: 'ServiceInstance',
    fault: 'InvalidState',
    message: 'a < b',
    count: 1,
    skip: 1,
  });
  await lab.fault({ method: 'CurrentTime', moid: 'another', fault: 'NotSupported' });
  expect((await now()).fault).toBeUndefined();
  const failed = await now();
  expect([failed.status, failed.fault]).toEqual([500, 'InvalidState']);
  expect(failed.xml).toContain('<faultstring>a &lt; b</faultstring>');
  expect((await now()).fault).toBeUndefined();
});

test('a fault rule takes the fields of the fault, and refuses what is not a fault', async () => {
  await lab.fault({ method: 'CurrentTime', fault: 'InvalidArgument', fields: { invalidProperty: 'spec.name' } });
  expect((await now()).xml).toContain('<invalidProperty>spec.name</invalidProperty>');
  await expect(lab.fault({ method: '*', fault: 'VirtualDisk' })).rejects.toThrow('not a fault');
  await expect(lab.fault({ method: '*', fault: 'Nonsense' })).rejects.toThrow('no vim25 type');
});

test('latency is set for all calls and for one method', async () => {
  const slow = new AbortController();
  await lab.set({ method_delay: { CurrentTime: 60_000 } });
  const waiting = client.call('CurrentTime', 'ServiceInstance:ServiceInstance', '', slow.signal);
  expect((await client.call('RetrieveServiceContent', 'ServiceInstance:ServiceInstance')).status).toBe(200);
  slow.abort();
  await expect(waiting).rejects.toThrow();
  await lab.set({ method_delay: { CurrentTime: 0 } });
  expect((await now()).status).toBe(200);
});

test('an ended session gets NotAuthenticated, its pending wait RequestCanceled, and its collectors are gone', async () => {
  const victim = await loggedIn(lab);
  const { collector } = await victim.watch('VirtualMachine', ['name']);
  const version = versionOf((await victim.wait(collector, '', 0)).xml);
  const waiting = victim.wait(collector, version, 30);
  await until('it waits', async () => ((await lab.stats()).method['WaitForUpdatesEx'] ?? 0) >= 2);
  const before = (await lab.sessions()).length;
  const [newest] = (await lab.sessions()).sort((a, b) => b.login_at.localeCompare(a.login_at));
  expect(await lab.terminateSessions({ key: newest?.key ?? '' })).toBe(1);
  expect((await waiting).fault).toBe('RequestCanceled');
  expect((await lab.sessions()).length).toBe(before - 1);

  expect((await now(victim)).fault).toBe('NotAuthenticated');
  await expect(victim.property(await victim.manager('rootFolder'), 'name')).rejects.toThrow('NotAuthenticated');
  await victim.login(lab.username, lab.password);
  expect((await victim.wait(collector, version, 0)).fault).toBe('ManagedObjectNotFound');
  await victim.close();
});

test('TerminateSession of another client does the same, and refuses an unknown key', async () => {
  const victim = await loggedIn(lab);
  const key = /<key>([^<]+)</.exec(
    await victim.property(await victim.manager('sessionManager'), 'currentSession'),
  )?.[1];
  const manager = await client.manager('sessionManager');
  expect((await client.call('TerminateSession', manager, `<sessionId>${key}</sessionId>`)).fault).toBeUndefined();
  expect((await now(victim)).fault).toBe('NotAuthenticated');
  expect((await client.call('TerminateSession', manager, '<sessionId>none</sessionId>')).fault).toBe('NotFound');
  await victim.close();
});

test('performance samples lie on the grid of twenty seconds and are the same for everybody', async () => {
  const [vm] = await lab.change({ op: 'annotate', text: '' });
  const query = (format: string, metrics: number) =>
    client
      .manager('perfManager')
      .then((manager) =>
        client.call(
          'QueryPerf',
          manager,
          `<querySpec><entity type="VirtualMachine">${vm}</entity><maxSample>3</maxSample>${'<metricId><counterId>460</counterId><instance></instance></metricId>'.repeat(metrics)}<metricId><counterId>2</counterId><instance></instance></metricId><intervalId>20</intervalId><format>${format}</format></querySpec>`,
        ),
      );
  const csv = (await query('csv', 1)).xml;
  const times =
    /<sampleInfoCSV>([^<]+)</
      .exec(csv)?.[1]
      ?.split(',')
      .filter((_, i) => i % 2 === 1) ?? [];
  expect(times).toHaveLength(3);
  expect(times.map((time) => Date.parse(time) % 20_000)).toEqual([0, 0, 0]);
  expect([...times].sort()).toEqual(times);
  expect((await query('csv', 1)).xml).toBe(csv);
  // As many values as samples, zeros included: the simulator's own encoder leaves those out.
  const normal = (await query('normal', 1)).xml;
  expect([...normal.matchAll(/<value>\d+<\/value>/g)]).toHaveLength(6);

  await lab.set({ max_query_metrics: 4 });
  expect((await query('csv', 4)).fault).toBe('RestrictedByAdministrator');
  await lab.set({ max_query_metrics: -1 });
});
