import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { viewFilter, WATCHED } from '../../../src/live/inventory/properties.ts';
import { type InventoryRecord, KINDS, type Kind, toId } from '../../../src/live/model.ts';
import type { Target } from '../../../src/vsphere/target.ts';
import type { MoRef } from '../../../src/vsphere/vim25/types.ts';
import { type Lab, startLab } from '../../support/lab.ts';
import { follow, until, vmNamed } from './follow.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({ vms: 24, hosts: 2, args: ['-still', '-standalone-host', '1'] });
});
afterAll(() => lab.stop());

type Values = Record<string, unknown>;

/** Everything by one RetrievePropertiesEx, past the inventory. */
async function readDirectly(target: Target): Promise<Map<string, { ref: MoRef; values: Values }>> {
  const session = target.session('requests');
  const { rootFolder, viewManager } = (await session.ready()).content;
  const args = { container: rootFolder, type: Object.keys(WATCHED), recursive: true };
  const view = await session.call('CreateContainerView', viewManager!, args);
  const objects = new Map<string, { ref: MoRef; values: Values }>();
  for await (const page of session.retrieve([viewFilter(WATCHED, view, { root: rootFolder })], { maxObjects: 7 })) {
    for (const { obj, propSet = [] } of page) {
      objects.set(toId('lab', obj.value), {
        ref: obj,
        values: Object.fromEntries(propSet.map(({ name, val }) => [name, val])),
      });
    }
  }
  return objects;
}

const id = (ref: unknown) => (ref === undefined ? null : toId('lab', (ref as MoRef).value));
const ids = (refs: unknown) => ((refs ?? []) as MoRef[]).map((ref) => id(ref));

/** Fields that a direct reading gives, written down a second time and independently of src. */
const EXPECTED: { [K in Kind]: (values: Values) => Partial<InventoryRecord> } = {
  vm: (v) => ({
    power_state: ({ poweredOn: 'on', poweredOff: 'off', suspended: 'suspended' } as const)[
      v['runtime.powerState'] as 'poweredOn'
    ],
    uuid: v['config.uuid'] as string,
    cpu_count: v['config.hardware.numCPU'] as number,
    memory_mib: v['config.hardware.memoryMB'] as number,
    template: v['config.template'] as boolean,
    host: id(v['runtime.host']),
    resource_pool: id(v['resourcePool']),
    datastores: ids(v['datastore']) as string[],
    networks: ids(v['network']) as string[],
    guest_full_name: v['config.guestFullName'] as string,
    change_version: v['config.changeVersion'] as string,
  }),
  host: (v) => ({
    connection_state: v['runtime.connectionState'] as string,
    model: (v['summary.hardware'] as { model: string }).model,
    memory_bytes: (v['summary.hardware'] as { memorySize: number }).memorySize,
    product_version: (v['config.product'] as { version: string }).version,
    cluster: (v['parent'] as MoRef).$type === 'ClusterComputeResource' ? id(v['parent']) : null,
    networks: ids(v['network']) as string[],
  }),
  cluster: (v) => ({
    hosts: ids(v['host']) as string[],
    resource_pool: id(v['resourcePool']),
    host_count: v['summary.numHosts'] as number,
  }),
  datastore: (v) => ({
    datastore_type: v['summary.type'] as string,
    capacity_bytes: v['summary.capacity'] as number,
    free_bytes: v['summary.freeSpace'] as number,
    hosts: (v['host'] as { key: MoRef }[]).map(({ key }) => id(key)) as string[],
  }),
  network: (v) => ({
    hosts: ids(v['host']) as string[],
    port_group_key: (v['config.key'] as string | undefined) ?? null,
  }),
  folder: (v) => ({ child_types: v['childType'] as string[] }),
  datacenter: (v) => ({ vm_folder: id(v['vmFolder']), host_folder: id(v['hostFolder']) }),
  pool: (v) => ({ owner: id(v['owner']) }),
};

