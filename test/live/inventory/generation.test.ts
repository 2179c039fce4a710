import { describe, expect, test } from 'vitest';
import { CustomFields, customValuesIn } from '../../../src/live/inventory/custom-fields.ts';
import { Generation } from '../../../src/live/inventory/generation.ts';
import { Scope } from '../../../src/live/inventory/values.ts';
import type { VmRecord } from '../../../src/live/model.ts';
import type { ObjectUpdate } from '../../../src/vsphere/vim25/types.ts';
import { enter, enterVm, generationWith, leave, modify, newGeneration, ref, refs } from './updates.ts';

function vmOf(generation: Generation, moref = 'vm-1'): VmRecord {
  const record = generation.store.find(`lab:${moref}`);
  if (record?.kind !== 'vm') throw new Error(`${moref} is no VM`);
  return record;
}

const nic = (...ipAddress: string[]) => ({
  network: 'VM Network',
  macAddress: '00:50:56:00:00:01',
  connected: true,
  ipAddress,
});

describe('a VM', () => {
  test('gets every field from its property', () => {
    const created = new Date('2026-01-02T03:04:05Z');
    const tree = (moref: string, more = {}) => ({
      snapshot: { $type: 'VirtualMachineSnapshot', value: moref },
      name: moref,
      description: 'two\nlines',
      createTime: created,
      state: 'poweredOn',
      quiesced: true,
      ...more,
    });
    const generation = generationWith(
      enterVm('vm-1', 'web%2f01 100%25', {
        parent: ref('group-v1'),
        resourcePool: ref('pool-1'),
        datastore: refs('ds-1'),
        network: refs('net-1'),
        snapshot: {
          currentSnapshot: { $type: 'VirtualMachineSnapshot', value: 'snapshot-2' },
          rootSnapshotList: [tree('snapshot-1', { childSnapshotList: [tree('snapshot-2')] })],
        },
        'config.instanceUuid': '5000',
        'config.template': false,
        'config.annotation': 'owner:\n\u0007ops',
        'config.version': 'vmx-20',
        'config.changeVersion': '2026',
        'config.guestId': 'debian12_64Guest',
        'config.guestFullName': 'Debian',
        'config.hardware.numCPU': 4,
        'config.hardware.numCoresPerSocket': 2,
        'config.hardware.memoryMB': 2048,
        'runtime.powerState': 'poweredOn',
        'runtime.connectionState': 'connected',
        'runtime.host': ref('host-1'),
        'runtime.bootTime': created,
        'runtime.question': {
          id: '7',
          text: 'Moved?',
          choice: { choiceInfo: [{ key: '0', label: 'I moved it', summary: '' }] },
        },
        'guest.toolsRunningStatus': 'guestToolsRunning',
        'guest.toolsVersionStatus2': 'guestToolsCurrent',
        'guest.ipAddress': '10.0.0.2',
        'guest.hostName': 'web01',
        'guest.net': [
          nic('10.0.0.1', '10.0.0.2'),
          { connected: false, ipConfig: { ipAddress: [{ ipAddress: 'fe80::1' }] } },
        ],
        'guest.guestOperationsReady': true,
      }),
    );
    const snapshot = {
      description: 'two\nlines',
      created_at: '2026-01-02T03:04:05.000Z',
      power_state: 'on',
      quiesced: true,
    };
    expect(vmOf(generation)).toEqual({
      kind: 'vm',
      id: 'lab:vm-1',
      vcenter: 'lab',
      moref: 'vm-1',
      type: 'VirtualMachine',
      name: 'web/01 100%',
      parent: 'lab:group-v1',
      custom_attributes: {},
      power_state: 'on',
      connection_state: 'connected',
      template: false,
      uuid: '42000000-0000-0000-0000-000000000001',
      instance_uuid: '5000',
      guest_id: 'debian12_64Guest',
      guest_full_name: 'Debian',
      hardware_version: 'vmx-20',
      change_version: '2026',
      cpu_count: 4,
      cores_per_socket: 2,
      memory_mib: 2048,
      host: 'lab:host-1',
      resource_pool: 'lab:pool-1',
      datastores: ['lab:ds-1'],
      networks: ['lab:net-1'],
      annotation: 'owner:\nops',
      boot_time: '2026-01-02T03:04:05.000Z',
      question: { id: '7', text: 'Moved?', choices: [{ key: '0', label: 'I moved it' }] },
      tools_status: 'guestToolsRunning',
      tools_version_status: 'guestToolsCurrent',
      guest_operations_ready: true,
      hostname: 'web01',
      ip_addresses: ['10.0.0.2', '10.0.0.1', 'fe80::1'],
      nics: [
        { mac: '00:50:56:00:00:01', network: 'VM Network', connected: true, ip_addresses: ['10.0.0.1', '10.0.0.2'] },
        { mac: null, network: null, connected: false, ip_addresses: ['fe80::1'] },
      ],
      snapshots: [
        {
          ...snapshot,
          moref: 'snapshot-1',
          name: 'snapshot-1',
          current: false,
          children: [{ ...snapshot, moref: 'snapshot-2', name: 'snapshot-2', current: true, children: [] }],
        },
      ],
    });
  });

  test('is told as changed in the fields that differ, and not at all where nothing does', () => {
    const generation = generationWith(enterVm('vm-1', 'a', { 'guest.net': [nic('10.0.0.1')] }));
    const before = vmOf(generation);
    expect(generation.apply([modify('vm-1', { 'guest.net': [nic('10.0.0.1')], name: 'a' })])).toEqual([]);
    expect(vmOf(generation)).toBe(before);
    const [change] = generation.apply([
      modify('vm-1', { 'guest.net': [nic('10.0.0.9')] }),
      modify('vm-1', { 'config.annotation': 'x' }),
    ]);
    expect(change).toMatchObject({
      action: 'modified',
      previous: before,
      changed: ['annotation', 'ip_addresses', 'nics'],
    });
    expect(before.ip_addresses).toEqual(['10.0.0.1']);
  });

  test('keeps the main address first when only the nics change, and loses it when it is unset', () => {
    const generation = generationWith(
      enterVm('vm-1', 'a', { 'guest.ipAddress': '10.0.0.2', 'guest.net': [nic('10.0.0.2')] }),
    );
    generation.apply([modify('vm-1', { 'guest.net': [nic('10.0.0.1', '10.0.0.2')] })]);
    expect(vmOf(generation).ip_addresses).toEqual(['10.0.0.2', '10.0.0.1']);
    generation.apply([modify('vm-1', { 'guest.ipAddress': undefined })]);
    expect(vmOf(generation).ip_addresses).toEqual(['10.0.0.1', '10.0.0.2']);
    generation.apply([modify('vm-1', { 'guest.net': [] })]);
    expect(vmOf(generation).ip_addresses).toEqual([]);
  });

  test('in a vApp has the vApp as its parent, in whatever order vCenter says so', () => {
    const generation = generationWith(enterVm('vm-1', 'a', { parent: ref('group-v1') }));
    generation.apply([modify('vm-1', { parentVApp: ref('pool-1'), parent: undefined })]);
    expect(vmOf(generation).parent).toBe('lab:pool-1');
    generation.apply([modify('vm-1', { parent: ref('group-v1'), parentVApp: undefined })]);
    expect(vmOf(generation).parent).toBe('lab:group-v1');
    generation.apply([modify('vm-1', { parent: undefined, parentVApp: ref('pool-1') })]);
    expect(vmOf(generation).parent).toBe('lab:pool-1');
  });

  test('gives its unset properties their empty values', () => {
    const generation = generationWith(
      enterVm('vm-1', 'a', { 'runtime.question': { id: '7', text: 'x', choice: {} }, 'guest.hostName': 'h' }),
    );
    generation.apply([modify('vm-1', { 'runtime.question': undefined, 'guest.hostName': undefined })]);
    expect(vmOf(generation)).toMatchObject({ question: null, hostname: null });
  });
});

