import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import { type Task, Tasks } from '../../src/live/tasks/tasks.ts';
import { Target } from '../../src/vsphere/target.ts';
import type { MoRef, VimMethods } from '../../src/vsphere/vim25/types.ts';
import { type Lab, startLab } from '../support/lab.ts';

const log = pino({ level: 'silent' });
const origin = { operation: 'vm.reconfigure', key_id: 'key-1', request_id: 'request-1' };
const never = new AbortController().signal;

let lab: Lab;
let target: Target;
let tasks: Tasks;
let vms: MoRef[];

beforeAll(async () => {
  lab = await startLab({ vms: 3, hosts: 1 });
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
  tasks = new Tasks({ targets: [target], log, sweepMs: 200 });
});
afterEach(async () => {
  await tasks.close();
  await target.close();
  await lab.clearFaults();
  await lab.set({ task: 0 });
});

type TaskMethod = 'ReconfigVM_Task' | 'PowerOnVM_Task' | 'CloneVM_Task';
const call = <M extends TaskMethod>(method: M, args: VimMethods[M]['args']): Promise<MoRef<'Task'>> =>
  target.session('requests').call(method, vms[0]!, args);
const reconfigure = () => call('ReconfigVM_Task', { spec: { annotation: String(Math.random()) } });
const begin = async (task = reconfigure()) =>
  tasks.begin('lab', await task, origin, { id: `lab:${vms[0]!.value}`, name: 'a VM' });

describe('a task that the gateway began', () => {
  it('is queued at once, and known by the id of its vCenter', async () => {
    const moref = await reconfigure();
    const task = await begin(Promise.resolve(moref));
    expect(task).toMatchObject({
      id: `lab:${moref.value}`,
      name: 'vm.reconfigure',
      state: 'queued',
      target: `lab:${vms[0]!.value}`,
      target_name: 'a VM',
      completed_at: null,
      origin,
    });
    expect(tasks.get(task.id)).toBe(task);
    expect(Object.isFrozen(task)).toBe(true);
  });

  it('is told to whoever listens, from its begin to its end', async () => {
    tasks.start();
    await lab.set({ task: 300 });
    const seen: Task[] = [];
    tasks.onChange((task) => void (task.origin !== null && seen.push(task)));
    const { id } = await begin();
    const task = await tasks.wait(id, 20, never);
    expect(task).toMatchObject({
      name: 'VirtualMachine.reconfigVm',
      state: 'success',
      progress: 100,
      error: null,
      origin,
    });
    expect(task.queued_at <= task.started_at! && task.started_at! <= task.completed_at!).toBe(true);
    expect([...new Set(seen.map(({ state }) => state))]).toEqual(['queued', 'running', 'success']);
    expect(seen.at(-1)).toBe(task);
  });

  it('answers with the id of what it made', async () => {
    tasks.start();
    const { parent } = await target.session('requests').read(vms[0]!, ['parent']);
    const spec = { location: {}, powerOn: false, template: false };
    const { id } = await begin(call('CloneVM_Task', { folder: parent as MoRef<'Folder'>, name: 'copy', spec }));
    const task = await tasks.wait(id, 20, never);
    expect(task.result?.id).toMatch(/^lab:vm-\d+$/);
    expect(tasks.result(id)).toEqual({ $type: 'VirtualMachine', value: task.result?.id.slice('lab:'.length) });
  });

  it('that failed says why in the words of a refused call', async () => {
    tasks.start();
    const powerOn = async () => tasks.wait((await begin(call('PowerOnVM_Task', {}))).id, 20, never);
    await powerOn();
    expect(await powerOn()).toMatchObject({
      state: 'error',
      error: {
        code: 'invalid_power_state',
        message: expect.stringContaining('on already'),
        fault: 'InvalidPowerState',
      },
    });
  });

  it('keeps its origin when the sweep has met it before', async () => {
    const moref = await reconfigure();
    tasks.start();
    await expect.poll(() => tasks.get(`lab:${moref.value}`)?.state).toBe('success');
    expect(await begin(Promise.resolve(moref))).toMatchObject({ state: 'success', origin });
    expect(tasks.get(`lab:${moref.value}`)?.origin).toEqual(origin);
  });
});

