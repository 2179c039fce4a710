/** vCenter goes away, comes back, loses sessions, was never there: the gateway goes on and recovers by itself. */
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Gateway, startGateway, until } from '../support/gateway.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { openStream } from '../support/stream.ts';

const open: { close?(): Promise<void>; stop?(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await (each.close?.() ?? each.stop?.());
});

async function lab(...options: Parameters<typeof startLab>): Promise<Lab> {
  const started = await startLab(...options);
  open.push(started);
  return started;
}

async function gateway(options: Parameters<typeof startGateway>[0]): Promise<Gateway> {
  const started = await startGateway(options);
  open.push(started);
  return started;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const quiet = { metrics: { enabled: false } };
const still = ['-still'];

describe('a vCenter that is down at start', () => {
  it('does not keep the process from starting, and is followed as soon as it is there', async () => {
    const there = await lab({ vms: 3, args: still });
    await there.down();
    const gate = await gateway({ vcenters: [there.config()], config: quiet, ready: false });
    expect((await gate.get('/healthz', { key: null })).status).toBe(200);
    await until('the reason is known', async () =>
      /reached|refused/.test(JSON.stringify((await gate.get('/readyz', { key: null })).body)),
    );
    const notYet = await gate.get('/readyz', { key: null });
    expect([notYet.status, notYet.body.code]).toEqual([503, 'inventory_loading']);
    expect(notYet.body.detail).toContain('lab');
    expect((await gate.get('/v1/vms/web-01')).body).toMatchObject({ code: 'inventory_loading', retryable: true });
    expect((await gate.get('/v1/about')).body.vcenters[0]).toMatchObject({
      status: 'unavailable',
      reason: expect.any(String),
    });
    await there.up();
    await until('it is followed', async () => (await gate.get('/readyz', { key: null })).status === 200, 20_000);
    expect((await gate.get('/v1/vms')).body.total).toBe(3);
  });

  it('does not keep the others from their users', async () => {
    const there = await lab({ vms: 3, args: still });
    const gone = { ...there.config('gone'), url: `https://127.0.0.1:${await freePort()}/sdk` };
    const gate = await gateway({ vcenters: [gone, there.config()], config: quiet, ready: false });
    await until('the other is followed', async () => (await gate.get('/readyz', { key: null })).status === 200);
    const { body } = await gate.get('/v1/vms?vcenter=lab');
    expect([body.total, body.stale]).toEqual([3, true]);
    expect((await gate.get(`/v1/vms/${body.items[0].id}`)).body.stale).toBe(false);
  });
});

describe('a vCenter that is stopped and started again', () => {
  it('is answered for in the meantime, marked stale, and comes back without false removals or leaked sessions', async () => {
    const there = await lab({ vms: 8, args: still });
    const gate = await gateway({ vcenters: [there.config()], config: quiet });
    const before = (await gate.get('/v1/vms')).body.items.map(({ id }: { id: string }) => id);
    const stream = await openStream(gate, 'topics=vm,host,datastore,network,folder,system');
    await there.down();
    await until('the loss is seen', async () => (await gate.get('/v1/vms')).body.stale === true);
    const meanwhile = await gate.get('/v1/vms');
    expect(meanwhile.body.items.map(({ id }: { id: string }) => id)).toEqual(before);
    expect((await gate.get(`/v1/vms/${before[0]}`)).body.stale).toBe(true);
    expect((await gate.get('/readyz', { key: null })).status).toBe(200);
    expect((await gate.post(`/v1/vms/${before[0]}/power`, { action: 'off' })).body).toMatchObject({
      code: 'upstream_unavailable',
      retryable: true,
    });
    await there.up();
    await until('it is followed again', async () => (await gate.get('/v1/vms')).body.stale === false, 20_000);
    expect((await gate.get('/v1/vms')).body.items.map(({ id }: { id: string }) => id)).toEqual(before);
    expect(stream.events.filter(({ data }) => data.action === 'removed')).toEqual([]);
    expect(stream.of('system').map(({ data }) => data.stale)).toContain(true);
    stream.close();
    expect((await there.sessions()).length).toBeLessThanOrEqual(4);
    await gate.close();
    expect(await there.sessions()).toEqual([]);
  });
});

describe('sessions ended by an administrator', () => {
  it('cost one login each, and no caller an error', async () => {
    const there = await lab({ vms: 100, args: still });
    const gate = await gateway({ vcenters: [there.config()], config: quiet });
    const vms = gate.app.services.inventory
      .all('vm')
      .filter(({ power_state, template }) => power_state === 'on' && !template);
    await gate.post(`/v1/vms/${vms[0]!.id}/power`, { action: 'reset', wait: 10 });
    const kinds = (await there.sessions()).length;
    await there.resetStats();
    await there.terminateSessions();
    const calls = Array.from({ length: 100 }, (_, n) =>
      gate.post(`/v1/vms/${vms[n % vms.length]!.id}/power`, { action: 'reset' }),
    );
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(statuses.filter((status) => status >= 300)).toEqual([]);
    await until('the inventory is followed again', async () => (await gate.get('/v1/vms')).body.stale === false);
    // A session that nothing has used since is logged in again when something does.
    const { logins } = await there.stats();
    expect(logins).toBeGreaterThanOrEqual(2);
    expect(logins).toBeLessThanOrEqual(kinds);
  });
});

describe('an ESXi host', () => {
  it('has what ESXi has; the rest is 501 with the reason, and costs no call', async () => {
    const esx = await lab({ esx: true });
    const gate = await gateway({ vcenters: [esx.config('esx')], config: quiet });
    const { body: about } = await gate.get('/v1/about');
    expect(about.vcenters[0]).toMatchObject({ name: 'esx', status: 'connected', is_vcenter: false });
    const { body: vms } = await gate.get('/v1/vms');
    expect(vms.total).toBeGreaterThan(0);
    expect((await gate.get('/v1/hosts')).body.total).toBe(1);
    for (const path of ['/v1/datastores', '/v1/networks', '/v1/folders']) {
      const { status, body } = await gate.get(path);
      expect([path, status, body.total > 0]).toEqual([path, 200, true]);
    }
    await esx.resetStats();
    const clusters = await gate.get('/v1/clusters');
    expect([clusters.status, clusters.body.code]).toEqual([501, 'not_supported']);
    expect(clusters.body.detail).toContain('ESXi');
    const on = vms.items.find(({ power_state }: { power_state: string }) => power_state === 'on');
    const off = await gate.post(`/v1/vms/${encodeURIComponent(on.id)}/power`, { action: 'off', wait: 10 });
    expect([off.status, off.body.state]).toEqual([200, 'success']);
    const events = await openStream(gate, 'topics=vm');
    await gate.post(`/v1/vms/${encodeURIComponent(on.id)}/power`, { action: 'on', wait: 10 });
    await events.next('vm', ({ id, power_state }) => id === on.id && power_state === 'on');
    events.close();
  });
});
