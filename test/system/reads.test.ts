/** Reads are answered from memory: they make no SOAP call and wait for none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Gateway, startGateway, until } from '../support/gateway.ts';
import { type Lab, startLab } from '../support/lab.ts';

let lab: Lab;
let gateway: Gateway;
beforeAll(async () => {
  lab = await startLab({ vms: 30, args: ['-still'] });
  gateway = await startGateway({ vcenters: [lab.config()], config: { metrics: { enabled: false } } });
  // Every session is logged in and every first poll is over.
  const { inventory } = gateway.app.services;
  await until('the first poll', () => inventory.polled(inventory.all('vm')[0]!.id) !== undefined);
  await until('the sessions of inventory, polls and waits', async () => (await lab.sessions()).length === 3);
});
afterAll(async () => {
  await gateway?.close();
  await lab?.stop();
});

describe('reads', () => {
  it('cause no SOAP call, a thousand of them, even while vCenter answers nothing', async () => {
    const vms = gateway.app.services.inventory.all('vm');
    const host = gateway.app.services.inventory.all('host')[0]!.id;
    const paths = [
      '/v1/vms?limit=10',
      '/v1/vms?power_state=on&q=web&sort=-memory_mib',
      ...vms.slice(0, 5).map(({ id }) => `/v1/vms/${id}`),
      `/v1/vms/${encodeURIComponent(vms[0]!.name)}`,
      `/v1/vms/${vms[0]!.id}/metrics?minutes=60`,
      '/v1/hosts',
      `/v1/hosts/${host}`,
      '/v1/clusters',
      '/v1/datastores',
      '/v1/networks',
      '/v1/folders',
      '/v1/tasks',
      '/v1/about',
      '/readyz',
      '/metrics',
    ];
    // From here on every SOAP call takes a minute: a read that made one would not come back.
    await lab.set({ delay: 60_000 });
    await lab.resetStats();
    const began = Date.now();
    const statuses = new Set<number>();
    for (let n = 0; n < 1000; n += 20) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, k) => gateway.get(paths[(n + k) % paths.length]!)),
      );
      for (const { status } of answers) statuses.add(status);
    }
    const seconds = (Date.now() - began) / 1000;
    const { method } = await lab.stats();
    await lab.set({ delay: 0 });
    expect([...statuses]).toEqual([200]);
    // What runs on a schedule, whoever reads: the long polls, and the look for new tasks every ten seconds.
    const { WaitForUpdatesEx: _polls, RetrievePropertiesEx: sweeps = 0, ...others } = method;
    expect(others).toEqual({});
    expect(sweeps).toBeLessThanOrEqual(1 + Math.ceil(seconds / 10));
  });

  it('answer 304 to a client that has the version already', async () => {
    const first = await gateway.get('/v1/vms?limit=3');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/".+"$/);
    const again = await gateway.get('/v1/vms?limit=3', { headers: { 'if-none-match': etag } });
    expect([again.status, again.body]).toEqual([304, '']);
    expect(Number(first.headers.get('x-inventory-age'))).toBeGreaterThanOrEqual(0);
  });
});