describe('a VM that is being made', () => {
  const placeholder = enter('vm-1', { name: 'clone', parent: ref('group-v1'), 'runtime.connectionState': 'connected' });

  test('is hidden until it has a configuration, and then added with all that was said before', () => {
    const generation = newGeneration();
    expect(generation.apply([placeholder])).toEqual([]);
    expect(generation.apply([modify('vm-1', { 'config.hardware.numCPU': 2 })])).toEqual([]);
    expect(generation.store.all('vm')).toEqual([]);
    const [change] = generation.apply([modify('vm-1', { 'config.uuid': '4200' })]);
    expect(change).toMatchObject({ action: 'added', record: { name: 'clone', cpu_count: 2, uuid: '4200' } });
  });

  test('leaves without a word when it is given up', () => {
    const generation = newGeneration();
    generation.apply([placeholder]);
    expect(generation.apply([leave('vm-1')])).toEqual([]);
    expect(generation.apply([modify('vm-1', { 'config.uuid': '4200' })])).toEqual([]);
  });

  test('is not taken for one that lost its configuration, nor for one on a host that cannot be reached', () => {
    const generation = generationWith(enterVm('vm-1', 'a'));
    generation.apply([modify('vm-1', { 'config.uuid': undefined })]);
    expect(vmOf(generation).uuid).toBeNull();
    const next = newGeneration(generation.store);
    next.apply([
      placeholder,
      enter('vm-2', { name: 'b', 'runtime.connectionState': 'inaccessible', 'runtime.host': ref('host-1') }),
    ]);
    expect(next.store.all('vm').map(({ name }) => name)).toEqual(['b', 'clone']);
  });
});

