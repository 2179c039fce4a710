/** Counters of a simulated vCenter: who is asked for, how often, and what comes of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COLUMNS } from '../../../src/live/metrics/counters.ts';
import { type Polled, rounds, startPolled, until } from './polled.ts';

const SECONDS = 1_000;
const HOUR = 3_600 * SECONDS;

/** Calls of a round: whole objects only fit in a query. */
function callsFor(objects: number, counters: number, limit: number): number {
  return Math.ceil(objects / Math.floor(limit / counters));
}

describe('a vCenter that is polled', () => {
  let polled: Polled;
  const health = () => polled.metrics.health('lab')!;
  const running = () => polled.inventory.all('vm').filter((vm) => vm.power_state === 'on');
  const counterCount = (kind: 'vm' | 'host') =>
    polled.metrics.counters('lab').filter(({ kinds }) => kinds.includes(kind)).length;
  const expectedCalls = (limit: number) =>
    callsFor(running().length, counterCount('vm'), limit) +
    callsFor(polled.inventory.count('host'), counterCount('host'), limit);

  beforeAll(async () => {
    polled = await startPolled({ vms: 30, hosts: 2, clusters: 2 });
    await until(() => health().last_poll_at !== null, 'the first round');
  });
  afterAll(() => polled.close());

  test('has values for every VM that runs and every host, and asks for nothing else', () => {
    const off = polled.inventory.all('vm').filter((vm) => vm.power_state !== 'on');
    expect(running().length).toBeGreaterThan(10);
    expect(off.length).toBeGreaterThan(0);
    for (const { id } of [...running(), ...polled.inventory.all('host')]) {
      expect(polled.metrics.last(id)?.values['mem.consumed.average']).toBeGreaterThan(0);
    }
    for (const { id } of off) expect(polled.metrics.last(id)).toBeUndefined();
    expect(health().objects).toEqual({ vm: running().length, host: 4 });
    expect(health().missing_samples).toBe(0);
  });

  test('tells which counters it reads, with unit, texts and kinds', () => {
    const counters = polled.metrics.counters('lab');
    expect(counters.find(({ name }) => name === 'cpu.ready.summation')).toEqual({
      name: 'cpu.ready.summation',
      unit: 'millisecond',
      label: 'Ready',
      summary: expect.stringContaining('ready'),
      level: 1,
      kinds: ['vm', 'host'],
    });
    expect(counters.find(({ name }) => name === 'mem.swapped.average')?.kinds).toEqual(['vm']);
    const { values } = polled.metrics.last(running()[0]!.id)!;
    expect(Object.keys(values)).toEqual(COLUMNS.vm.map((spec) => spec.name));
    expect(Object.values(values)).not.toContain(null);
  });

  test('makes as many calls a round as the chunks need, whoever listens', async () => {
    const listeners = Array.from({ length: 50 }, () => polled.metrics.onTick((tick) => tick.valuesOf(tick.ids[0]!)));
    await rounds(polled.metrics, 1);
    await polled.lab.resetStats();
    const before = health().rounds;
    await rounds(polled.metrics, 3);
    const { method } = await polled.lab.stats();
    const after = health().rounds;
    for (const stop of listeners) stop();
    const calls = expectedCalls(256);
    expect(health().max_query_metrics).toBe(256);
    expect(calls).toBeGreaterThan(3);
    // Counting may begin and end in the middle of a round.
    expect(method['QueryPerf']).toBeGreaterThanOrEqual((after - before - 1) * calls);
    expect(method['QueryPerf']).toBeLessThanOrEqual((after - before + 1) * calls);
    expect(method['QueryOptions']).toBeUndefined();
  });

  test('ticks once a round for VMs and once for hosts, with everybody in it', async () => {
    polled.ticks.length = 0;
    const before = health().rounds;
    await rounds(polled.metrics, 3);
    const ticks = polled.ticks.splice(0);
    const finished = health().rounds - before;
    expect(Math.abs(ticks.length - 2 * finished)).toBeLessThanOrEqual(2);
    for (const [index, tick] of ticks.entries()) expect(tick.kind).not.toBe(ticks[index + 1]?.kind);
    const tick = ticks.find(({ kind }) => kind === 'vm')!;
    expect(new Set(tick.ids)).toEqual(new Set(running().map(({ id }) => id)));
    expect(tick.vcenter).toBe('lab');
    expect(tick.valuesOf(tick.ids[0]!)).toEqual(polled.metrics.last(tick.ids[0]!)!.values);
  });

  test('keeps a series of samples 20 s apart, without repetition, and as far back as was asked for', () => {
    const { id } = running()[0]!;
    const { interval, at, series } = polled.metrics.series(id, ['cpu.usage.average', 'cpu.usagemhz.average'], HOUR);
    expect(interval).toBe(20);
    expect(at.length).toBeGreaterThanOrEqual(15);
    for (const [index, time] of at.entries()) {
      if (index > 0) expect(Date.parse(time) - Date.parse(at[index - 1]!)).toBe(20 * SECONDS);
    }
    expect(Object.keys(series)).toEqual(['cpu.usage.average', 'cpu.usagemhz.average']);
    expect(series['cpu.usage.average']).toHaveLength(at.length);
    expect(series['cpu.usage.average']).not.toContain(null);
    expect(polled.metrics.series(id, undefined, 60 * SECONDS).at.length).toBeLessThanOrEqual(4);
    expect(polled.metrics.series('lab:vm-none', undefined, HOUR)).toEqual({ interval: 20, at: [], series: {} });
  });

  test('goes by the clock of vCenter', () => {
    expect(Math.abs(health().skew_seconds!)).toBeLessThan(2);
    const age = Date.now() - Date.parse(polled.metrics.last(running()[0]!.id)!.at);
    expect(age).toBeLessThan(60 * SECONDS);
    expect(age).toBeGreaterThan(-5 * SECONDS);
  });

  test('leaves rounds out while one overruns, counts them, and goes on', async () => {
    const before = health();
    await polled.lab.set({ method_delay: { QueryPerf: 200 } });
    await until(() => health().overruns >= before.overruns + 2, 'rounds left out');
    await polled.lab.set({ method_delay: { QueryPerf: 0 } });
    await rounds(polled.metrics, 2);
    expect(health().failures).toBe(before.failures);
  });

  test('leaves out an object that vCenter does not find, and nobody else', async () => {
    const { failures, missing_samples: missing } = health();
    await polled.lab.fault({ method: 'QueryPerf', fault: 'ManagedObjectNotFound', count: 1 });
    await rounds(polled.metrics, 1);
    expect(health().failures).toBe(failures);
    expect(health().missing_samples).toBe(missing);
  });

  test('stops asking for a VM that is switched off, and forgets one that is removed', async () => {
    const { id, moref } = running()[3]!;
    const session = polled.target.session('requests');
    const self = { $type: 'VirtualMachine' as const, value: moref };
    await session.call('PowerOffVM_Task', self, {});
    await until(() => polled.inventory.get('vm', id)?.power_state === 'off', 'the VM to be off');
    await rounds(polled.metrics, 1);
    polled.ticks.length = 0;
    await rounds(polled.metrics, 1);
    expect(health().objects.vm).toBe(running().length);
    for (const tick of polled.ticks) expect(tick.ids).not.toContain(id);
    expect(polled.metrics.last(id)).toBeDefined();
    await session.call('Destroy_Task', self, {});
    await until(() => polled.metrics.last(id) === undefined, 'the end of its samples');
  });

  test('a fault that no object explains ends the round after few calls, and the next round comes', async () => {
    const { failures } = health();
    await polled.lab.fault({ method: 'QueryPerf', fault: 'InvalidArgument' });
    await polled.lab.resetStats();
    await until(() => health().failures > failures, 'a failed round');
    expect((await polled.lab.stats()).method['QueryPerf']).toBeLessThan(120);
    expect(health().last_error).not.toBeNull();
    await polled.lab.clearFaults();
    await until(() => health().last_error === null, 'a round that succeeds');
  });

  test('halves the queries when the administrator restricts them, remembers it, and loses no sample', async () => {
    const { failures, missing_samples: missing } = health();
    await polled.lab.fault({ method: 'QueryPerf', fault: 'RestrictedByAdministrator', count: 1 });
    await until(() => health().max_query_metrics !== 256, 'a smaller limit');
    await rounds(polled.metrics, 2);
    expect(health().max_query_metrics).toBeLessThanOrEqual(128);
    expect(health().max_query_metrics).toBeGreaterThanOrEqual(50);
    expect(health().queries).toBe(expectedCalls(health().max_query_metrics!));
    expect(health()).toMatchObject({ failures, missing_samples: missing });
  });

  test('reports its memory, which is small while it is young', () => {
    expect(health().memory_bytes).toBeGreaterThan(1_000);
    expect(health().memory_bytes).toBeLessThan(1_000_000);
  });
});
