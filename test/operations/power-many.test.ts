/** Power for many VMs at once, against the lab; states are read past the gateway's inventory where it matters. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { VmRecord } from '../../src/live/model.ts';
import { type Gateway, startGateway, until } from '../support/gateway.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { openStream } from '../support/stream.ts';

let lab: Lab;
let gateway: Gateway;

beforeAll(async () => {
  lab = await startLab({ vms: 200, args: ['-still'] });
  gateway = await startGateway({ vcenters: [lab.config()], config: { metrics: { enabled: false } } });
});
afterEach(async () => {
  await lab.set({ task: 0 });
  await lab.clearFaults();
});
afterAll(async () => {
  await gateway?.close();
  await lab?.stop();
});

const vms = () => gateway.app.services.inventory.all('vm');
const stateOf = (id: string) => gateway.app.services.inventory.get('vm', id)?.power_state;
const power = (input: object) => gateway.post('/v1/vms/power', input);
const used = new Set<string>();

/** VMs that are off and that no other test has had. */
function fresh(count: number): VmRecord[] {
  const free = vms().filter(({ id, template, power_state }) => !template && power_state === 'off' && !used.has(id));
  const taken = free.slice(0, count);
  expect(taken.length).toBe(count);
  for (const { id } of taken) used.add(id);
  return taken;
}
const idsOf = (records: readonly VmRecord[]) => records.map(({ id }) => id);

describe('vm.power_many', () => {
  it('powers every VM that the filters fit, and no other', async () => {
    const chosen = fresh(3);
    for (const [at, vm] of chosen.entries()) await lab.change({ op: 'rename', vm: vm.moref, name: `quokka-${at}` });
    await until('the names are known', () => vms().filter(({ name }) => name.startsWith('quokka-')).length === 3);
    const on = () => vms().filter(({ power_state }) => power_state === 'on').length;
    const before = on();
    const { status, body } = await power({ name: 'quokka-*', action: 'on', wait: 30 });
    expect([status, body.state, body.progress]).toEqual([200, 'success', 100]);
    expect(new Set(body.details.map(({ target }: { target: string }) => target))).toEqual(new Set(idsOf(chosen)));
    expect(on()).toBe(before + 3);
  });

  it('runs no more at a time than it was told', async () => {
    const chosen = fresh(6);
    await lab.set({ task: 150 });
    const running = new Set<string>();
    let most = 0;
    const stop = gateway.app.services.tasks.onChange(({ id, moref, target, state }) => {
      if (moref === null || !chosen.some((vm) => vm.id === target)) return;
      if (state === 'queued' || state === 'running') running.add(id);
      else running.delete(id);
      most = Math.max(most, running.size);
    });
    const { body } = await power({ ids: idsOf(chosen), action: 'on', concurrency: 2, wait: 30 });
    stop();
    expect([body.state, most]).toEqual(['success', 2]);
  });

  it('tells its progress and outcomes on the stream while it goes on', async () => {
    const chosen = fresh(4);
    const stream = await openStream(gateway, 'topics=task');
    const { status, body } = await power({ ids: idsOf(chosen), action: 'on', concurrency: 1 });
    expect([status, body.state]).toEqual([202, 'running']);
    await stream.next('task', ({ id, state }) => id === body.id && state === 'success');
    const told = stream.of('task').filter(({ data }) => data.id === body.id);
    expect([...new Set(told.map(({ data }) => data.progress))]).toEqual(expect.arrayContaining([25, 50, 75, 100]));
    const half = told.find(({ data }) => data.progress === 50)!;
    expect(half.data.details).toMatchObject([{ state: 'success' }, { state: 'success' }]);
    stream.close();
  });

  it('skips those that are there already, and calls nothing for them', async () => {
    const [off] = fresh(1);
    const on = vms().find(({ power_state }) => power_state === 'on')!;
    await lab.resetStats();
    const { body } = await power({ ids: [on.id, off!.id, off!.name], action: 'on', wait: 30 });
    expect(body.details).toMatchObject([
      { target: on.id, state: 'skipped', task: null },
      { target: off!.id, state: 'success', task: expect.stringMatching(/^lab:task-/) },
    ]);
    expect((await lab.stats()).method['PowerOnVM_Task']).toBe(1);
  });

  it('goes on when one fails, and says which and why, now and later', async () => {
    const chosen = fresh(3);
    await lab.fault({ method: 'PowerOnVM_Task', moid: chosen[0]!.moref, fault: 'InsufficientMemoryResourcesFault' });
    await lab.fault({ method: 'VirtualMachine.powerOn', task: true, moid: chosen[1]!.moref, fault: 'FileLocked' });
    const { status, body } = await power({ ids: idsOf(chosen), action: 'on', wait: 30 });
    expect([status, body.code]).toEqual([409, 'upstream_fault']);
    expect(body.detail).toContain('2 of 3 VMs failed.');
    expect(body.detail).toContain(chosen[0]!.name);
    const outcomes = [
      { target: chosen[0]!.id, state: 'error', task: null, error: { code: 'insufficient_resources' } },
      { target: chosen[1]!.id, state: 'error', task: expect.any(String), error: { code: 'busy', fault: 'FileLocked' } },
      { target: chosen[2]!.id, state: 'success', error: null },
    ];
    expect(body.details.vms).toEqual(
      expect.arrayContaining(
        outcomes.map((each) => expect.objectContaining({ target: each.target, state: each.state })),
      ),
    );
    const later = await gateway.get(`/v1/tasks/${encodeURIComponent(body.task_id)}`);
    const sorted = [...later.body.details].sort(
      (a, b) => idsOf(chosen).indexOf(a.target) - idsOf(chosen).indexOf(b.target),
    );
    expect(later.body.state).toBe('error');
    expect(sorted).toMatchObject(outcomes);
    await until('the third is on', () => stateOf(chosen[2]!.id) === 'on');
  });

  it('begins no more when it is cancelled', async () => {
    const chosen = fresh(5);
    await lab.set({ task: 400 });
    await lab.resetStats();
    const { body } = await power({ ids: idsOf(chosen), action: 'on', concurrency: 1 });
    await until('the first is begun', async () => (await lab.stats()).method['PowerOnVM_Task'] === 1);
    const { body: ended } = await gateway.post(`/v1/tasks/${body.id}/cancel`, { wait: 20 });
    expect(ended.state).toBe('cancelled');
    await until('the first has ended', () => stateOf(chosen[0]!.id) === 'on');
    expect((await lab.stats()).method['PowerOnVM_Task']).toBe(1);
  });

  it.each([
    [{ action: 'off' }, 'Say which VMs'],
    [{ ids: ['lab:vm-0'], action: 'off' }, "No VM is called 'lab:vm-0'"],
    [{ ids: ['lab:vm-0'], name: '*', action: 'off' }, 'not both'],
    [{ name: '*', action: 'off', limit: 2 }, 'more than limit 2'],
    [{ name: 'nobody-*', action: 'off' }, 'No VM fits'],
    [{ folder: 'nowhere', action: 'off' }, "No folder is called 'nowhere'"],
    [{ name: '*', action: 'off', limit: 201 }, 'limit'],
  ])('refuses %j before any call', async (input, words) => {
    await lab.resetStats();
    const { status, body } = await power(input);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body.detail).toContain(words);
    expect((await lab.stats()).method['PowerOffVM_Task']).toBeUndefined();
  });
});
