/** Cases of search, raw properties and methods, pools, datacenters, counters, and power for many. */
import { expect } from 'vitest';
import type { Case, World } from './case.ts';

const page = { next_cursor: null, stale: false };
const firstHost = ({ gateway }: World) => gateway.app.services.inventory.all('host')[0]!;

function ids({ own }: World): string[] {
  return [own('off').id, own('off').id];
}

export const inventory: Case[] = [
  {
    operation: 'inventory.search',
    title: 'by the whole name',
    input: ({ some }) => ({ q: some('on').name.toUpperCase(), kinds: ['vm', 'host'], limit: 1 }),
    expect: ({ some }) => ({ items: [{ id: some('on').id, kind: 'vm', matched_field: 'name' }], stale: false }),
  },
  {
    operation: 'inventory.search',
    title: 'with an unknown kind',
    input: () => ({ q: 'x', kinds: ['printer'] }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/kinds/0' }] }),
  },
  {
    operation: 'inventory.search',
    title: 'with a cursor that is none',
    input: () => ({ q: 'x', cursor: 'nonsense' }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/cursor', message: expect.any(String) }] }),
  },
  {
    operation: 'inventory.find',
    title: 'by UUID',
    input: ({ some }) => ({ uuid: some('on').uuid!.toUpperCase() }),
    expect: ({ some }) => ({ items: [{ id: some('on').id, kind: 'vm', name: some('on').name }] }),
  },
  {
    operation: 'inventory.find',
    title: 'by path',
    input: ({ some, gateway }) => ({ path: gateway.app.services.inventory.path(some('on').id) }),
    expect: ({ some }) => ({ items: [{ id: some('on').id }] }),
  },
  {
    operation: 'inventory.find',
    title: 'by two facts at once',
    input: () => ({ name: 'web', dns: 'web' }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/dns' }, { pointer: '/name' }] }),
  },
  { operation: 'pool.list', title: 'all', input: () => ({}), expect: () => page },
  {
    operation: 'pool.list',
    title: 'of a cluster that is none',
    input: () => ({ cluster: 'nowhere' }),
    fails: true,
    expect: () => ({ code: 'not_found' }),
  },
  { operation: 'datacenter.list', title: 'all', input: () => ({}), expect: () => ({ ...page, total: 1 }) },
  {
    operation: 'host.metrics',
    title: 'the last sample',
    input: (world) => ({ host: firstHost(world).id }),
    expect: (world) => ({ name: firstHost(world).name, interval_seconds: 20 }),
  },
  { operation: 'metrics.counters', title: 'while metrics are off', input: () => ({}), expect: () => ({ items: [] }) },
  {
    operation: 'metrics.counters',
    title: 'of nobody',
    input: () => ({ vcenter: 'nowhere' }),
    fails: true,
    expect: () => ({ code: 'not_found' }),
  },
  {
    operation: 'inventory.properties',
    title: 'of a VM',
    input: ({ some }) => ({ object: some('on').id, paths: ['config.uuid', 'runtime.host', 'runtime.bootTime'] }),
    expect: ({ some }) => ({
      type: 'VirtualMachine',
      properties: { 'config.uuid': some('on').uuid, 'runtime.host': { id: some('on').host, type: 'HostSystem' } },
      unreadable: [],
    }),
  },
  {
    operation: 'inventory.properties',
    title: 'of an object whose type nobody told',
    input: () => ({ object: 'lab:networkSystem-1', paths: ['dnsConfig'] }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/type', message: expect.any(String) }] }),
  },
  {
    operation: 'inventory.properties',
    title: 'that vSphere does not have',
    input: ({ some }) => ({ object: some('on').id, paths: ['config.colour'] }),
    fails: true,
    expect: () => ({ code: 'invalid_argument', fault: 'InvalidProperty' }),
  },
  {
    operation: 'inventory.invoke',
    title: 'a task',
    input: ({ own }) => {
      const { id, name } = own('off');
      const spec = { annotation: 'by invoke' };
      const confirm = `ReconfigVM_Task ${name}`;
      return { object: id, method: 'ReconfigVM_Task', arguments: { spec }, confirm, wait: 20 };
    },
    expect: () => ({ state: 'success', error: null }),
    differs: ['target', 'target_name'],
  },
  {
    operation: 'inventory.invoke',
    title: 'a method that answers at once',
    input: () => ({ object: 'lab:ServiceInstance', method: 'CurrentTime', confirm: 'CurrentTime ServiceInstance' }),
    expect: () => ({ returned: expect.stringMatching(/^\d{4}-.*Z$/) }),
    differs: ['returned'],
  },
  {
    operation: 'inventory.invoke',
    title: 'without confirmation',
    input: ({ some }) => ({ object: some('off').id, method: 'Destroy_Task', confirm: some('off').name }),
    fails: true,
    expect: ({ some }) => ({
      code: 'confirmation_required',
      details: { confirm: `Destroy_Task ${some('off').name}` },
    }),
  },
  {
    operation: 'inventory.invoke',
    title: 'with an argument of the wrong type',
    input: ({ some }) => ({
      object: some('off').id,
      method: 'ReconfigVM_Task',
      arguments: { spec: { deviceChange: [{ device: { $type: 'VirtualCdrom', key: 'one' } }] } },
    }),
    fails: true,
    expect: () => ({
      code: 'invalid_input',
      errors: [{ pointer: '/arguments/spec/deviceChange/0/device/key', message: expect.stringContaining('integer') }],
    }),
  },
  {
    operation: 'inventory.invoke',
    title: 'to get a ticket',
    input: ({ some }) => ({ object: some('on').id, method: 'AcquireTicket', arguments: { ticketType: 'webmks' } }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/method', message: 'Refused' }] }),
  },
  {
    operation: 'vm.power_many',
    title: 'on',
    input: (world) => ({ ids: ids(world), action: 'on', wait: 30 }),
    expect: () => ({
      state: 'success',
      progress: 100,
      target: null,
      details: [{ state: 'success' }, { state: 'success' }],
    }),
    differs: ['target', 'target_name', 'task'],
  },
  {
    operation: 'vm.power_many',
    title: 'a dry run over those that are off already',
    input: ({ some }) => ({ ids: [some('on').id, some('off').id], action: 'off', dry_run: true }),
    expect: ({ some }) => ({
      danger: 'disruptive',
      targets: [{ name: some('on').name }, { name: some('off').name }],
      plan: [{ method: 'PowerOffVM_Task', object: some('on').id, arguments: {} }],
    }),
  },
  {
    operation: 'vm.power_many',
    title: 'more than the limit',
    input: () => ({ name: '*', action: 'on', limit: 3 }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/limit', message: expect.any(String) }] }),
  },
  {
    operation: 'vm.power_many',
    title: 'all there are',
    input: () => ({ action: 'off' }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '', message: expect.any(String) }] }),
  },
];
