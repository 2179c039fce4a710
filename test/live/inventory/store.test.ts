import { describe, expect, test } from 'vitest';
import { resolveIn } from '../../../src/live/inventory/resolve.ts';
import type { Store } from '../../../src/live/inventory/store.ts';
import type { Kind } from '../../../src/live/model.ts';
import { enter, enterVm, generationWith, leave, modify, ref, refs } from './updates.ts';

const names = (store: Store, kind: Kind) => store.all(kind).map(({ name }) => name);
const idsOf = (records: readonly { id: string }[]) => records.map(({ id }) => id);

describe('the lists', () => {
  test('are sorted by name in code units, then by id', () => {
    const { store } = generationWith(
      enterVm('vm-9', 'b'),
      enterVm('vm-2', 'a'),
      enterVm('vm-1', 'b'),
      enterVm('vm-3', 'B'),
      enterVm('vm-4', 'ä'),
    );
    expect(names(store, 'vm')).toEqual(['B', 'a', 'b', 'b', 'ä']);
    expect(idsOf(store.all('vm')).slice(2, 4)).toEqual(['lab:vm-1', 'lab:vm-9']);
  });

  test('keep their array until something of that kind changes', () => {
    const generation = generationWith(enterVm('vm-1', 'a'));
    const { vms, hosts } = { vms: generation.store.all('vm'), hosts: generation.store.all('host') };
    expect(generation.apply([modify('vm-1', { name: 'a' })])).toEqual([]);
    expect(generation.store.all('vm')).toBe(vms);
    generation.apply([modify('vm-1', { name: 'z' })]);
    expect(generation.store.all('vm')).not.toBe(vms);
    expect(vms[0]?.name).toBe('a');
    expect(generation.store.all('host')).toBe(hosts);
  });

  test('put a renamed object in its new place, also among others of one update set', () => {
    const generation = generationWith(enterVm('vm-1', 'a'), enterVm('vm-2', 'b'), enterVm('vm-3', 'c'));
    generation.apply([
      modify('vm-1', { name: 'x' }),
      leave('vm-2'),
      enterVm('vm-4', 'aa'),
      modify('vm-3', { name: 'a' }),
    ]);
    expect(idsOf(generation.store.all('vm'))).toEqual(['lab:vm-3', 'lab:vm-4', 'lab:vm-1']);
  });
});

describe('the reverse indexes', () => {
  test('find the VMs of a host, pool, datastore and network, and follow a migration', () => {
    const places = {
      'runtime.host': ref('host-1'),
      resourcePool: ref('pool-1'),
      datastore: refs('ds-1'),
      network: refs('net-1'),
    };
    const generation = generationWith(enterVm('vm-1', 'a', places), enterVm('vm-2', 'b', places));
    for (const place of ['host-1', 'pool-1', 'ds-1', 'net-1']) {
      expect(generation.store.vmsOf(`lab:${place}`)).toEqual(['lab:vm-1', 'lab:vm-2']);
    }
    generation.apply([modify('vm-1', { 'runtime.host': ref('host-2'), datastore: [] }), leave('vm-2')]);
    expect(generation.store.vmsOf('lab:host-1')).toEqual([]);
    expect(generation.store.vmsOf('lab:host-2')).toEqual(['lab:vm-1']);
    expect(generation.store.vmsOf('lab:ds-1')).toEqual([]);
    expect(generation.store.vmsOf('lab:net-1')).toEqual(['lab:vm-1']);
  });

  test('find the children of a folder', () => {
    const generation = generationWith(enterVm('vm-1', 'a', { parent: ref('group-v1') }));
    expect(generation.store.children('lab:group-v1')).toEqual(['lab:vm-1']);
    generation.apply([modify('vm-1', { parent: ref('dc-1') })]);
    expect(generation.store.children('lab:group-v1')).toEqual([]);
    expect(generation.store.children('lab:dc-1')).toContain('lab:vm-1');
  });
});

