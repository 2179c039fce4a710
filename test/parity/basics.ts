/** Cases of the operations that read, of power and of tasks. */
import { expect } from 'vitest';
import type { Case } from './case.ts';

const page = { next_cursor: null, stale: false };

export const basics: Case[] = [
  {
    operation: 'vm.list',
    title: 'a page',
    input: () => ({ limit: 5 }),
    expect: () => ({ stale: false, total: expect.any(Number) }),
  },
  {
    operation: 'vm.list',
    title: 'filtered, with fields',
    input: () => ({ power_state: 'off', fields: ['power_state', 'cpu_count'], sort: '-cpu_count' }),
    expect: () => page,
  },
  {
    operation: 'vm.list',
    title: 'a wrong limit',
    input: () => ({ limit: 0 }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/limit', message: expect.any(String) }] }),
  },
  {
    operation: 'vm.list',
    title: 'an unknown field',
    input: () => ({ colour: 'red' }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/colour', message: 'Unknown field' }] }),
  },
  {
    operation: 'vm.get',
    title: 'by id',
    input: ({ some }) => ({ vm: some('on').id }),
    expect: ({ some }) => ({ name: some('on').name, power_state: 'on' }),
  },
  {
    operation: 'vm.get',
    title: 'by name',
    input: ({ some }) => ({ vm: some('off').name }),
    expect: () => ({ power_state: 'off' }),
  },
  {
    operation: 'vm.get',
    title: 'by path',
    input: ({ some, gateway }) => ({ vm: gateway.app.services.inventory.path(some('on').id) }),
    expect: ({ some }) => ({ name: some('on').name }),
  },
  {
    operation: 'vm.get',
    title: 'nobody',
    input: () => ({ vm: 'lab:vm-0' }),
    fails: true,
    expect: () => ({ code: 'not_found', status: 404, retryable: false }),
  },
  {
    operation: 'vm.power',
    title: 'a dry run',
    input: ({ some }) => ({ vm: some('on').id, action: 'off', dry_run: true }),
    expect: ({ some }) => ({
      dry_run: true,
      danger: 'disruptive',
      plan: [{ method: 'PowerOffVM_Task', object: some('on').id, arguments: {} }],
    }),
  },
  {
    operation: 'vm.power',
    title: 'off',
    input: ({ own }) => ({ vm: own('on').id, action: 'off', wait: 20 }),
    expect: () => ({ state: 'success', name: 'VirtualMachine.powerOff' }),
    differs: ['target', 'target_name'],
  },
  {
    operation: 'vm.power',
    title: 'what the state forbids',
    input: ({ some }) => ({ vm: some('off').id, action: 'suspend', wait: 5 }),
    fails: true,
    expect: () => ({ code: 'invalid_power_state', status: 409, fault: 'InvalidPowerState' }),
  },
  {
    operation: 'vm.metrics',
    title: 'the last sample',
    input: ({ some }) => ({ vm: some('on').id }),
    expect: ({ some }) => ({ name: some('on').name, interval_seconds: 20 }),
  },
  { operation: 'host.list', title: 'all', input: () => ({}), expect: () => ({ ...page, total: 2 }) },
  {
    operation: 'host.get',
    title: 'by id',
    input: ({ gateway }) => ({ host: gateway.app.services.inventory.all('host')[0]!.id }),
    expect: () => ({ connection_state: 'connected' }),
  },
  { operation: 'cluster.list', title: 'all', input: () => ({}), expect: () => ({ ...page, total: 1 }) },
  { operation: 'datastore.list', title: 'the fullest', input: () => ({ sort: '-used_ratio' }), expect: () => page },
  { operation: 'network.list', title: 'all', input: () => ({}), expect: () => page },
  { operation: 'folder.list', title: 'for VMs', input: () => ({ child_type: 'VirtualMachine' }), expect: () => page },
  {
    operation: 'task.list',
    title: 'what waits',
    input: () => ({ state: 'queued' }),
    expect: () => ({ items: [], total: 0 }),
  },
  {
    operation: 'task.get',
    title: 'nobody',
    input: () => ({ task: 'lab:task-0' }),
    fails: true,
    expect: () => ({ code: 'not_found' }),
  },
  {
    operation: 'task.cancel',
    title: 'nobody',
    input: () => ({ task: 'lab:task-0' }),
    fails: true,
    expect: () => ({ code: 'not_found' }),
  },
  {
    operation: 'system.about',
    title: 'everything',
    input: () => ({}),
    expect: () => ({
      name: 'vsphere-gateway',
      vcenters: [expect.objectContaining({ name: 'lab', status: 'connected', is_vcenter: true })],
    }),
  },
];