describe('what vCenter does not let us read', () => {
  const fault = ($type: string) => ({ fault: { $type }, localizedMessage: '' });
  const update: ObjectUpdate = {
    ...enterVm('vm-1', 'a'),
    missingSet: [
      { path: 'guest.net', fault: fault('NoPermission') },
      { path: 'config.annotation', fault: fault('NoPermission') },
      { path: 'tag', fault: fault('InvalidProperty') },
    ] as ObjectUpdate['missingSet'],
  };

  test('is listed, unless it is a property that this vSphere does not have', () => {
    expect(vmOf(generationWith(update)).unreadable).toEqual(['config.annotation', 'guest.net']);
  });

  test('is not listed any more once it was read', () => {
    const generation = generationWith(update);
    generation.apply([modify('vm-1', { 'guest.net': [] })]);
    expect(vmOf(generation).unreadable).toEqual(['config.annotation']);
    const [change] = generation.apply([modify('vm-1', { 'config.annotation': '' })]);
    expect(change?.changed).toEqual(['unreadable']);
    expect(vmOf(generation)).not.toHaveProperty('unreadable');
  });

  test('includes a value of the wrong shape, which spoils nothing else', () => {
    const odd: string[] = [];
    const generation = new Generation(new Scope('lab'), new CustomFields(), undefined, (id, path) =>
      odd.push(`${id} ${path}`),
    );
    generation.apply([
      enterVm('vm-1', 'a', { 'guest.net': 'no list', 'config.annotation': 'x' }),
      enterVm('vm-2', 'b'),
    ]);
    expect(vmOf(generation)).toMatchObject({ name: 'a', annotation: 'x', nics: [], unreadable: ['guest.net'] });
    expect(odd).toEqual(['lab:vm-1 guest.net']);
    expect(generation.store.all('vm')).toHaveLength(2);
  });

  test('a whole configuration that cannot be read does not hide a VM', () => {
    const missingSet = [{ path: 'config.uuid', fault: fault('NoPermission') }] as ObjectUpdate['missingSet'];
    expect(vmOf(generationWith({ ...enter('vm-1', { name: 'a' }), missingSet })).uuid).toBeNull();
  });
});

describe('custom attributes', () => {
  const value = (key: number, text: string) => ({ $type: 'CustomFieldStringValue' as const, key, value: text });

  test('have the names of their definitions, and their number where there is none', () => {
    const fields = new CustomFields();
    fields.learn([
      { key: 101, name: 'owner', type: 'string' },
      { key: 102, name: '__proto__', type: 'string' },
    ]);
    const generation = newGeneration(undefined, fields);
    generation.apply([
      enterVm('vm-1', 'a', {
        customValue: [value(101, 'ops\u0000'), value(102, 'x'), value(103, 'y'), value(104, '')],
      }),
    ]);
    expect(new Map(Object.entries(vmOf(generation).custom_attributes))).toEqual(
      new Map([
        ['owner', 'ops'],
        ['__proto__', 'x'],
        ['103', 'y'],
      ]),
    );
  });

  test('stay when something else changes', () => {
    const fields = new CustomFields();
    fields.learn([{ key: 101, name: 'owner', type: 'string' }]);
    const generation = newGeneration(undefined, fields);
    generation.apply([enterVm('vm-1', 'a', { customValue: [value(101, 'ops')] })]);
    const [change] = generation.apply([modify('vm-1', { name: 'b' })]);
    expect(change?.changed).toEqual(['name']);
    expect(vmOf(generation).custom_attributes).toEqual({ owner: 'ops' });
  });

  test('of an unknown number are asked for once', () => {
    const fields = new CustomFields();
    const values = customValuesIn([enterVm('vm-1', 'a', { customValue: [value(101, 'ops')] }), leave('vm-2')]);
    expect(fields.knows(values)).toBe(false);
    fields.giveUp(values);
    expect(fields.knows(values)).toBe(true);
    fields.learn([{ key: 101, name: 'owner', type: 'string' }]);
    expect(fields.attributes(values)).toEqual({ owner: 'ops' });
  });
});

test('texts lose control characters and what is beyond their limit', () => {
  const generation = generationWith(
    enterVm('vm-1', 'a\u001b[31m\u0000\u009b\u2028b', {
      'config.annotation': 'x'.repeat(70_000),
      'guest.hostName': 'y'.repeat(5_000),
    }),
  );
  const vm = vmOf(generation);
  expect(vm.name).toBe('a[31mb');
  expect(vm.annotation).toHaveLength(65_536);
  expect(vm.hostname).toHaveLength(4_096);
});
