/** Tasks, power and guests in the lab. */

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Lab, startLab } from '../support/lab.ts';
import { loggedIn, type SoapClient, until, versionOf } from './soap.ts';

let lab: Lab;
let client: SoapClient;
let vm: string;

beforeAll(async () => {
  lab = await startLab({ vms: 20, args: ['-still'] });
  client = await loggedIn(lab);
  const [first] = await lab.change({ op: 'annotate', text: '' });
  vm = `VirtualMachine:${first}`;
});

beforeEach(async () => {
  await lab.set({ task: 0 });
  await lab.clearFaults();
});

afterAll(async () => {
  await client.close();
  await lab.stop();
});

const start = async (method: string) => `Task:${await client.get(method, vm)}`;
const info = (task: string) => client.property(task, 'info');
const stateOf = async (task: string) => /<state>(\w+)</.exec(await info(task))?.[1];
const power = () => client.property(vm, 'runtime.powerState');
const done = (task: string) => until('the task ends', async () => /success|error/.test((await stateOf(task)) ?? ''));

test('power operations change the state, the boot time and the guest', async () => {
  await done(await start('PowerOffVM_Task'));
  expect(await power()).toBe('poweredOff');
  expect(await client.property(vm, 'runtime.bootTime')).toBe('');
  expect(await client.property(vm, 'guest.ipAddress')).toBe('');

  const again = await start('PowerOffVM_Task');
  await done(again);
  expect(await info(again)).toContain('"InvalidPowerState"');
  expect(await info(again)).toContain('The attempted operation cannot be performed in the current state (poweredOff).');

  await done(await start('PowerOnVM_Task'));
  expect(await client.property(vm, 'runtime.bootTime')).not.toBe('');
  await until('the guest reports its address', async () => (await client.property(vm, 'guest.ipAddress')) !== '');
  for (const method of ['ResetVM_Task', 'SuspendVM_Task', 'PowerOnVM_Task']) {
    const task = await start(method);
    await done(task);
    expect(await stateOf(task)).toBe('success');
  }
});

test('a guest that is asked to shut down does so a moment later, and only with VMware Tools', async () => {
  await until('tools run', async () => (await client.property(vm, 'guest.toolsRunningStatus')) === 'guestToolsRunning');
  expect((await client.call('RebootGuest', vm)).fault).toBeUndefined();
  await until(
    'tools are back',
    async () => (await client.property(vm, 'guest.toolsRunningStatus')) === 'guestToolsRunning',
  );
  expect((await client.call('ShutdownGuest', vm)).fault).toBeUndefined();
  expect(await power()).toBe('poweredOn');
  await until('the VM is off', async () => (await power()) === 'poweredOff');
  expect((await client.call('ShutdownGuest', vm)).fault).toBe('InvalidPowerState');
  await done(await start('PowerOnVM_Task'));
  expect((await client.call('StandbyGuest', vm)).fault).toBe('ToolsUnavailable');
});

test('a running task tells its progress and can really be cancelled', async () => {
  await lab.set({ task: 2_000 });
  const before = await power();
  const task = await start('ResetVM_Task');
  await until('it has progress', async () => (await info(task)).includes('<progress>'));
  expect(await info(task)).toContain('<cancelable>true<');
  expect((await client.call('CancelTask', task)).fault).toBeUndefined();
  const ended = await info(task);
  expect(ended).toContain('<cancelled>true<');
  expect(ended).toMatch(/<state>error<.*RequestCanceled/s);
  expect((await client.call('CancelTask', task)).fault).toBe('InvalidState');
  await lab.set({ task: 0 });
  await new Promise((resolve) => setTimeout(resolve, 2_100)); // past the moment at which it would have run
  expect(await info(task)).toBe(ended);
  expect(await power()).toBe(before);
});

test('a list view and one filter follow many tasks', async () => {
  await lab.set({ task: 300 });
  const view = `ListView:${await client.get('CreateListView', await client.manager('viewManager'))}`;
  const collector = await client.collector(view, 'Task', ['info']);
  let version = versionOf((await client.wait(collector, '', 0)).xml);
  const task = await start('ResetVM_Task');
  const [, value] = task.split(':');
  const added = await client.call(
    'ModifyListView',
    view,
    `<add type="Task">${value}</add><add type="Task">task-none</add>`,
  );
  expect(added.xml).toContain('task-none'); // unresolved
  const states: string[] = [];
  while (states.at(-1) !== 'success') {
    const { xml } = await client.wait(collector, version, 5);
    version = versionOf(xml) || version;
    for (const [, state = ''] of xml.matchAll(/<state>(\w+)</g)) if (states.at(-1) !== state) states.push(state);
  }
  expect(states).toEqual(['running', 'success']);
  expect((await client.call('DestroyView', view)).status).toBe(200);
});

test('a task can be made to fail with any fault', async () => {
  await lab.fault({
    method: 'VirtualMachine.reset',
    task: true,
    fault: 'InsufficientCpuResourcesFault',
    fields: { unreserved: 1, requested: 2 },
    message: 'no CPU left',
  });
  const task = await start('ResetVM_Task');
  await done(task);
  expect(await info(task)).toContain('no CPU left');
  expect(await info(task)).toContain('InsufficientCpuResourcesFault');
});

test('reading a VM does not wait for the task that runs on it', async () => {
  await lab.set({ task: 3_000 });
  const task = await start('ResetVM_Task');
  expect(await power()).toBeDefined();
  expect(await stateOf(task)).toBe('running');
  await client.call('CancelTask', task);
});

test('a spec on which the simulator panics fails its task and not the lab', async () => {
  const task = `Task:${await client.get('RelocateVM_Task', vm, '<spec><host type="HostSystem">host-none</host></spec>')}`;
  await done(task);
  expect(await info(task)).toContain('"SystemError"');
  expect(await power()).toBe('poweredOn');
});

test('a disk may be given without a backing', async () => {
  const disk =
    '<device xsi:type="VirtualDisk"><key>-1</key><controllerKey>1000</controllerKey><unitNumber>5</unitNumber><capacityInKB>1024</capacityInKB></device>';
  const spec = `<spec><deviceChange><operation>add</operation><fileOperation>create</fileOperation>${disk}</deviceChange></spec>`;
  const task = `Task:${await client.get('ReconfigVM_Task', vm, spec)}`;
  await done(task);
  expect(await stateOf(task)).toBe('success');
});

test('a new name is escaped as vCenter does, and repeated wherever a VM bears it', async () => {
  await done(`Task:${await client.get('Rename_Task', vm, '<newName>50% of a/b%2fc</newName>')}`);
  for (const path of ['name', 'config.name', 'summary.config.name']) {
    expect(await client.property(vm, path)).toBe('50%25 of a%2fb%2fc');
  }
});