describe('waiting for a task', () => {
  it('ends with the time, and answers with how it stands', async () => {
    await lab.set({ task: 3_000 });
    const { id } = await begin();
    expect((await tasks.wait(id, 0, never)).state).toBe('queued');
    expect((await tasks.wait(id, 0.05, never)).state).toBe('queued');
  });

  it('ends for a caller who leaves, and goes on for the rest', async () => {
    tasks.start();
    await lab.set({ task: 500 });
    const { id } = await begin();
    const caller = new AbortController();
    const leaving = tasks.wait(id, 20, caller.signal);
    const staying = tasks.wait(id, 20, never);
    caller.abort(new Error('left'));
    await expect(leaving).rejects.toThrow('left');
    expect((await staying).state).toBe('success');
  });

  it('ends when the gateway closes, and leaves the task to vCenter', async () => {
    tasks.start();
    await lab.set({ task: 3_000 });
    const { id } = await begin();
    const waiting = tasks.wait(id, 60, never);
    await tasks.close();
    expect((await waiting).completed_at).toBeNull();
  });

  it('is refused for a task that nobody knows', async () => {
    await expect(tasks.wait('lab:task-0', 1, never)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('tasks that others began', () => {
  it('are found at the start, the ended ones too, and listed newest first', async () => {
    const moref = await reconfigure();
    tasks.start();
    await expect.poll(() => tasks.get(`lab:${moref.value}`)).toMatchObject({ state: 'success', origin: null });
    const times = tasks.list().map(({ queued_at }) => queued_at);
    expect(times.length).toBeGreaterThan(3);
    expect(times).toEqual(times.toSorted().reverse());
  });

  it('are found while the gateway runs', async () => {
    tasks.start();
    await expect.poll(() => tasks.list().length).toBeGreaterThan(0);
    const moref = await reconfigure();
    await expect.poll(() => tasks.get(`lab:${moref.value}`)?.state, { timeout: 5_000 }).toBe('success');
  });
});

it('a task that vCenter denies for a quarter of an hour is unknown, and not before', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    tasks.start();
    const { id } = tasks.begin('lab', { $type: 'Task', value: 'task-999999' }, origin, null);
    const denials = async () => (await lab.stats()).method['ModifyListView'] ?? 0;
    const before = await denials();
    await expect.poll(denials, { timeout: 10_000 }).toBeGreaterThan(before + 4);
    expect(tasks.get(id)).toMatchObject({ state: 'queued', completed_at: null });
    vi.advanceTimersByTime(15 * 60_000);
    expect(await tasks.wait(id, 20, never)).toMatchObject({ state: 'unknown', completed_at: expect.any(String) });
  } finally {
    vi.useRealTimers();
  }
});

describe('cancelling', () => {
  it('ends a task as cancelled', async () => {
    tasks.start();
    await lab.set({ task: 3_000 });
    const { id } = await begin();
    await expect.poll(() => tasks.get(id)?.state).toBe('running');
    await tasks.cancel(id, never);
    expect(await tasks.wait(id, 10, never)).toMatchObject({ state: 'cancelled', error: null });
  });

  it('is refused without a call when the task has ended, and with one when we had not heard', async () => {
    const { id } = await begin();
    await expect
      .poll(
        async () => (await target.session('requests').read({ $type: 'Task', value: id.slice(4) }, ['info']))['info'],
      )
      .toMatchObject({ state: 'success' });
    await expect(tasks.cancel(id, never)).rejects.toMatchObject({ code: 'invalid_state' });
    tasks.start();
    await tasks.wait(id, 10, never);
    await lab.resetStats();
    await expect(tasks.cancel(id, never)).rejects.toMatchObject({ code: 'invalid_state' });
    expect((await lab.stats()).method['CancelTask']).toBeUndefined();
  });

  it('says so when vSphere does not let it be cancelled', async () => {
    await lab.set({ task: 1_000 });
    await lab.fault({ method: 'CancelTask', fault: 'NotSupported' });
    const { id } = await begin();
    await expect(tasks.cancel(id, never)).rejects.toMatchObject({
      code: 'not_supported',
      message: expect.stringContaining('to its end'),
    });
  });

  it('is refused for a task that nobody knows', async () => {
    await expect(tasks.cancel('lab:task-0', never)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a task that the gateway carries out itself', () => {
  const local = (run: (signal: AbortSignal) => Promise<void>) =>
    tasks.beginLocal('lab', {
      name: 'VirtualMachine.shutdownGuest',
      description: 'Shut down the guest',
      target: { id: 'lab:vm-1', name: 'a VM' },
      origin,
      run,
    });

  it('runs, and ends in success', async () => {
    let finish: () => void = () => undefined;
    const task = local(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    expect(task).toMatchObject({ vcenter: 'lab', moref: null, state: 'running', cancelable: true, target: 'lab:vm-1' });
    const waiting = tasks.wait(task.id, 10, never);
    finish();
    expect(await waiting).toMatchObject({ id: task.id, state: 'success', progress: 100, cancelable: false });
  });

  it('that fails says why', async () => {
    const refused = local(() => Promise.reject(new GatewayError('guest_unavailable', 'No tools.')));
    expect(await tasks.wait(refused.id, 10, never)).toMatchObject({
      state: 'error',
      error: { code: 'guest_unavailable', message: 'No tools.', fault: null },
    });
    const broken = local(() => {
      throw new RangeError('a bug');
    });
    expect(await tasks.wait(broken.id, 10, never)).toMatchObject({ state: 'error', error: { code: 'internal' } });
  });

  it('is cancelled by its signal', async () => {
    const task = local(
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    await tasks.cancel(task.id, never);
    expect(await tasks.wait(task.id, 10, never)).toMatchObject({ state: 'cancelled', error: null });
  });
});

it('one vCenter that is down delays nothing of another', async () => {
  const down = new Target({ ...lab.config('down'), url: 'https://127.0.0.1:1/sdk' }, { log, userAgent: 'test' });
  const both = new Tasks({ targets: [down, target], log });
  both.start();
  try {
    const { id } = both.begin('lab', await reconfigure(), origin, null);
    expect((await both.wait(id, 20, never)).state).toBe('success');
  } finally {
    await both.close();
    await down.close();
  }
});

it('tasks of a bare ESXi are followed and found like those of a vCenter', async () => {
  const esx = await startLab({ esx: true, vms: 1 });
  const host = new Target(esx.config('esx'), { log, userAgent: 'test' });
  const followed = new Tasks({ targets: [host], log, sweepMs: 200 });
  followed.start();
  try {
    const session = host.session('requests');
    const { content } = await session.ready();
    const container = { container: content.rootFolder, type: ['VirtualMachine'], recursive: true };
    const view = await session.call('CreateContainerView', content.viewManager!, container);
    const [vm] = (await session.read(view, ['view']))['view'] as MoRef[];
    const annotate = () => session.call('ReconfigVM_Task', vm!, { spec: { annotation: 'x' } });
    const { id } = followed.begin('esx', await annotate(), origin, null);
    expect((await followed.wait(id, 20, never)).state).toBe('success');
    const { value } = await annotate();
    await expect.poll(() => followed.get(`esx:${value}`)).toMatchObject({ state: 'success', origin: null });
  } finally {
    await followed.close();
    await host.close();
    await esx.stop();
  }
});
