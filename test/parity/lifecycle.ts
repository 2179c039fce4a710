/** Cases of a VM's life: names, settings, places, templates, the end of it, and waiting for it. */
import { expect } from 'vitest';
import type { VmRecord } from '../../src/live/model.ts';
import type { Case, World } from './case.ts';
import { freshVm, runningVm } from './fresh.ts';

const ended = { state: 'success', error: null };
const ofItsOwn = ['target', 'target_name'];

const template = ({ gateway }: World): VmRecord => gateway.app.services.inventory.all('vm').find((vm) => vm.template)!;

/** A folder for VMs that this one is not in. */
function otherFolder({ gateway }: World, vm: VmRecord): string {
  const { inventory } = gateway.app.services;
  return inventory.all('folder').find(({ id, child_types }) => {
    return child_types.includes('VirtualMachine') && id !== vm.parent;
  })!.id;
}

async function done(world: World, path: string, body: object): Promise<Record<string, unknown>> {
  const answer = await world.gateway.post(path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

const pool = ({ gateway }: World): string => gateway.app.services.inventory.all('cluster')[0]!.resource_pool!;

export const lifecycle: Case[] = [
  {
    operation: 'vm.rename',
    title: 'and wait',
    input: async (world) => {
      const vm = await freshVm(world);
      return { vm: vm.id, name: `${vm.name}-renamed`, wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.rename',
    title: 'to what it is called',
    input: async (world) => {
      const vm = await freshVm(world);
      return { vm: vm.id, name: vm.name };
    },
    fails: true,
    expect: () => ({ code: 'invalid_state' }),
    differs: ['detail'],
  },
  {
    operation: 'vm.rename',
    title: 'to a path',
    input: ({ some }) => ({ vm: some('on').id, name: '../x' }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/name', message: expect.any(String) }] }),
  },
  {
    operation: 'vm.delete',
    title: 'of a VM that is off',
    input: async (world) => {
      const vm = await freshVm(world);
      return { vm: vm.id, confirm: vm.name, wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.delete',
    title: 'of a running VM, by force',
    input: async (world) => {
      const vm = await runningVm(world);
      return { vm: vm.id, force: true, confirm: vm.name, wait: 20 };
    },
    expect: () => ({ ...ended, moref: null, name: 'VirtualMachine.destroy' }),
    differs: [...ofItsOwn, 'description'],
  },
  {
    operation: 'vm.delete',
    title: 'of a running VM, without',
    input: ({ some }) => ({ vm: some('on').id, confirm: some('on').name }),
    fails: true,
    expect: () => ({ code: 'invalid_power_state', detail: expect.stringContaining('force: true') }),
  },
  {
    operation: 'vm.delete',
    title: "confirmed with another VM's name",
    input: ({ some }) => ({ vm: some('off').id, confirm: some('on').name }),
    fails: true,
    expect: ({ some }) => ({ code: 'confirmation_required', details: { confirm: some('off').name } }),
  },
  {
    operation: 'vm.reconfigure',
    title: 'of CPU, memory and shares',
    input: async (world) => {
      const settings = { cpu_count: 6, cores_per_socket: 3, memory_mib: 6144, cpu_shares: 'high', memory_shares: 9000 };
      return { vm: (await freshVm(world)).id, ...settings, wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.reconfigure',
    title: 'of custom attributes and notes',
    input: async (world) => ({
      vm: (await freshVm(world)).id,
      custom_attributes: { owner: 'carol' },
      annotation: 'Shop',
      wait: 20,
    }),
    expect: () => ({ ...ended, moref: null }),
    differs: [...ofItsOwn, 'description'],
  },
  {
    operation: 'vm.reconfigure',
    title: 'as a dry run',
    input: ({ some }) => ({ vm: some('off').id, annotation: 'x', extra_config: { 'guestinfo.a': 'b' }, dry_run: true }),
    expect: ({ some }) => ({
      danger: 'disruptive',
      plan: [
        {
          method: 'ReconfigVM_Task',
          object: some('off').id,
          arguments: { spec: { annotation: 'x', extraConfig: [{ key: 'guestinfo.a', value: '[redacted]' }] } },
        },
      ],
    }),
  },
  {
    operation: 'vm.reconfigure',
    title: 'of what a running VM does not allow',
    input: ({ some }) => ({ vm: some('on').id, memory_mib: 4, cpu_hot_add: true }),
    fails: true,
    expect: () => ({ code: 'invalid_power_state', details: { needs_power_off: ['memory_mib', 'cpu_hot_add'] } }),
  },
  {
    operation: 'vm.reconfigure',
    title: 'of an unknown attribute',
    input: ({ some }) => ({ vm: some('off').id, custom_attributes: { colour: 'red' } }),
    fails: true,
    expect: () => ({ code: 'invalid_input', detail: expect.stringContaining('cost-center, env, owner') }),
  },
  {
    operation: 'vm.reconfigure',
    title: 'of a version that is over',
    input: ({ some }) => ({ vm: some('off').id, annotation: 'x', change_version: 'long ago' }),
    fails: true,
    expect: () => ({ code: 'busy', retryable: false, detail: expect.stringContaining('vm.get') }),
  },
  {
    operation: 'vm.mark_template',
    title: 'of a VM that is off',
    input: async (world) => ({ vm: (await freshVm(world)).id }),
    expect: () => ({ template: true }),
    differs: ['name'],
  },
  {
    operation: 'vm.mark_template',
    title: 'of a running VM',
    input: ({ some }) => ({ vm: some('on').id }),
    fails: true,
    expect: () => ({ code: 'invalid_power_state' }),
  },
  {
    operation: 'vm.mark_vm',
    title: 'into a pool',
    input: async (world) => {
      const vm = await freshVm(world);
      await done(world, `/v1/vms/${vm.id}/mark_template`, {});
      return { vm: vm.id, pool: pool(world) };
    },
    expect: () => ({ template: false, pool: { name: 'Resources' } }),
    differs: ['name'],
  },
  {
    operation: 'vm.mark_vm',
    title: 'of a VM',
    input: (world) => ({ vm: world.some('off').id, pool: pool(world) }),
    fails: true,
    expect: () => ({ code: 'invalid_state' }),
  },
  {
    operation: 'vm.move',
    title: 'into another folder',
    input: async (world) => {
      const vm = await freshVm(world);
      return { vm: vm.id, folder: otherFolder(world, vm), wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.move',
    title: 'into a folder for hosts',
    input: ({ some, gateway }) => {
      const hosts = gateway.app.services.inventory.all('datacenter')[0]!.host_folder!;
      return { vm: some('off').id, folder: hosts };
    },
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/folder', message: expect.any(String) }] }),
  },
  {
    operation: 'vm.unregister',
    title: 'and say where its files are',
    input: async (world) => {
      const vm = await freshVm(world);
      return { vm: vm.id, confirm: vm.name };
    },
    expect: () => ({ path: expect.stringMatching(/^\[.+\] .+\.vmx$/) }),
    differs: ['name', 'path'],
  },
  {
    operation: 'vm.unregister',
    title: 'of a running VM',
    input: ({ some }) => ({ vm: some('on').id, confirm: some('on').name }),
    fails: true,
    expect: () => ({ code: 'invalid_power_state' }),
  },
  {
    operation: 'vm.register',
    title: 'as a dry run',
    input: (world) => {
      const { inventory } = world.gateway.app.services;
      const [datastore] = inventory.all('datastore');
      const folder = inventory.all('datacenter')[0]!.vm_folder!;
      return { path: `[${datastore!.name}] a b/a b.vmx`, name: 'again', folder, pool: pool(world), dry_run: true };
    },
    expect: () => ({ plan: [{ method: 'RegisterVM_Task', arguments: { name: 'again', asTemplate: false } }] }),
  },
  {
    operation: 'vm.register',
    title: 'after it was unregistered',
    input: async (world) => {
      const vm = await freshVm(world);
      const { body } = await world.gateway.post(`/v1/vms/${vm.id}/unregister`, { confirm: vm.name });
      const host = world.gateway.app.services.inventory.all('host')[0]!.id;
      return { path: body.path, pool: pool(world), host, wait: 20 };
    },
    expect: () => ended,
    differs: [...ofItsOwn, 'result'],
  },
  {
    operation: 'vm.register',
    title: 'from outside of the datastore',
    input: (world) => ({ path: '[x] ../y/z.vmx', pool: pool(world) }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/path', message: expect.any(String) }] }),
  },
  {
    operation: 'vm.register',
    title: 'from a datastore that is not there',
    input: (world) => ({ path: '[nowhere] y/z.vmx', pool: pool(world) }),
    fails: true,
    expect: () => ({ code: 'not_found' }),
  },
  {
    operation: 'vm.upgrade_hardware',
    title: 'to a version',
    input: async (world) => ({ vm: (await freshVm(world)).id, version: 'vmx-21', wait: 20 }),
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.upgrade_hardware',
    title: 'of a running VM',
    input: ({ some }) => ({ vm: some('on').id }),
    fails: true,
    expect: () => ({ code: 'invalid_power_state' }),
  },
  {
    operation: 'vm.consolidate',
    title: 'as a dry run',
    input: ({ some }) => ({ vm: some('on').id, dry_run: true }),
    expect: ({ some }) => ({ plan: [{ method: 'ConsolidateVMDisks_Task', object: some('on').id, arguments: {} }] }),
  },
  {
    operation: 'vm.answer',
    title: 'what nobody asked',
    input: ({ some }) => ({ vm: some('on').id, question: '1', choice: '0' }),
    fails: true,
    expect: () => ({ code: 'invalid_state', detail: expect.stringContaining('waits for no answer') }),
  },
  {
    operation: 'vm.wait',
    title: 'for what is so already',
    input: ({ some }) => ({ vm: some('on').id, for: 'power_on' }),
    expect: () => ({ reached: true, power_state: 'on', stale: false }),
  },
  {
    operation: 'vm.wait',
    title: 'in vain',
    input: (world) => ({ vm: template(world).id, for: 'power_on', timeout: 0.1 }),
    expect: () => ({ reached: false, power_state: 'off' }),
  },
];