describe('once it is loaded, the inventory', () => {
  test('holds every object of every kind as vCenter has it', async () => {
    const { inventory, target, ready } = follow(lab.config());
    await ready();
    const direct = await readDirectly(target);
    const all = KINDS.flatMap((kind) => [...inventory.all(kind)]);
    expect(all.map((record) => record.id).sort()).toEqual([...direct.keys()].sort());
    for (const record of all) {
      const { ref, values } = direct.get(record.id)!;
      const decoded = decodeURIComponent(encodeURI(String(values['name'])).replaceAll(/%25(25|2f|5c)/gi, '%$1'));
      expect(record).toMatchObject({
        ...EXPECTED[record.kind](values),
        type: ref.$type,
        name: decoded,
        parent: id(values['parent']),
      });
      expect(inventory.get(record.kind, record.id)).toBe(record);
    }
    for (const kind of KINDS) expect(inventory.count(kind)).toBeGreaterThan(0);
    expect(inventory.resolve('folder', '/')).toMatchObject([
      { id: 'lab:group-d1', parent: null, child_types: expect.any(Array) },
    ]);
    expect(inventory.status('lab')).toMatchObject({
      ready: true,
      stale: false,
      reason: null,
      resyncs: 0,
      counts: { vm: 24 },
    });
    expect(inventory.all('vm').some(({ custom_attributes }) => Object.keys(custom_attributes).length > 0)).toBe(true);
    expect(inventory.all('vm').some(({ ip_addresses }) => ip_addresses.length > 0)).toBe(true);
    expect(
      inventory
        .all('cluster')
        .map(({ type }) => type)
        .sort(),
    ).toEqual(['ClusterComputeResource', 'ComputeResource']);
    expect(inventory.all('network').some(({ vlan }) => typeof vlan === 'number')).toBe(true);
  });

  test('was told as added, all of one version', async () => {
    const { inventory, changes, ready } = follow(lab.config());
    await ready();
    await until(() => changes.length >= KINDS.reduce((sum, kind) => sum + inventory.count(kind), 0));
    expect(new Set(changes.map(({ action }) => action))).toEqual(new Set(['added']));
    expect(new Set(changes.map(({ version }) => version)).size).toBe(1);
    for (const { id: one, record } of changes) expect(inventory.find(one)).toBe(record);
  });

  test('answers every read without a call to vCenter', async () => {
    const { inventory, calls, forget, ready } = follow(lab.config());
    await ready();
    await until(() => inventory.polled(inventory.all('vm')[0]!.id) !== undefined);
    await until(() => (calls.get('DestroyView') ?? 0) > 0);
    forget();
    for (const kind of KINDS) {
      for (const record of inventory.all(kind)) {
        expect(inventory.resolve(kind, inventory.path(record.id))).toContain(record);
        expect(inventory.resolve(kind, record.id)).toEqual([record]);
        inventory.children(record.id);
        inventory.vmsOf(record.id);
        inventory.polled(record.id);
      }
    }
    expect(calls.size).toBe(0);
  });

  test('finds VMs by path, UUID and name, and knows what lies on a host', async () => {
    const { inventory, ready } = follow(lab.config());
    await ready();
    const vm = inventory.all('vm').find(({ host }) => host !== null)!;
    expect(inventory.resolve('vm', vm.uuid!)).toContain(vm);
    expect(inventory.resolve('vm', vm.name)).toContain(vm);
    expect(inventory.path(vm.id)).toMatch(/^\/[^/]+\/vm\/.+/);
    expect(inventory.vmsOf(vm.host!)).toContain(vm.id);
    expect(inventory.children(vm.parent!)).toContain(vm.id);
    expect(inventory.resolve('host', vm.name)).toEqual([]);
    expect(inventory.find('elsewhere:vm-1')).toBeUndefined();
  });

  test('has usage and storage of VMs and hosts, and reads them again without telling of changes', async () => {
    const { inventory, changes, forget, ready } = follow(lab.config(), { poll_interval: 0.05 });
    await ready();
    const running = inventory.all('vm').find(({ power_state }) => power_state === 'on')!;
    const [host] = inventory.all('host');
    await until(() => inventory.polled(running.id) !== undefined);
    expect(inventory.polled(running.id)).toMatchObject({
      overall_status: 'green',
      storage: { committed_bytes: expect.any(Number) },
    });
    expect(inventory.polled(running.id)?.quick_stats?.cpu_usage_mhz).toBeGreaterThan(0);
    expect(inventory.polled(host!.id)?.quick_stats?.memory_usage_mib).toBeGreaterThan(0);
    forget();
    const { version } = inventory;
    const sampled = inventory.polled(running.id);
    await until(() => inventory.polled(running.id) !== sampled);
    expect(inventory.version).not.toBe(version);
    expect(changes).toEqual([]);
  });
});

