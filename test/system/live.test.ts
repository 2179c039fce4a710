/** Facts come up: changes made behind our back, tasks and samples reach reads and streams. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Gateway, startGateway, until } from '../support/gateway.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { openStream, type Stream } from '../support/stream.ts';

let lab: Lab;
let gateway: Gateway;
beforeAll(async () => {
  lab = await startLab({ vms: 20, args: ['-still'] });
  gateway = await startGateway({
    vcenters: [lab.config()],
    config: { stream: { max_per_key: 1000 } },
    adjust: (config) => {
      config.metrics.interval = 1;
    },
  });
});
afterAll(async () => {
  await gateway?.close();
  await lab?.stop();
});

const vms = () => gateway.app.services.inventory.all('vm').filter(({ template }) => !template);

/** A powered-on VM that no other test has touched. */
const used = new Set<string>();
function fresh() {
  const vm = vms().find(({ id, power_state }) => power_state === 'on' && !used.has(id))!;
  used.add(vm.id);
  return vm;
}

describe('a change made directly at vCenter', () => {
  it('shows in a read and on the stream within a second', async () => {
    const vm = fresh();
    const stream = await openStream(gateway, 'topics=vm');
    const began = Date.now();
    await lab.change({ op: 'power', vm: vm.moref, state: 'poweredOff' });
    const event = await stream.next('vm', ({ id }) => id === vm.id);
    const seen = Date.now() - began;
    expect(event.data).toMatchObject({ action: 'modified', id: vm.id, name: vm.name, power_state: 'off' });
    expect(event.data.changed).toContain('power_state');
    expect((await gateway.get(`/v1/vms/${vm.id}`)).body.power_state).toBe('off');
    expect(seen).toBeLessThan(1000);
    stream.close();
  });

  it('is told as added and removed when VMs come and go', async () => {
    const stream = await openStream(gateway, 'topics=vm');
    await lab.change({ op: 'create', name: 'fresh-01' });
    const added = await stream.next('vm', ({ name }) => name === 'fresh-01');
    expect(added.data.action).toBe('added');
    expect((await gateway.get('/v1/vms/fresh-01')).status).toBe(200);
    await lab.change({ op: 'destroy', vm: 'fresh-01' });
    await stream.next('vm', ({ action, id }) => action === 'removed' && id === added.data.id);
    expect((await gateway.get(`/v1/vms/${added.data.id}`)).status).toBe(404);
    stream.close();
  });

  it('renames without losing the id', async () => {
    const vm = fresh();
    await lab.change({ op: 'rename', vm: vm.moref, name: 'renamed <&> "01"' });
    await until(
      'the name is known',
      async () => (await gateway.get(`/v1/vms/${vm.id}`)).body.name === 'renamed <&> "01"',
    );
    expect((await gateway.get(`/v1/vms/${encodeURIComponent('renamed <&> "01"')}`)).body.id).toBe(vm.id);
  });
});

