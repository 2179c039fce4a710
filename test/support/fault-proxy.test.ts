/** The fault proxy does to calls what its rules say, and nothing to the others. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { SoapClient, until, versionOf } from '../lab/soap.ts';
import { CA } from './certificates.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { type Lab, startLab } from './lab.ts';

let lab: Lab;
let proxy: FaultProxy;
let client: SoapClient;

beforeAll(async () => {
  lab = await startLab({ vms: 4, args: ['-still'] });
  proxy = await startFaultProxy(lab);
  client = new SoapClient(proxy.url, lab.ca);
  await client.login(lab.username, lab.password);
});

beforeEach(async () => {
  proxy.clear();
  proxy.resetCalls();
  await lab.resetStats();
});

afterAll(async () => {
  await client.close();
  await proxy.stop();
  await lab.stop();
});

const now = (signal?: AbortSignal) => client.call('CurrentTime', 'ServiceInstance:ServiceInstance', '', signal);
const atLab = async () => (await lab.stats()).method['CurrentTime'] ?? 0;

test('without rules calls pass, cookies and all, and are counted', async () => {
  expect((await now()).status).toBe(200);
  expect(await client.property(await client.manager('rootFolder'), 'name')).not.toBe('');
  expect(proxy.calls()).toEqual({ CurrentTime: 1, RetrievePropertiesEx: 1 });
  expect(proxy.requests().every(({ bytes }) => bytes > 300)).toBe(true);
});

test('a rule applies to its method, so many times, after so many were let pass', async () => {
  const rule = proxy.rule({
    method: 'CurrentTime',
    skip: 1,
    times: 1,
    action: { kind: 'fault', fault: 'SystemError' },
  });
  expect((await now()).fault).toBeUndefined();
  expect((await now()).fault).toBe('SystemError');
  expect((await now()).fault).toBeUndefined();
  expect(rule.hits()).toBe(1);
});

test('a cut can come before the lab sees the call, after it, or within the answer', async () => {
  proxy.rule({ times: 1, action: { kind: 'cut', forward: false } });
  await expect(now()).rejects.toThrow();
  expect(await atLab()).toBe(0);
  proxy.rule({ times: 1, action: { kind: 'cut' } });
  await expect(now()).rejects.toThrow();
  expect(await atLab()).toBe(1);
  proxy.rule({ times: 1, action: { kind: 'cut', bytes: 100 } });
  await expect(now()).rejects.toThrow();
  expect(await atLab()).toBe(2);
});

test('an answer can be truncated or rewritten, bytes that are no text included', async () => {
  proxy.rule({ times: 1, action: { kind: 'truncate', bytes: 120 } });
  const short = await now();
  expect([short.status, short.xml.length]).toEqual([200, 120]);
  proxy.rule({ times: 1, action: { kind: 'rewrite', edit: () => new Uint8Array([0x3c, 0xff]) } });
  expect((await now()).xml).toBe('<\ufffd');
});

test('an update set can be made to say that it is truncated', async () => {
  const { collector } = await client.watch('VirtualMachine', ['name']);
  proxy.rule({
    method: 'WaitForUpdatesEx',
    where: (body) => body.includes('<version></version>'),
    action: { kind: 'truncated_set' },
  });
  expect((await client.wait(collector, '', 0)).xml).toContain('<truncated>true</truncated></returnval>');
});

test('any HTTP answer can be given, a 503 page by default', async () => {
  proxy.rule({ times: 1, action: { kind: 'respond' } });
  const answer = await now();
  expect([answer.status, answer.xml]).toEqual([503, '<html><body>503 Service Unavailable</body></html>']);
});

test('a call can be held back, or swallowed for good', async () => {
  proxy.rule({ times: 1, action: { kind: 'delay', ms: 60_000 } });
  await expect(now(AbortSignal.timeout(200))).rejects.toThrow();
  proxy.rule({ times: 1, action: { kind: 'swallow' } });
  await expect(now(AbortSignal.timeout(200))).rejects.toThrow();
  expect(await atLab()).toBe(0);
  expect((await now()).status).toBe(200);
});

test('frozen, it answers nothing, not even what was under way, until it thaws', async () => {
  const { collector } = await client.watch('VirtualMachine', ['name']);
  const version = /<version>([^<]+)</.exec((await client.wait(collector, '', 0)).xml)?.[1] ?? '';
  const waiting = client.wait(collector, version, 1);
  await until('the lab waits', async () => ((await lab.stats()).method['WaitForUpdatesEx'] ?? 0) === 2);
  proxy.freeze();
  let answered = false;
  const call = now().then((answer) => {
    answered = true;
    return answer;
  });
  // Longer than the wait would have taken.
  const timeIsUp = sleep(1_300, 'time is up');
  expect(await Promise.race([waiting, timeIsUp])).toBe('time is up');
  expect(answered).toBe(false);
  proxy.thaw();
  expect((await call).status).toBe(200);
  expect((await waiting).status).toBe(200);
});

test('down, it refuses connections; up again, it has the same address', async () => {
  const { collector } = await client.watch('VirtualMachine', ['name']);
  const version = versionOf((await client.wait(collector, '', 0)).xml);
  const waiting = client.wait(collector, version, 30);
  waiting.catch(() => undefined); // it is looked at below
  await until('the lab waits', async () => ((await lab.stats()).method['WaitForUpdatesEx'] ?? 0) === 2);
  await proxy.down();
  await expect(waiting).rejects.toThrow();
  await now().catch(() => undefined); // may still find a connection in the pool that is broken by now
  await expect(now()).rejects.toThrow('ECONNREFUSED');
  await proxy.up();
  expect((await now()).status).toBe(200);
});

test('a client that does not trust the certificate sends nothing', async () => {
  const stranger = new SoapClient(proxy.url, CA);
  await expect(stranger.login(lab.username, lab.password)).rejects.toThrow();
  expect(proxy.connections()).toBe(1);
  expect(proxy.requests()).toEqual([]);
  await stranger.close();
});