describe('paths', () => {
  const folder = enter('group-v2', { name: 'Prod%2fWeb', parent: ref('group-v1') });
  const vm = enterVm('vm-1', '100%25', { parent: ref('group-v2') });

  test('lead from the datacenter down, with names as vCenter writes them', () => {
    const { store } = generationWith(folder, vm);
    expect(store.path('lab:vm-1')).toBe('/DC0/vm/Prod%2fWeb/100%25');
    expect(store.path('lab:host-1')).toBe('/DC0/host/C0/esx1');
    expect(store.path('lab:group-d1')).toBe('/');
    expect(store.path('lab:vm-404')).toBe('');
  });

  test('follow when an ancestor is renamed or moved', () => {
    const generation = generationWith(folder, vm);
    expect(generation.store.path('lab:vm-1')).toBe('/DC0/vm/Prod%2fWeb/100%25');
    generation.apply([modify('dc-1', { name: 'Berlin' })]);
    expect(generation.store.path('lab:vm-1')).toBe('/Berlin/vm/Prod%2fWeb/100%25');
    generation.apply([modify('group-v2', { parent: ref('dc-1') }), modify('vm-1', { name: 'b' })]);
    expect(generation.store.path('lab:vm-1')).toBe('/Berlin/Prod%2fWeb/b');
  });

  test('end where the account sees no further ancestor, and survive a cycle', () => {
    const { store } = generationWith(
      enterVm('vm-1', 'a', { parent: ref('group-404') }),
      enter('group-a', { name: 'A', parent: ref('group-b') }),
      enter('group-b', { name: 'B', parent: ref('group-a') }),
    );
    expect(store.path('lab:vm-1')).toBe('/a');
    expect(store.path('lab:group-a')).toContain('/A');
  });
});

describe('a reference', () => {
  const folder = enter('group-v2', { name: 'a%2fb', parent: ref('group-v1') });
  const make = () =>
    generationWith(
      folder,
      enterVm('vm-1', 'web', { parent: ref('group-v1') }),
      enterVm('vm-2', 'web', {
        parent: ref('group-v2'),
        'config.instanceUuid': '50000000-0000-0000-0000-00000000000A',
      }),
    ).store;

  test('is a path, encoded or not', () => {
    expect(idsOf(resolveIn(make(), 'vm', '/DC0/vm/web'))).toEqual(['lab:vm-1']);
    expect(idsOf(resolveIn(make(), 'vm', '/DC0/vm/a%2Fb/web/'))).toEqual(['lab:vm-2']);
    expect(idsOf(resolveIn(make(), 'folder', '/'))).toEqual(['lab:group-d1']);
    expect(resolveIn(make(), 'vm', '/DC0/vm/a/b/web')).toEqual([]);
    expect(resolveIn(make(), 'host', '/DC0/vm/web')).toEqual([]);
  });

  test('is a UUID of a VM or a host in any case', () => {
    expect(idsOf(resolveIn(make(), 'vm', '42000000-0000-0000-0000-000000000001'))).toEqual(['lab:vm-1']);
    expect(idsOf(resolveIn(make(), 'vm', '50000000-0000-0000-0000-00000000000a'))).toEqual(['lab:vm-2']);
    expect(idsOf(resolveIn(make(), 'host', 'aaaaaaaa-0000-0000-0000-000000000001'))).toEqual(['lab:host-1']);
    expect(idsOf(resolveIn(make(), 'host', 'AAAAAAAA-0000-0000-0000-000000000001'))).toEqual(['lab:host-1']);
    expect(resolveIn(make(), 'host', '42000000-0000-0000-0000-000000000001')).toEqual([]);
  });

  test('is an exact name, with every object that has it', () => {
    expect(idsOf(resolveIn(make(), 'vm', 'web'))).toEqual(['lab:vm-1', 'lab:vm-2']);
    expect(idsOf(resolveIn(make(), 'folder', 'a/b'))).toEqual(['lab:group-v2']);
    expect(resolveIn(make(), 'vm', 'we')).toEqual([]);
  });

  test('that is a UUID and also the name of another VM fits both', () => {
    const { store } = generationWith(enterVm('vm-1', 'a'), enterVm('vm-2', '42000000-0000-0000-0000-000000000001'));
    expect(idsOf(resolveIn(store, 'vm', '42000000-0000-0000-0000-000000000001')).sort()).toEqual([
      'lab:vm-1',
      'lab:vm-2',
    ]);
  });
});

test('a reference that vCenter gave to another kind of object is a removal and an addition', () => {
  const generation = generationWith(enterVm('vm-1', 'a'));
  const obj = { $type: 'Folder', value: 'vm-1' };
  const applied = generation.apply([{ kind: 'enter', obj, changeSet: [{ name: 'name', op: 'assign', val: 'f' }] }]);
  expect(applied.map(({ action, record }) => [action, record.kind])).toEqual([
    ['removed', 'vm'],
    ['added', 'folder'],
  ]);
  expect(generation.store.all('vm')).toEqual([]);
  expect(names(generation.store, 'folder')).toContain('f');
});
