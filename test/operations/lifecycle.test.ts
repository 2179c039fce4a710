/** A VM's life: what vSphere holds after each operation, read past the gateway. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MoRef } from '../../src/vsphere/vim25/types.ts';
import { type LifeWorld, startWorld, taskAnswer } from './life-world.ts';

let world: LifeWorld;
let { lab, now, own, session, read, must, refused, stub } = {} as LifeWorld;
beforeAll(async () => {
  world = await startWorld(200);
  ({ lab, now, own, session, read, must, refused, stub } = world);
});
afterAll(() => world?.stop());

const inventory = () => world.gateway.app.services.inventory;

describe('vm.rename', () => {
  it('renames in vSphere, and the next read has the new name', async () => {
    const vm = own('off');
    await must('vm.rename', { vm: vm.id, name: 'renamed 1', wait: 20 });
    expect(await read(vm, 'name')).toEqual({ name: 'renamed 1' });
    expect(await must('vm.get', { vm: 'renamed 1' })).toMatchObject({ id: vm.id });
  });

  it('refuses the name of another VM in the folder, with no call', async () => {
    const vm = own('off');
    const sibling = inventory()
      .all('vm')
      .find((each) => each.parent === vm.parent && each.id !== vm.id && /^[\w-]+$/.test(each.name))!;
    expect(await refused('vm.rename', { vm: vm.id, name: sibling.name })).toMatchObject({
      code: 'already_exists',
      details: { existing: sibling.id },
    });
  });
});

describe('vm.delete', () => {
  it('takes the VM away in vSphere and in the inventory', async () => {
    const vm = own('off');
    await must('vm.delete', { vm: vm.id, confirm: vm.name, wait: 20 });
    expect(now(vm)).toBeUndefined();
    await expect(read(vm, 'name')).rejects.toThrow();
  });

  it('by force powers off first, in a task of its own', async () => {
    const vm = own('on');
    const plan = await must('vm.delete', { vm: vm.id, force: true, dry_run: true });
    expect(plan.plan.map(({ method }: { method: string }) => method)).toEqual(['PowerOffVM_Task', 'Destroy_Task']);
    const task = await must('vm.delete', { vm: vm.id, force: true, confirm: vm.name, wait: 20 });
    expect(task).toMatchObject({ state: 'success', moref: null, target: vm.id, progress: 100 });
    expect(now(vm)).toBeUndefined();
  });

  it('that fails after the power off says so and leaves the VM off', async () => {
    const vm = own('on');
    await lab.fault({ method: 'VirtualMachine.destroy', task: true, moid: vm.moref, fault: 'ResourceInUse', count: 1 });
    const problem = await refused('vm.delete', { vm: vm.id, force: true, confirm: vm.name, wait: 20 });
    expect(problem).toMatchObject({ code: 'in_use', fault: 'ResourceInUse' });
    expect(problem.detail).toContain(`Delete '${vm.name}' (done: power off; next: delete) failed:`);
    expect(await read(vm, 'runtime.powerState')).toEqual({ 'runtime.powerState': 'poweredOff' });
    expect(await must('task.get', { task: problem.task_id })).toMatchObject({
      state: 'error',
      description: expect.stringContaining('done: power off'),
    });
  });

  it('that fails at the power off does not go on to delete', async () => {
    const vm = own('on');
    await lab.fault({ method: 'PowerOffVM_Task', moid: vm.moref, fault: 'TaskInProgress', count: 1 });
    const problem = await refused('vm.delete', { vm: vm.id, force: true, confirm: vm.name, wait: 20 });
    expect(problem).toMatchObject({ code: 'busy', detail: expect.stringContaining('(next: power off)') });
    expect(now(vm)).toMatchObject({ power_state: 'on' });
  });
});

describe('vm.reconfigure', () => {
  it('sets everything that it is given', async () => {
    const vm = own('off');
    await must('vm.reconfigure', {
      vm: vm.id,
      cpu_count: 8,
      cores_per_socket: 4,
      memory_mib: 4096,
      cpu_hot_add: true,
      memory_hot_add: true,
      cpu_reservation_mhz: 500,
      cpu_limit_mhz: -1,
      cpu_shares: 'low',
      memory_reservation_mib: 1024,
      memory_limit_mib: 2048,
      memory_shares: 12_345,
      annotation: 'two\nlines <&>',
      extra_config: { 'guestinfo.role': 'web' },
      custom_attributes: { owner: 'carol', env: 'test' },
      wait: 20,
    });
    const paths = ['cpuAllocation', 'memoryAllocation', 'extraConfig', 'annotation', 'cpuHotAddEnabled', 'hardware'];
    const config = await read(vm, ...paths.map((path) => `config.${path}`), 'customValue', 'availableField');
    expect(config).toMatchObject({
      'config.hardware': { numCPU: 8, numCoresPerSocket: 4, memoryMB: 4096 },
      'config.cpuHotAddEnabled': true,
      'config.cpuAllocation': { reservation: 500, limit: -1, shares: { level: 'low' } },
      'config.memoryAllocation': { reservation: 1024, limit: 2048, shares: { level: 'custom', shares: 12_345 } },
      'config.annotation': 'two\nlines <&>',
      'config.extraConfig': expect.arrayContaining([expect.objectContaining({ key: 'guestinfo.role', value: 'web' })]),
    });
    expect(await must('vm.get', { vm: vm.id })).toMatchObject({
      cpu_count: 8,
      memory_mib: 4096,
      custom_attributes: { owner: 'carol', env: 'test' },
    });
  });

  it('adds to a running VM what it allows, and names all that it does not', async () => {
    const vm = own('off', ({ memory_mib }) => memory_mib < 65_536);
    await must('vm.reconfigure', { vm: vm.id, cpu_count: 2, cores_per_socket: 1, cpu_hot_add: true, wait: 20 });
    await must('vm.power', { vm: vm.id, action: 'on', wait: 20 });
    await must('vm.reconfigure', { vm: vm.id, cpu_count: 4, memory_mib: vm.memory_mib, wait: 20 });
    expect(await read(vm, 'config.hardware.numCPU')).toEqual({ 'config.hardware.numCPU': 4 });
    const more = { cpu_count: 2, cores_per_socket: 2, memory_mib: vm.memory_mib + 1024, annotation: 'not this' };
    await lab.resetStats();
    const problem = await refused('vm.reconfigure', { vm: vm.id, ...more });
    expect(problem).toMatchObject({
      code: 'invalid_power_state',
      details: { needs_power_off: ['cpu_count', 'cores_per_socket', 'memory_mib'] },
    });
    expect(problem.detail).toContain('memory_mib (memory_hot_add is false)');
    expect((await lab.stats()).method['ReconfigVM_Task']).toBeUndefined();
  });

  it('refuses CPUs that do not fill sockets', async () => {
    const vm = own('off');
    expect(await refused('vm.reconfigure', { vm: vm.id, cpu_count: 5, cores_per_socket: 2 })).toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer: '/cpu_count' }],
    });
  });

  it('goes through with the present change_version, and not with the one before', async () => {
    const vm = own('off');
    const { change_version } = await must('vm.get', { vm: vm.id });
    await must('vm.reconfigure', { vm: vm.id, annotation: 'first', change_version, wait: 20 });
    const problem = await refused('vm.reconfigure', { vm: vm.id, annotation: 'second', change_version, wait: 20 });
    const { 'config.changeVersion': present } = await read(vm, 'config.changeVersion');
    expect(problem).toMatchObject({ code: 'busy', retryable: false, details: { change_version: present } });
    expect(present).not.toBe(change_version);
    expect(await read(vm, 'config.annotation')).toEqual({ 'config.annotation': 'first' });
  });

  it('hands change_version on, for what changes between our look and the call', async () => {
    const vm = own('off');
    const { change_version } = await must('vm.get', { vm: vm.id });
    const input = { vm: vm.id, annotation: 'x', change_version, dry_run: true };
    const { plan } = await must('vm.reconfigure', input);
    expect(plan[0].arguments).toEqual({ spec: { changeVersion: change_version, annotation: 'x' } });
  });

  it('that fails at an attribute says that the settings are done', async () => {
    const vm = own('off');
    await lab.fault({ method: 'SetField', fault: 'NoPermission', count: 1 });
    const input = { vm: vm.id, annotation: 'done', custom_attributes: { owner: 'x' }, wait: 20 };
    const problem = await refused('vm.reconfigure', input);
    expect(problem).toMatchObject({ code: 'upstream_forbidden' });
    expect(problem.detail).toContain('(done: settings; next: owner) failed');
    expect(await read(vm, 'config.annotation')).toEqual({ 'config.annotation': 'done' });
  });

  it('refuses to change nothing', async () => {
    const vm = own('off');
    expect(await refused('vm.reconfigure', { vm: vm.id, change_version: 'x' })).toMatchObject({
      code: 'invalid_input',
    });
  });
});

describe('a template', () => {
  it('is made of a VM and made a VM again, on the host and in the pool that are asked for', async () => {
    const vm = own('off');
    await must('vm.mark_template', { vm: vm.id });
    expect(await read(vm, 'config.template', 'resourcePool')).toEqual({ 'config.template': true });
    expect(now(vm)).toMatchObject({ template: true, resource_pool: null });
    const host = inventory()
      .all('host')
      .find(({ id }) => id !== vm.host)!;
    const root = inventory().get('cluster', host.parent!)!.resource_pool!;
    await must('vm.mark_vm', { vm: vm.id, host: host.id });
    expect(await read(vm, 'config.template', 'runtime.host', 'resourcePool')).toMatchObject({
      'config.template': false,
      'runtime.host': { value: host.moref },
      resourcePool: { value: inventory().get('pool', root)!.moref },
    });
  });
});

describe('vm.move', () => {
  it('changes the folder in vSphere, and the path at once', async () => {
    const vm = own('off');
    const folder = inventory()
      .all('folder')
      .find(({ id, child_types }) => child_types.includes('VirtualMachine') && id !== vm.parent)!;
    await must('vm.move', { vm: vm.id, folder: folder.id, wait: 20 });
    expect(await read(vm, 'parent')).toMatchObject({ parent: { value: folder.moref } });
    const { path } = await must('vm.get', { vm: vm.id });
    expect(path.startsWith(inventory().path(folder.id))).toBe(true);
    expect(await refused('vm.move', { vm: vm.id, folder: folder.id })).toMatchObject({ code: 'invalid_state' });
  });
});

describe('out of the inventory and back', () => {
  it('keeps the path, which registers the VM under a new id', async () => {
    const vm = own('off', ({ name }) => /^[\w-]+$/.test(name));
    const { path } = await must('vm.unregister', { vm: vm.id, confirm: vm.name });
    expect(now(vm)).toBeUndefined();
    await expect(read(vm, 'name')).rejects.toThrow();

    const folder = inventory().get('folder', vm.parent!)!;
    const pool = inventory().get('pool', vm.resource_pool!)!;
    // The lab cannot register yet, so a VM that it creates stands for the one that is registered.
    const made = await session().call(
      'CreateVM_Task',
      { $type: 'Folder', value: folder.moref },
      {
        config: { name: 'again', guestId: 'otherGuest', files: { vmPathName: path.replace(/\].*/, ']') } },
        pool: { $type: 'ResourcePool', value: pool.moref },
      },
    );
    const { bodies, remove } = stub('RegisterVM_Task', taskAnswer('RegisterVM_Task', made as MoRef));
    const task = await must('vm.register', { path, name: vm.name, folder: folder.id, host: vm.host!, wait: 20 });
    remove();
    expect(task).toMatchObject({ state: 'success', result: { id: expect.stringMatching(/^lab:vm-/) } });
    expect(task.result.id).not.toBe(vm.id);
    expect(inventory().get('vm', task.result.id)).toMatchObject({ name: 'again' });
    expect(bodies[0]).toMatch(
      new RegExp(
        `<_this type="Folder"[^>]*>${folder.moref}</_this>\\s*<path>.*\\.vmx</path>\\s*<name>${vm.name}</name>\\s*<asTemplate>false</asTemplate>\\s*<pool type="ResourcePool"[^>]*>resgroup-\\d+</pool>\\s*<host type="HostSystem"[^>]*>host-\\d+</host>`,
      ),
    );
  });

  it.each([
    '[ds] ../a.vmx',
    '[ds] a/../../b.vmx',
    '[ds] /etc/a.vmx',
    '[ds] a/./b.vmx',
    '[ds] a\\b.vmx',
    '[ds] a\u0000.vmx',
    'a/b.vmx',
    '[ds] a.vmdk',
  ])('refuses the path %j before any call', async (path) => {
    const pool = inventory().all('pool')[0]!.id;
    expect(await refused('vm.register', { path, pool })).toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer: '/path' }],
    });
  });
});

