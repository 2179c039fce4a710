import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SERVICE_INSTANCE } from '../../src/vsphere/login.ts';
import { Target } from '../../src/vsphere/target.ts';
import { TaskWatcher } from '../../src/vsphere/tasks.ts';
import type { MoRef, TaskInfo } from '../../src/vsphere/vim25/types.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { type Lab, startLab } from '../support/lab.ts';

const log = pino({ level: 'silent' });

let lab: Lab;
let target: Target;
let watcher: TaskWatcher;
let vms: MoRef[];
let told: Map<string, (TaskInfo | undefined)[]>;

beforeAll(async () => {
  lab = await startLab({ vms: 4, hosts: 1 });
});
afterAll(() => lab.stop());

beforeEach(async () => {
  target = new Target(lab.config(), { log, userAgent: 'vsphere-gateway/test' });
  const session = target.session('requests');
  const { content } = await session.ready();
  const container = { container: content.rootFolder, type: ['VirtualMachine'], recursive: true };
  const { view } = await session.read(await session.call('CreateContainerView', content.viewManager!, container), [
    'view',
  ]);
  vms = view as MoRef[];
  told = new Map();
  watcher = new TaskWatcher(target, log);
  watcher.onUpdate(({ value }, info) => {
    told.set(value, [...(told.get(value) ?? []), info]);
  });
  watcher.start();
  await lab.resetStats();
});
afterEach(async () => {
  await watcher.close();
  await target.close();
  await lab.clearFaults();
  await lab.set({ task: 0 });
});

/** A task that succeeds whatever was before. */
const begin = (vm = 0): Promise<MoRef<'Task'>> =>
  target.session('requests').call('ReconfigVM_Task', vms[vm]!, { spec: { annotation: String(Math.random()) } });

const stateOf = (task: MoRef) => told.get(task.value)?.at(-1)?.state;
const calls = async (method: string): Promise<number> => (await lab.stats()).method[method] ?? 0;