describe('a change behind our back is told and shown:', () => {
  test('power, annotation, name and folder', async () => {
    const { inventory, changes, forget, ready } = follow(lab.config());
    await ready();
    const vm = inventory.all('vm').find(({ power_state, template }) => power_state === 'on' && !template)!;
    const current = () => inventory.get('vm', vm.id)!;
    const list = inventory.all('vm');
    forget();

    await lab.change({ op: 'power', vm: vm.moref, state: 'poweredOff' });
    await until(() => current().power_state === 'off');
    expect(changes.find(({ changed }) => changed.includes('power_state'))).toMatchObject({
      action: 'modified',
      kind: 'vm',
      id: vm.id,
      vcenter: 'lab',
      previous: { power_state: 'on' },
    });
    expect(inventory.all('vm')).not.toBe(list);

    await lab.change({ op: 'annotate', vm: vm.moref, text: 'hands off' });
    await until(() => current().annotation === 'hands off');

    const folder = inventory.path(vm.parent!) === '/Frankfurt/vm/Infra' ? 'Dev/CI' : 'Infra';
    await lab.change({ op: 'move', vm: vm.moref, folder });
    await until(() => inventory.path(vm.id).startsWith(`/Frankfurt/vm/${folder}/`));

    await lab.change({ op: 'rename', vm: vm.moref, name: 'zz-renamed' });
    await until(() => current().name === 'zz-renamed');
    expect(inventory.all('vm').at(-1)).toBe(current());
    expect(inventory.resolve('vm', vm.name)).not.toContainEqual(expect.objectContaining({ id: vm.id }));
    expect(changes.at(-1)?.version).toBe(inventory.version);
  });

  test('a new VM, and its end', async () => {
    const { inventory, changes, forget, ready } = follow(lab.config());
    await ready();
    forget();
    const [moref] = await lab.change({ op: 'create', name: 'newcomer' });
    await until(() => vmNamed(inventory, 'newcomer') !== undefined);
    const vm = vmNamed(inventory, 'newcomer')!;
    expect(vm).toMatchObject({ moref, uuid: expect.any(String) });
    await lab.change({ op: 'destroy', vm: moref });
    await until(() => inventory.find(vm.id) === undefined);
    const told = changes.filter(({ id: one }) => one === vm.id).map(({ action }) => action);
    expect(told[0]).toBe('added');
    expect(told.at(-1)).toBe('removed');
    expect(inventory.status('lab').resyncs).toBe(0);
    expect(inventory.polled(vm.id)).toBeUndefined();
  });

  test('hundreds at once, each object once in each portion', async () => {
    const { inventory, changes, forget, ready } = follow(lab.config());
    await ready();
    const portions: number[] = [];
    inventory.onChange((some) => {
      expect(new Set(some.map(({ id: one }) => one)).size).toBe(some.length);
      portions.push(some.length);
    });
    forget();
    await lab.change({ op: 'storm', count: 300 });
    const direct = await readDirectly(follow(lab.config()).target);
    await until(() =>
      inventory.all('vm').every((vm) => vm.annotation === (direct.get(vm.id)?.values['config.annotation'] ?? '')),
    );
    expect(changes.length).toBeGreaterThan(0);
    expect(portions.length).toBeGreaterThan(0);
  });
});

test('a listener that throws keeps neither the others nor the inventory from going on', async () => {
  const { inventory, changes, forget, ready } = follow(lab.config());
  const off = inventory.onChange(() => {
    throw new Error('of no concern');
  });
  await ready();
  forget();
  const [moref] = await lab.change({ op: 'annotate', text: `note ${Date.now()}` });
  await until(() => changes.some(({ record }) => record.moref === moref));
  off();
  expect(inventory.status('lab').resyncs).toBe(0);
});

test('several vCenters are one sorted list, and a name may be in each', async () => {
  const { inventory, ready } = follow([lab.config('b'), lab.config('a')]);
  await ready();
  const vms = inventory.all('vm');
  expect(vms).toHaveLength(48);
  const keys = vms.map(({ name, id: one }) => [name, one] as const);
  expect(keys).toEqual([...keys].sort(([n, i], [m, j]) => (n < m ? -1 : n > m ? 1 : i < j ? -1 : 1)));
  expect(inventory.all('vm')).toBe(vms);
  const [first] = vms;
  expect(
    inventory
      .resolve('vm', inventory.path(first!.id))
      .map(({ vcenter }) => vcenter)
      .sort(),
  ).toEqual(['a', 'b']);
  expect(inventory.resolve('vm', first!.id)).toEqual([first]);
  expect(inventory.statuses().map(({ vcenter }) => vcenter)).toEqual(['b', 'a']);
  expect(() => inventory.status('c')).toThrow(RangeError);
});

test('a host of its own is an inventory too', async () => {
  const esx = await startLab({ esx: true, vms: 3, args: ['-still'] });
  try {
    const { inventory, ready, close } = follow(esx.config());
    await ready();
    expect(inventory.status('lab').counts).toMatchObject({ vm: 3, host: 1, datacenter: 1 });
    expect(inventory.all('vm').every((vm) => inventory.path(vm.id).startsWith('/ha-datacenter/vm/'))).toBe(true);
    expect(inventory.all('host')[0]?.cluster).toBeNull();
    await close();
  } finally {
    await esx.stop();
  }
});

test('nothing is left behind in vCenter after the end', async () => {
  const { inventory, calls, ready, close } = follow(lab.config());
  await ready();
  await inventory.close();
  for (const method of ['CancelWaitForUpdates', 'DestroyPropertyCollector', 'DestroyView']) {
    expect(calls.get(method), method).toBeGreaterThan(0);
  }
  expect(inventory.count('vm')).toBe(inventory.status('lab').counts.vm);
  await close();
  const sessions = (await lab.sessions()).filter(({ user_agent }) => user_agent === 'inventory-test/1');
  expect(sessions).toEqual([]);
});