describe('the stream', () => {
  it('follows a task from its beginning to its end, and resumes from an id', async () => {
    const vm = fresh();
    await lab.set({ task: 300 });
    const stream = await openStream(gateway, `topics=task&ids=${vm.id}`);
    const { status, body, headers } = await gateway.post(`/v1/vms/${vm.id}/power`, { action: 'off' });
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/tasks/${encodeURIComponent(body.id)}`);
    await stream.next('task', ({ id, state }) => id === body.id && state === 'success');
    const first = stream.of('task')[0]!;
    const states = stream.of('task').map(({ data }) => data.state);
    stream.close();
    await lab.set({ task: 0 });
    const again = await openStream(gateway, `topics=task&ids=${vm.id}`, { 'last-event-id': first.id });
    expect(again.of('task').map(({ data }) => data.state)).toEqual(states.slice(1));
    again.close();
    const followed = await gateway.get(headers.get('location')!);
    expect(followed.body).toMatchObject({ id: body.id, state: 'success', target: vm.id, target_name: vm.name });
  });

  it('holds an answer until the task ends, when asked by `wait` or by `Prefer`', async () => {
    const vm = fresh();
    await lab.set({ task: 200 });
    const off = await gateway.post(`/v1/vms/${vm.id}/power`, { action: 'off', wait: 20 });
    expect([off.status, off.body.state]).toEqual([200, 'success']);
    const on = await gateway.post(`/v1/vms/${vm.id}/power`, { action: 'on' }, { headers: { prefer: 'wait=20' } });
    expect([on.status, on.body.state]).toEqual([200, 'success']);
    expect((await gateway.get(`/v1/vms/${vm.id}`)).body.power_state).toBe('on');
    await lab.set({ task: 0 });
  });

  it('cancels a task on request, and never because a client left', async () => {
    const [one, two] = [fresh(), fresh()];
    await lab.set({ task: 3000 });
    const left = await gateway.post(`/v1/vms/${one.id}/power`, { action: 'off' });
    await fetch(`${gateway.url}/v1/tasks/${left.body.id}?wait=30`, {
      headers: { authorization: `Bearer ${gateway.key}` },
      signal: AbortSignal.timeout(100),
    }).catch(() => {});
    const unwanted = await gateway.post(`/v1/vms/${two.id}/power`, { action: 'off' });
    const cancelled = await gateway.post(`/v1/tasks/${unwanted.body.id}/cancel`, { wait: 20 });
    expect(cancelled.body.state).toBe('cancelled');
    expect((await gateway.get(`/v1/tasks/${left.body.id}?wait=20`)).body.state).toBe('success');
    await lab.set({ task: 0 });
  });

  it('begins with the present state when asked to', async () => {
    const stream = await openStream(gateway, 'topics=vm,host&snapshot=true');
    expect(
      stream
        .of('vm')
        .map(({ data }) => data.id)
        .sort(),
    ).toEqual(
      gateway.app.services.inventory
        .all('vm')
        .map(({ id }) => id)
        .sort(),
    );
    expect(stream.of('host')).toHaveLength(2);
    expect(stream.of('vm')[0]!.data).toMatchObject({ action: 'snapshot', name: expect.any(String) });
    stream.close();
  });

  it('ends within a second when its key is revoked', async () => {
    const key = await gateway.newKey(['read']);
    const stream = await openStream(gateway, 'topics=vm', { authorization: `Bearer ${key}` });
    await gateway.app.keys.revoke(key.split('_')[1]!);
    const began = Date.now();
    await stream.next('bye');
    expect(Date.now() - began).toBeLessThan(1000);
    stream.close();
  });
});

describe('metrics', () => {
  const samplesOf = (stream: Stream) => stream.of('metrics').flatMap(({ data }) => data.samples);

  it('come as one message with the samples of all, and only of what was asked for', async () => {
    const vm = fresh();
    const stream = await openStream(
      gateway,
      `topics=metrics&ids=${vm.id}&counters=cpu.usage.average,mem.usage.average`,
    );
    await until('samples', () => samplesOf(stream).length > 0);
    expect(new Set(samplesOf(stream).map(({ id }) => id))).toEqual(new Set([vm.id]));
    expect(Object.keys(samplesOf(stream)[0]!.values).sort()).toEqual(['cpu.usage.average', 'mem.usage.average']);
    stream.close();
  });

  it('are polled as often for 0, 1 and 200 subscribers', async () => {
    const perRound: number[] = [];
    for (const subscribers of [0, 1, 200]) {
      const streams = await Promise.all(
        Array.from({ length: subscribers }, () => openStream(gateway, 'topics=metrics,vm')),
      );
      const rounds = () => gateway.app.services.metrics.health('lab')!.rounds;
      const before = rounds();
      // Counted from the end of one round to the end of another.
      await until('the end of a round', () => rounds() > before, 20_000);
      const first = rounds();
      await lab.resetStats();
      await until('six rounds', () => rounds() >= first + 6, 20_000);
      const counted = rounds() - first;
      // Rounded, because a round at either end may be counted in part.
      perRound.push(Math.round(((await lab.stats()).method['QueryPerf'] ?? 0) / counted));
      for (const stream of streams) stream.close();
    }
    expect(perRound[0]).toBeGreaterThanOrEqual(1);
    expect(perRound).toEqual([perRound[0], perRound[0], perRound[0]]);
  }, 60_000);
});
