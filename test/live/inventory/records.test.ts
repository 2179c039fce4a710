import { describe, expect, test } from 'vitest';
import type { ObjectUpdate } from '../../../src/vsphere/vim25/types.ts';
import { enter, generationWith, modify, newGeneration, ref } from './updates.ts';

describe('the other kinds', () => {
  test('a host knows its hardware, product and cluster', () => {
    const { store } = generationWith(
      enter('host-3', {
        name: 'esx3',
        parent: ref('cluster-1'),
        'runtime.inMaintenanceMode': true,
        'summary.hardware': {
          vendor: 'Dell',
          uuid: '4C4C',
          memorySize: 1024,
          numCpuPkgs: 2,
          numCpuCores: 32,
          numCpuThreads: 64,
          cpuMhz: 2400,
          numNics: 4,
          cpuModel: 'Xeon',
          model: 'R750',
        },
        'config.product': { fullName: 'VMware ESXi 8.0.3', version: '8.0.3', build: '1' },
      }),
      {
        kind: 'enter',
        obj: ref('host-4'),
        changeSet: [{ name: 'parent', op: 'assign', val: { $type: 'ComputeResource', value: 'cluster-9' } }],
      },
    );
    expect(store.find('lab:host-3')).toMatchObject({
      cluster: 'lab:cluster-1',
      maintenance_mode: true,
      vendor: 'Dell',
      cpu_cores: 32,
      memory_bytes: 1024,
      product_version: '8.0.3',
    });
    expect(store.find('lab:host-4')).toMatchObject({ cluster: null, parent: 'lab:cluster-9' });
  });

  test('a cluster knows its services and has its memory in bytes', () => {
    const { store } = generationWith(
      modify('cluster-1', {
        'summary.effectiveMemory': 2,
        configurationEx: {
          $type: 'ClusterConfigInfoEx',
          dasConfig: { enabled: true },
          drsConfig: { enabled: false, defaultVmBehavior: 'manual' },
        },
      }),
    );
    expect(store.find('lab:cluster-1')).toMatchObject({
      ha_enabled: true,
      drs_enabled: false,
      drs_behavior: 'manual',
      effective_memory_bytes: 2_097_152,
    });
  });

  test.each([
    [{ $type: 'VmwareDistributedVirtualSwitchVlanIdSpec', vlanId: 110 }, 110],
    [{ $type: 'VmwareDistributedVirtualSwitchPvlanSpec', pvlanId: 7 }, 7],
    [
      {
        $type: 'VmwareDistributedVirtualSwitchTrunkVlanSpec',
        vlanId: [
          { start: 1, end: 9 },
          { start: 20, end: 20 },
        ],
      },
      '1-9,20',
    ],
    [undefined, null],
  ])('a port group has the VLAN of %o', (vlan, expected) => {
    const obj = { $type: 'DistributedVirtualPortgroup', value: 'dvportgroup-1' };
    const val = { $type: 'VMwareDVSPortSetting', vlan };
    const changeSet: ObjectUpdate['changeSet'] = [
      { name: 'name', op: 'assign', val: 'pg' },
      { name: 'tag', op: 'assign', val: [{ key: 'SYSTEM/DVS.UPLINKPG' }] },
      { name: 'config.defaultPortConfig', op: 'assign', val },
    ];
    const { store } = generationWith({ kind: 'enter', obj, changeSet });
    expect(store.find('lab:dvportgroup-1')).toMatchObject({ kind: 'network', vlan: expected, uplink: true });
  });

  test('a datastore, a pool, a datacenter and a folder have theirs', () => {
    const { store } = generationWith(
      modify('ds-1', {
        host: [{ key: ref('host-1'), mountInfo: {} }],
        'summary.capacity': 10,
        'summary.accessible': true,
      }),
      modify('pool-1', {
        config: { cpuAllocation: { reservation: 1, limit: -1 }, memoryAllocation: { reservation: 2, limit: 3 } },
      }),
      modify('dc-1', { vmFolder: ref('group-v1'), hostFolder: ref('group-h1') }),
    );
    expect(store.find('lab:ds-1')).toMatchObject({ hosts: ['lab:host-1'], capacity_bytes: 10, accessible: true });
    expect(store.find('lab:pool-1')).toMatchObject({
      owner: 'lab:cluster-1',
      cpu_reservation_mhz: 1,
      cpu_limit_mhz: -1,
      memory_limit_mib: 3,
    });
    expect(store.find('lab:dc-1')).toMatchObject({
      vm_folder: 'lab:group-v1',
      host_folder: 'lab:group-h1',
      network_folder: null,
    });
    expect(store.find('lab:group-d1')).toMatchObject({ child_types: ['Folder', 'Datacenter'], parent: null });
  });

  test('a type that the inventory does not hold is passed over', () => {
    const obj = { $type: 'VmwareDistributedVirtualSwitch', value: 'dvs-1' };
    expect(newGeneration().apply([{ kind: 'enter', obj, changeSet: [] }])).toEqual([]);
  });
});