describe('the watcher of tasks', () => {
  it('makes no call before there is a task', async () => {
    expect((await lab.stats()).calls).toBe(0);
  });

  it('tells how a task goes on, to its end, without asking', async () => {
    await lab.set({ task: 300 });
    const task = await begin();
    watcher.track(task);
    await expect.poll(() => stateOf(task)).toBe('running');
    await expect.poll(() => stateOf(task)).toBe('success');
    // One wait for every piece of news; the first, and the one that is still open, bring none.
    expect(await calls('WaitForUpdatesEx')).toBeLessThan((told.get(task.value)?.length ?? 0) + 4);
    expect(told.get(task.value)?.at(-1)).toMatchObject({
      descriptionId: 'VirtualMachine.reconfigVm',
      queueTime: expect.any(Date),
    });
  });

  it('does not miss the end of a task that ended before it was followed', async () => {
    const task = await begin();
    await expect
      .poll(async () => (await target.session('requests').read(task, ['info']))['info'])
      .toMatchObject({ state: 'success' });
    watcher.track(task);
    await expect.poll(() => stateOf(task)).toBe('success');
  });

  it('follows many tasks with one view, one collector and one filter, and lets go of those that have ended', async () => {
    await lab.set({ task: 200 });
    const tasks = await Promise.all([begin(0), begin(1), begin(2)]);
    for (const task of tasks) watcher.track(task);
    await expect.poll(() => tasks.map(stateOf)).toEqual(['success', 'success', 'success']);
    const later = await begin(3);
    watcher.track(later);
    await expect.poll(() => stateOf(later)).toBe('success');
    for (const method of ['CreateListView', 'CreatePropertyCollector', 'CreateFilter'])
      expect(await calls(method)).toBe(1);
    await expect.poll(() => calls('ModifyListView')).toBeGreaterThanOrEqual(3);
  });

  it('tells the fault of a task that failed', async () => {
    const powerOn = () => target.session('requests').call('PowerOnVM_Task', vms[0]!, {});
    const first = await powerOn();
    watcher.track(first);
    await expect.poll(() => stateOf(first)).toMatch(/success|error/);
    const second = await powerOn();
    watcher.track(second);
    await expect.poll(() => stateOf(second)).toBe('error');
    expect(told.get(second.value)?.at(-1)?.error?.fault.$type).toBe('InvalidPowerState');
  });

  it('tells of a task that vCenter does not know that it is gone', async () => {
    const gone: MoRef<'Task'> = { $type: 'Task', value: 'task-999999' };
    const task = await begin();
    watcher.track(gone);
    watcher.track(task);
    await expect.poll(() => told.get(gone.value)).toEqual([undefined]);
    await expect.poll(() => stateOf(task), { timeout: 5_000 }).toBe('success');
  });

  it('survives the loss of its session in the middle of a task, without a wrong word about it', async () => {
    await lab.set({ task: 1_500 });
    const task = await begin();
    watcher.track(task);
    await expect.poll(() => stateOf(task)).toBe('running');
    await lab.terminateSessions();
    await target.session('requests').call('CurrentTime', SERVICE_INSTANCE, {});
    watcher.track(await begin(1));
    await expect.poll(() => stateOf(task), { timeout: 10_000 }).toBe('success');
    expect(told.get(task.value)?.map((info) => info?.state)).not.toContain('error');
    await expect.poll(() => calls('CreateListView')).toBe(2);
  });

  it.each([
    ['the wait', 'WaitForUpdatesEx', 'InvalidCollectorVersion'],
    ['a change to the view', 'ModifyListView', 'ManagedObjectNotFound'],
  ])('survives a failure of %s', async (_what, method, fault) => {
    await lab.fault({ method, fault, count: 1 });
    const task = await begin();
    watcher.track(task);
    await expect.poll(() => stateOf(task), { timeout: 15_000 }).toBe('success');
    // Every doubt costs a login, and what it held goes with it.
    expect(await lab.sessions()).toHaveLength(2);
    expect((await lab.stats()).logins).toBe(2);
  });

  it('notices a connection that is dead without a word, and goes on over another', async () => {
    const proxy = await startFaultProxy(lab);
    const other = new Target(proxy.config(), { log, userAgent: 'vsphere-gateway/test' });
    const impatient = new TaskWatcher(other, log, { maxWaitSeconds: 1, graceSeconds: 0.2 });
    try {
      const states: (string | undefined)[] = [];
      impatient.onUpdate((_task, info) => states.push(info?.state));
      impatient.start();
      proxy.rule({ method: 'WaitForUpdatesEx', times: 1, action: { kind: 'swallow' } });
      impatient.track(await begin());
      await expect.poll(() => states, { timeout: 15_000 }).toContain('success');
      expect(proxy.calls()['CreateListView']).toBe(2);
    } finally {
      await impatient.close();
      await other.close();
      await proxy.stop();
    }
  });

  it.each([
    ['cut in the middle', { kind: 'cut', bytes: 700 } as const],
    ['truncated', { kind: 'truncate', bytes: 700 } as const],
    ['replaced by a page of a proxy', { kind: 'respond' } as const],
  ])('survives an answer that is %s', async (_what, action) => {
    const proxy = await startFaultProxy(lab);
    const other = new Target(proxy.config(), { log, userAgent: 'vsphere-gateway/test' });
    const through = new TaskWatcher(other, log);
    try {
      const states: (string | undefined)[] = [];
      through.onUpdate((_task, info) => states.push(info?.state));
      through.start();
      const rule = proxy.rule({ method: 'WaitForUpdatesEx', times: 1, action });
      through.track(await begin());
      await expect.poll(() => states.at(-1), { timeout: 15_000 }).toBe('success');
      expect(rule.hits()).toBe(1);
      expect(states).not.toContain('error');
    } finally {
      await through.close();
      await other.close();
      await proxy.stop();
    }
  });

  it('frees what it holds at vCenter on close, and leaves the session to others', async () => {
    const task = await begin();
    watcher.track(task);
    await expect.poll(() => stateOf(task)).toBe('success');
    await watcher.close();
    expect(await calls('DestroyPropertyCollector')).toBe(1);
    expect(await calls('DestroyView')).toBe(1);
    expect(await lab.sessions()).toHaveLength(2);
  });

  it('goes on when a listener throws', async () => {
    watcher.onUpdate(() => {
      throw new Error('a bug in a listener');
    });
    const task = await begin();
    watcher.track(task);
    await expect.poll(() => stateOf(task)).toBe('success');
  });
});