describe('vm.upgrade_hardware', () => {
  it('raises the version', async () => {
    const vm = own('off', ({ hardware_version }) => Number(hardware_version?.slice(4)) < 20);
    await must('vm.upgrade_hardware', { vm: vm.id, version: 'vmx-20', wait: 20 });
    expect(await read(vm, 'config.version')).toEqual({ 'config.version': 'vmx-20' });
    expect(await must('vm.get', { vm: vm.id })).toMatchObject({ hardware: { version: 'vmx-20' } });
  });
});

describe('a dry run', () => {
  it('of each of them calls nothing that changes', async () => {
    const vm = own('off');
    const { path } = await must('vm.unregister', { vm: own('off').id, dry_run: true }).then(({ impact }) => ({
      path: /'(\[.*\.vmx)'/.exec(impact)?.[1],
    }));
    const folder = inventory().all('datacenter')[0]!.vm_folder!;
    const template = inventory()
      .all('vm')
      .find((each) => each.template)!;
    const input = { vm: vm.id, dry_run: true };
    await lab.resetStats();
    await must('vm.rename', { ...input, name: 'x' });
    await must('vm.delete', input);
    await must('vm.reconfigure', { ...input, cpu_count: 64, custom_attributes: { owner: 'x' } });
    await must('vm.mark_template', input);
    await must('vm.mark_vm', { vm: template.id, host: vm.host, dry_run: true });
    await must('vm.move', { ...input, folder });
    await must('vm.unregister', input);
    await must('vm.register', { path, host: vm.host, dry_run: true });
    await must('vm.upgrade_hardware', input);
    await must('vm.consolidate', input);
    const {
      WaitForUpdatesEx: _w,
      RetrievePropertiesEx: _r,
      ModifyListView: _m,
      ...others
    } = (await lab.stats()).method;
    expect(others).toEqual({});
  });
});
