/** A vCenter that goes away and comes back, answers that the simulator never gives, and a single ESXi host. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Metrics } from '../../../src/live/metrics/metrics.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { startLab } from '../../support/lab.ts';
import { connect, rounds, startPolled, until } from './polled.ts';

const health = (metrics: Metrics) => metrics.health('lab')!;

test('reads on by itself after a vCenter was away, and says so in between', async () => {
  const lab = await startLab({ vms: 6, hosts: 1, args: ['-still'] });
  const proxy = await startFaultProxy(lab);
  const { metrics, inventory, close, ticks } = connect(proxy.config());
  inventory.start();
  metrics.start();
  await until(() => health(metrics).last_poll_at !== null, 'the first round');
  const id = ticks[0]!.ids[0]!;

  await proxy.down();
  await until(() => health(metrics).failures >= 2, 'failed rounds');
  expect(health(metrics).last_error).toContain('lab');
  expect(metrics.last(id)).toBeDefined();
  ticks.length = 0;
  await proxy.up();
  await until(() => ticks.some(({ kind }) => kind === 'vm'), 'samples after the outage');
  await until(() => health(metrics).last_error === null, 'a round that succeeds');

  await close();
  await proxy.stop();
  await lab.stop();
});

/** vCenter's answer about one option. */
const option = (value: string) => `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<soapenv:Body><QueryOptionsResponse xmlns="urn:vim25"><returnval xsi:type="OptionValue"><key>config.vpxd.stats.maxQueryMetrics</key><value xsi:type="xsd:string">${value}</value></returnval></QueryOptionsResponse></soapenv:Body>
</soapenv:Envelope>`;

test.each([
  { value: '-1', configured: null, limit: 10_000, queries: 2 },
  { value: '64', configured: 256, limit: 64, queries: undefined },
])('goes by the limit that vCenter is set to ($value), and by the configuration', async (row) => {
  const lab = await startLab({ vms: 12, hosts: 1, args: ['-still'] });
  const proxy = await startFaultProxy(lab);
  const respond = { kind: 'respond', status: 200, type: 'text/xml; charset=utf-8', body: option(row.value) } as const;
  proxy.rule({ method: 'QueryOptions', action: respond });
  const { metrics, inventory, close } = connect(proxy.config(), { max_query_metrics: row.configured });
  inventory.start();
  metrics.start();
  await until(() => health(metrics).last_poll_at !== null, 'the first round');
  expect(health(metrics).max_query_metrics).toBe(row.limit);
  if (row.queries !== undefined) expect(health(metrics).queries).toBe(row.queries);
  await close();
  await proxy.stop();
  await lab.stop();
});

test('a sample that vCenter does not have is null, not -1 and not zero', async () => {
  const lab = await startLab({ vms: 4, hosts: 1, args: ['-still'] });
  const proxy = await startFaultProxy(lab);
  // The last value but one of each series.
  const edit = (body: string) => body.replace(/\d+,(\d+<\/value>)/g, '-1,$1');
  proxy.rule({ method: 'QueryPerf', action: { kind: 'rewrite', edit } });
  const { metrics, inventory, close } = connect(proxy.config(), { interval: 3_600 });
  inventory.start();
  metrics.start();
  await until(() => health(metrics).last_poll_at !== null, 'the first round');
  const vm = inventory.all('vm').find(({ power_state: state }) => state === 'on')!;
  const { series } = metrics.series(vm.id, ['mem.consumed.average'], 3_600_000);
  const values = series['mem.consumed.average']!;
  expect(values.at(-1)).toBeGreaterThan(0);
  expect(values.at(-2)).toBeNull();
  expect(values.at(-3)).toBeGreaterThan(0);
  await close();
  await proxy.stop();
  await lab.stop();
});

test('a restriction that is not about size fails the round, and the limit is as before when it is lifted', async () => {
  // Time enough between two rounds to lift the restriction.
  const { lab, metrics, close } = await startPolled({ vms: 12, hosts: 1 }, { interval: 2 });
  await until(() => health(metrics).last_poll_at !== null, 'the first round');
  await lab.fault({ method: 'QueryPerf', fault: 'RestrictedByAdministrator' });
  await lab.resetStats();
  await until(() => health(metrics).failures > 0, 'a failed round');
  expect((await lab.stats()).method['QueryPerf']).toBeLessThan(20);
  await lab.clearFaults();
  await until(() => health(metrics).last_error === null, 'a round that succeeds');
  expect(health(metrics).max_query_metrics).toBe(256);
  await close();
});

test('reads a single ESXi host and its VMs', async () => {
  const { metrics, inventory, close } = await startPolled({ esx: true, vms: 4 });
  await until(() => health(metrics).last_poll_at !== null, 'the first round');
  const running = inventory.all('vm').filter((vm) => vm.power_state === 'on');
  expect(running.length).toBeGreaterThan(0);
  for (const { id } of [...running, ...inventory.all('host')]) {
    expect(metrics.last(id)?.values['cpu.usage.average']).toEqual(expect.any(Number));
  }
  await close();
});

test('reads nothing where it is switched off', async () => {
  const { lab, metrics, inventory, close } = await startPolled({ vms: 2, hosts: 1 }, { enabled: false });
  await until(() => inventory.status('lab').ready, 'the inventory');
  await sleep(300);
  expect(metrics.health('lab')).toBeUndefined();
  expect((await lab.stats()).method['QueryPerf']).toBeUndefined();
  await close();
});

test('closing in the middle of a round ends it, and nothing is asked afterwards', async () => {
  const { lab, metrics, ...rest } = await startPolled({ vms: 6, hosts: 1 });
  await until(() => health(metrics).last_poll_at !== null, 'the first round');
  await lab.set({ method_delay: { QueryPerf: 2_000 } });
  await rounds(metrics, 0);
  await metrics.close();
  await lab.resetStats();
  // Longer than a round is away.
  await sleep(300);
  expect((await lab.stats()).method['QueryPerf']).toBeUndefined();
  expect(health(metrics).failures).toBe(0);
  await rest.close();
});
