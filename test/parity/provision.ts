/** Cases of the operations that make, move and customize VMs. */
import { expect } from 'vitest';
import type { Case, World } from './case.ts';

const inventory = ({ gateway }: World) => gateway.app.services.inventory;
/** One of the lab's own: other cases make templates, too, bare ones. */
const template = (world: World) =>
  inventory(world)
    .all('vm')

    .find((vm) => vm.template && vm.networks.length > 0)!;
const cluster = (world: World) => inventory(world).all('cluster')[0]!;
const datastore = (world: World) => inventory(world).get('datastore', cluster(world).datastores[0]!)!;
/** A host that a VM is not on. */
const otherHost = (world: World, on: string | null) =>
  inventory(world)
    .all('host')
    .find(({ id }) => id !== on)!;

const smallest = (world: World) => ({
  guest_id: 'otherLinux64Guest',
  cpu_count: 1,
  memory_mib: 64,
  cluster: cluster(world).name,
  datastore: datastore(world).name,
});
const ended = { state: 'success', result: { id: expect.any(String) } };
const linux = { domain: 'example.com', nics: [{ ipv4: 'dhcp' }], linux: { time_zone: 'Europe/Berlin' } };

/** New VMs are called made-…: neither first nor last by name, so that other cases still find the VMs they had. */
export const provision: Case[] = [
  {
    operation: 'vm.create',
    title: 'a VM with disk and adapter, its attributes set, started',
    input: (world, door) => ({
      ...smallest(world),
      name: `made-new-${door}`,
      disks: [{ size_gib: 1 }],
      nics: [{ network: 'VM Network' }],
      custom_attributes: { owner: 'parity' },
      power_on: true,
      wait: 30,
    }),
    expect: () => ({ ...ended, name: 'Folder.createVm', target_name: 'vm' }),
    differs: ['description'],
  },
  {
    operation: 'vm.create',
    title: 'a dry run',
    input: (world) => ({ ...smallest(world), name: 'never', dry_run: true }),
    expect: (world) => ({
      dry_run: true,
      danger: 'safe',
      plan: [
        {
          method: 'CreateVM_Task',
          arguments: { config: { name: 'never', numCPUs: 1, files: { vmPathName: `[${datastore(world).name}]` } } },
        },
      ],
    }),
  },
  {
    operation: 'vm.create',
    title: 'without a datastore',
    input: (world) => ({ ...smallest(world), name: 'never', datastore: undefined }),
    fails: true,
    expect: (world) => ({ code: 'invalid_input', detail: expect.stringContaining(datastore(world).name) }),
  },
  {
    operation: 'vm.clone',
    title: 'a copy beside the original',
    input: ({ some }, door) => ({ vm: some('off').id, name: `made-copy-${door}`, wait: 30 }),
    expect: ({ some }) => ({ ...ended, target: some('off').id }),
  },
  {
    operation: 'vm.clone',
    title: 'a name that is taken',
    input: ({ some }) => ({ vm: some('off').id, name: some('off').name }),
    fails: true,
    expect: ({ some }) => ({ code: 'already_exists', status: 409, details: { existing: some('off').id } }),
  },
  {
    operation: 'vm.clone',
    title: 'no name',
    input: ({ some }) => ({ vm: some('off').id }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/name', message: 'Needed' }] }),
  },
  {
    operation: 'vm.migrate',
    title: 'to another host',
    input: (world) => {
      const vm = world.own('on');
      return { vm: vm.id, host: otherHost(world, vm.host).id, wait: 30 };
    },
    expect: () => ({ state: 'success' }),
    differs: ['target', 'target_name'],
  },
  {
    operation: 'vm.migrate',
    title: 'nowhere',
    input: ({ some }) => ({ vm: some('on').id }),
    fails: true,
    expect: () => ({ code: 'invalid_input', detail: expect.stringContaining('where to') }),
  },
  {
    operation: 'vm.check_migrate',
    title: 'to another host',
    input: (world) => ({ vm: world.some('on').id, host: otherHost(world, world.some('on').host).name }),
    expect: () => ({ possible: true, errors: [], moves: [expect.stringContaining('→')] }),
  },
  {
    operation: 'vm.customize',
    title: 'a VM that is on',
    input: ({ some }) => ({ vm: some('on').id, customization: linux }),
    fails: true,
    expect: () => ({ code: 'invalid_power_state', status: 409 }),
  },
  {
    operation: 'vm.customize',
    title: 'a dry run, by a stored specification with a password',
    input: ({ some }) => ({ vm: some('off').id, customization: 'vcsim-windows-domain', dry_run: true }),
    expect: () => ({
      plan: [
        {
          method: 'CustomizeVM_Task',
          arguments: { spec: { identity: { identification: { domainAdminPassword: '[redacted]' } } } },
        },
      ],
    }),
  },
  {
    operation: 'template.list',
    title: 'all',
    input: () => ({ fields: ['template'] }),
    expect: (world) => ({ items: expect.arrayContaining([expect.objectContaining({ id: template(world).id })]) }),
  },
  {
    operation: 'template.deploy',
    title: 'customized',
    input: (world, door) => ({
      template: template(world).id,
      name: `made-deployed-${door}`,
      customization: { ...linux, hostname: `made-deployed-${door}` },
      wait: 30,
    }),
    expect: (world) => ({ ...ended, target: template(world).id }),
  },
  {
    operation: 'template.deploy',
    title: 'what is no template',
    input: ({ some }) => ({ template: some('off').id, name: 'never' }),
    fails: true,
    expect: () => ({ code: 'invalid_state' }),
  },
  {
    operation: 'customization.list',
    title: 'all',
    input: () => ({}),
    expect: () => ({
      items: expect.arrayContaining([expect.objectContaining({ name: 'vcsim-linux', vcenter: 'lab' })]),
    }),
  },
  {
    operation: 'customization.get',
    title: 'one with passwords',
    input: () => ({ customization: 'vcsim-windows-domain' }),
    expect: () => ({ identity: 'sysprep', domain: 'DOMAIN', has_secrets: true, nics: [{ ipv4: 'prompt' }] }),
  },
  {
    operation: 'customization.get',
    title: 'nobody',
    input: () => ({ customization: 'nobody' }),
    fails: true,
    expect: () => ({ code: 'not_found', detail: expect.stringContaining('vcsim-linux') }),
  },
  {
    operation: 'customization.create',
    title: 'for Linux',
    input: (_world, door) => ({ name: `stored-${door}`, ...linux, dns_servers: ['10.0.0.53'] }),
    expect: () => ({ identity: 'linux_prep', hostname_from: 'vm_name', nics: [{ ipv4: 'dhcp' }], has_secrets: false }),
    differs: ['name'],
  },
  {
    operation: 'customization.create',
    title: 'a name that is taken',
    input: () => ({ name: 'vcsim-linux', ...linux }),
    fails: true,
    expect: () => ({ code: 'already_exists' }),
  },
  {
    operation: 'customization.delete',
    title: 'unconfirmed',
    input: () => ({ customization: 'vcsim-linux' }),
    fails: true,
    expect: () => ({ code: 'confirmation_required', details: { confirm: 'vcsim-linux' } }),
  },
  {
    operation: 'customization.delete',
    title: 'a dry run',
    input: () => ({ customization: 'vcsim-linux', dry_run: true }),
    expect: () => ({
      danger: 'destructive',
      plan: [{ method: 'DeleteCustomizationSpec', arguments: { name: 'vcsim-linux' } }],
    }),
  },
];
