/** What Prometheus gets. */
import { spawnSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { metricsRoutes } from '../../routes/metrics.ts';
import { COLUMNS, prometheusName, toBaseUnit } from '../../src/live/metrics/counters.ts';
import type { VmRecord } from '../../src/live/model.ts';
import { createRegistry } from '../../src/observe/registry.ts';
import { type Polled, startPolled, until } from '../live/metrics/polled.ts';

const promtool = spawnSync('promtool', ['--version']).status === 0;

/** Samples by family, after a check that each family stands together behind one HELP and one TYPE. */
function parse(text: string): Map<string, { type: string; samples: string[] }> {
  const families = new Map<string, { type: string; samples: string[] }>();
  let current: { type: string; samples: string[] } | undefined;
  for (const line of text.split('\n')) {
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (word === 'HELP') {
      expect(families.has(name), `${name} begins twice`).toBe(false);
      current = { type: '', samples: [] };
      families.set(name, current);
    } else if (word === 'TYPE') {
      expect(families.get(name)).toBe(current);
      current!.type = rest;
    } else if (line !== '') {
      const name = /^\w+/.exec(line)![0];
      const family = current!.type === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name;
      expect(families.get(family), line).toBe(current);
      current!.samples.push(line);
    }
  }
  return families;
}

describe('GET /metrics', () => {
  const registry = createRegistry();
  let polled: Polled;
  let app: FastifyInstance;
  const scrape = async () => parse((await app.inject('/metrics')).body);
  const running = () => polled.inventory.all('vm').filter((vm) => vm.power_state === 'on');
  /** The sample of a VM in a family. */
  const sampleOf = (samples: string[] | undefined, vm: VmRecord) =>
    samples?.find((sample) => sample.includes(`vcenter="lab",moid="${vm.moref}",`));

  beforeAll(async () => {
    polled = await startPolled({ vms: 12, hosts: 2 }, { interval: 3_600 }, registry.observeSoap);
    await until(() => polled.metrics.health('lab')?.last_poll_at !== null, 'the first round');
    const { inventory, metrics, target } = polled;
    const services = { inventory, metrics, targets: new Map([['lab', target]]), version: '1.2.3' };
    app = fastify();
    const hub = { subscribers: 3, stats: { sent: 20, skipped: 2, stalled: 1 } };
    await app.register(metricsRoutes, { services, registry, hub });
  });
  afterAll(async () => {
    await app.close();
    await polled.close();
  });

  test('has the content type of the text format', async () => {
    const { headers, statusCode } = await app.inject('/metrics');
    expect(statusCode).toBe(200);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(headers['content-encoding']).toBeUndefined();
  });

  test.skipIf(!promtool)('is accepted by promtool (skipped where promtool is not installed)', async () => {
    const { body } = await app.inject('/metrics');
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: body });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });

  test('has each counter of a running VM and a host in its base unit', async () => {
    const families = await scrape();
    for (const kind of ['vm', 'host'] as const) {
      const record = kind === 'vm' ? running()[0]! : polled.inventory.all('host')[0]!;
      const cpus = record.kind === 'vm' ? record.cpu_count : record.cpu_threads;
      const { values } = polled.metrics.last(record.id)!;
      for (const spec of COLUMNS[kind]) {
        const { type, samples } = families.get(prometheusName(spec, kind))!;
        const labels = `{vcenter="lab",moid="${record.moref}",uuid="${record.uuid}"}`;
        expect(type).toBe('gauge');
        expect(samples).toContain(
          `${prometheusName(spec, kind)}${labels} ${toBaseUnit(spec, values[spec.name]!, cpus)}`,
        );
      }
    }
  });

  test('has one sample a counter and running VM, and none of a VM that is off', async () => {
    const families = await scrape();
    const off = polled.inventory.all('vm').find((vm) => vm.power_state === 'off')!;
    const usage = families.get('vsphere_vm_cpu_usage_ratio')?.samples;
    expect(usage).toHaveLength(running().length);
    expect(sampleOf(usage, off)).toBeUndefined();
    expect(sampleOf(families.get('vsphere_vm_power_state')?.samples, off)).toMatch(/ 0$/);
    expect(sampleOf(families.get('vsphere_vm_power_state')?.samples, running()[0]!)).toMatch(/ 1$/);
  });

  test('has no counter any more that was not read for a while, but still what the inventory knows', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 150_000 });
    try {
      const families = await scrape();
      expect(families.has('vsphere_vm_cpu_usage_ratio')).toBe(false);
      expect(families.get('vsphere_vm_power_state')?.samples).toHaveLength(12);
    } finally {
      vi.useRealTimers();
    }
  });

  test('has what the inventory knows, with names in the info families alone', async () => {
    const families = await scrape();
    const vm = running()[0]!;
    const host = polled.inventory.get('host', vm.host!)!;
    const datastore = polled.inventory.all('datastore')[0]!;
    const info = sampleOf(families.get('vsphere_vm_info')?.samples, vm);
    expect(info).toMatch(/ 1$/);
    expect(info).toContain(`name="${vm.name}",host="${host.name}",cluster="`);
    expect(info).toContain(`folder="${polled.inventory.path(vm.parent!)}"`);
    expect(sampleOf(families.get('vsphere_vm_cpus')?.samples, vm)).toMatch(new RegExp(` ${vm.cpu_count}$`));
    expect(sampleOf(families.get('vsphere_vm_memory_bytes')?.samples, vm)).toMatch(
      new RegExp(` ${vm.memory_mib * 1_048_576}$`),
    );
    expect(families.get('vsphere_host_info')?.samples).toHaveLength(2);
    expect(families.get('vsphere_datastore_free_bytes')?.samples).toContain(
      `vsphere_datastore_free_bytes{vcenter="lab",moid="${datastore.moref}"} ${datastore.free_bytes}`,
    );
    for (const [name, { samples }] of families) {
      if (name.startsWith('vsphere_vm_') && name !== 'vsphere_vm_info') expect(samples.join()).not.toContain('name=');
    }
  });

  test('has what the gateway knows of itself', async () => {
    registry.observeCall('vm.list', 'rest', 'ok', 0.002);
    registry.observeCall('vm.list', 'rest', 'not_found', 0.001);
    const families = await scrape();
    const value = (name: string) => families.get(`vsphere_gateway_${name}`)?.samples;
    expect(value('build_info')).toEqual(['vsphere_gateway_build_info{version="1.2.3"} 1']);
    expect(value('calls_total')).toContain(
      'vsphere_gateway_calls_total{operation="vm.list",door="rest",code="not_found"} 1',
    );
    expect(value('call_duration_seconds')).toContain(
      'vsphere_gateway_call_duration_seconds_count{operation="vm.list",door="rest"} 2',
    );
    expect(value('soap_calls_total')?.join()).toContain('{vcenter="lab",method="QueryPerf",outcome="ok"}');
    expect(value('target_up')).toEqual(['vsphere_gateway_target_up{vcenter="lab"} 1']);
    expect(value('target_state')).toEqual(['vsphere_gateway_target_state{vcenter="lab",state="connected"} 1']);
    expect(value('inventory_objects')).toContain('vsphere_gateway_inventory_objects{vcenter="lab",kind="vm"} 12');
    expect(value('inventory_stale')).toEqual(['vsphere_gateway_inventory_stale{vcenter="lab"} 0']);
    expect(value('poll_rounds_total')).toEqual(['vsphere_gateway_poll_rounds_total{vcenter="lab"} 1']);
    expect(value('stream_subscribers')).toEqual(['vsphere_gateway_stream_subscribers 3']);
    expect(value('stream_messages_skipped_total')).toEqual(['vsphere_gateway_stream_messages_skipped_total 2']);
    expect(families.has('nodejs_eventloop_lag_seconds')).toBe(true);
  });

  test('asks nothing of vCenter', async () => {
    const before = await polled.lab.stats();
    for (let scrapes = 0; scrapes < 5; scrapes++) await scrape();
    const after = await polled.lab.stats();
    for (const method of ['QueryPerf', 'CurrentTime', 'RetrievePropertiesEx', 'RetrieveProperties']) {
      expect(after.method[method]).toBe(before.method[method]);
    }
  });

  test('is packed for those who take gzip, and only for them', async () => {
    const { rawPayload, headers } = await app.inject({ url: '/metrics', headers: { 'accept-encoding': 'br, gzip' } });
    expect(headers['content-encoding']).toBe('gzip');
    expect(parse(gunzipSync(rawPayload).toString()).has('vsphere_vm_info')).toBe(true);
    const refused = await app.inject({ url: '/metrics', headers: { 'accept-encoding': 'gzip;q=0, identity' } });
    expect(refused.headers['content-encoding']).toBeUndefined();
    expect(headers['vary']).toBe('accept-encoding');
  });

  test('has no counter of a VM that was switched off a moment ago', async () => {
    const vm = running()[2]!;
    const self = { $type: 'VirtualMachine' as const, value: vm.moref };
    await polled.target.session('requests').call('PowerOffVM_Task', self, {});
    await until(() => polled.inventory.get('vm', vm.id)?.power_state === 'off', 'the VM to be off');
    const families = await scrape();
    expect(polled.metrics.last(vm.id)).toBeDefined();
    expect(sampleOf(families.get('vsphere_vm_cpu_usage_ratio')?.samples, vm)).toBeUndefined();
    expect(sampleOf(families.get('vsphere_vm_power_state')?.samples, vm)).toMatch(/ 0$/);
  });

  test('survives a name full of quotes, backslashes and line breaks', async () => {
    const vm = running()[1]!;
    const self = { $type: 'VirtualMachine' as const, value: vm.moref };
    await polled.target.session('requests').call('Rename_Task', self, { newName: 'a"b\\c\nd' });
    await until(() => polled.inventory.get('vm', vm.id)?.name !== vm.name, 'the new name');
    const families = await scrape();
    expect(sampleOf(families.get('vsphere_vm_info')?.samples, vm)).toContain('a\\"b');
    if (promtool) {
      const { body } = await app.inject('/metrics');
      expect(spawnSync('promtool', ['check', 'metrics'], { input: body }).status).toBe(0);
    }
  });
});
