/** Cases of snapshots: the tree, what is done with it, and the report over all VMs. */
import { expect } from 'vitest';
import type { Snapshot, VmRecord } from '../../src/live/model.ts';
import type { Case, World } from './case.ts';
import { freshVm } from './fresh.ts';

/** A VM that the lab has given snapshots. Other cases see it, too: only look. */
function withSnapshots({ gateway }: World): VmRecord {
  return gateway.app.services.inventory.all('vm').find((vm) => vm.snapshots.length > 0)!;
}

function root(world: World): Snapshot {
  return withSnapshots(world).snapshots[0]!;
}

/** A VM of the caller's own, with a new snapshot. */
async function taken(world: World, ...names: string[]): Promise<VmRecord> {
  const vm = await freshVm(world);
  for (const name of names) {
    const { status } = await world.gateway.post(`/v1/vms/${vm.id}/snapshots`, { name, wait: 20 });
    expect(status).toBe(200);
  }
  return vm;
}

const ended = { state: 'success', error: null };
const ofItsOwn = ['target', 'target_name'];

export const snapshots: Case[] = [
  {
    operation: 'vm.snapshot.list',
    title: 'of a VM that has some',
    input: (world) => ({ vm: withSnapshots(world).id }),
    expect: (world) => ({
      vm: { id: withSnapshots(world).id },
      items: expect.arrayContaining([expect.objectContaining({ name: root(world).name, depth: 1, parent: null })]),
    }),
  },
  {
    operation: 'vm.snapshot.list',
    title: 'of nobody',
    input: () => ({ vm: 'lab:vm-0' }),
    fails: true,
    expect: () => ({ code: 'not_found' }),
  },
  {
    operation: 'vm.snapshot.create',
    title: 'with a description',
    input: async (world) => ({ vm: (await freshVm(world)).id, name: 'before', description: 'a change', wait: 20 }),
    expect: () => ({ ...ended, result: { id: expect.stringMatching(/^lab:snapshot-/) } }),
    differs: ofItsOwn,
  },
  {
    operation: 'vm.snapshot.create',
    title: 'as a dry run, without memory unless asked',
    input: ({ some }) => ({ vm: some('on').id, name: 'x', dry_run: true }),
    expect: ({ some }) => ({
      dry_run: true,
      danger: 'safe',
      plan: [
        {
          method: 'CreateSnapshot_Task',
          object: some('on').id,
          arguments: { name: 'x', description: '', memory: false, quiesce: false },
        },
      ],
    }),
  },
  {
    operation: 'vm.snapshot.revert',
    title: 'to the current one',
    input: async (world) => {
      const vm = await taken(world, 'a');
      return { vm: vm.id, snapshot: 'current', confirm: vm.name, wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.snapshot.revert',
    title: "confirmed with another VM's name",
    input: (world) => ({ vm: withSnapshots(world).id, snapshot: root(world).moref, confirm: world.some('on').name }),
    fails: true,
    expect: (world) => ({ code: 'confirmation_required', details: { confirm: withSnapshots(world).name } }),
  },
  {
    operation: 'vm.snapshot.remove',
    title: 'by name',
    input: async (world) => {
      const vm = await taken(world, 'a', 'b');
      return { vm: vm.id, snapshot: 'a', confirm: vm.name, wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.snapshot.remove',
    title: 'what is not there',
    input: (world) => ({ vm: withSnapshots(world).id, snapshot: 'never-taken' }),
    fails: true,
    expect: () => ({ code: 'not_found', detail: expect.stringContaining('vm.snapshot.list') }),
  },
  {
    operation: 'vm.snapshot.remove',
    title: 'without confirmation',
    input: (world) => ({ vm: withSnapshots(world).id, snapshot: root(world).moref }),
    fails: true,
    expect: () => ({ code: 'confirmation_required', status: 409 }),
  },
  {
    operation: 'vm.snapshot.remove_all',
    title: 'of a VM with two',
    input: async (world) => {
      const vm = await taken(world, 'a', 'b');
      return { vm: vm.id, confirm: vm.name, wait: 20 };
    },
    expect: () => ended,
    differs: ofItsOwn,
  },
  {
    operation: 'vm.snapshot.remove_all',
    title: 'of a VM with none',
    input: (world) => {
      const bare = world.gateway.app.services.inventory.all('vm').find((vm) => vm.snapshots.length === 0)!;
      return { vm: bare.id };
    },
    fails: true,
    expect: () => ({ code: 'invalid_state' }),
  },
  {
    operation: 'vm.snapshot.rename',
    title: 'as a dry run',
    input: (world) => ({ vm: withSnapshots(world).id, snapshot: root(world).moref, name: 'new', dry_run: true }),
    expect: (world) => ({
      plan: [{ method: 'RenameSnapshot', object: `lab:${root(world).moref}`, arguments: { name: 'new' } }],
    }),
  },
  {
    operation: 'vm.snapshot.rename',
    title: 'to nothing',
    input: (world) => ({ vm: withSnapshots(world).id, snapshot: root(world).moref }),
    fails: true,
    expect: () => ({ code: 'invalid_input' }),
  },
  {
    operation: 'report.snapshots',
    title: 'of one VM, the deepest first',
    input: (world) => ({ vm: withSnapshots(world).id, sort: '-depth' }),
    expect: () => ({ next_cursor: null, stale: false }),
  },
  {
    operation: 'report.snapshots',
    title: 'of a year ago',
    input: () => ({ older_than_days: 365 }),
    expect: () => ({ items: [], total: 0 }),
  },
];
