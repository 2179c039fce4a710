/** Object updates as the decoder hands them over, and a small inventory made of them. */
import { pino } from 'pino';
import { CustomFields } from '../../../src/live/inventory/custom-fields.ts';
import { Generation } from '../../../src/live/inventory/generation.ts';
import type { Store } from '../../../src/live/inventory/store.ts';
import { Scope } from '../../../src/live/inventory/values.ts';
import type { MoRef, ObjectUpdate } from '../../../src/vsphere/vim25/types.ts';

export const silent = pino({ level: 'silent' });

const TYPES: Readonly<Record<string, string>> = {
  vm: 'VirtualMachine',
  host: 'HostSystem',
  cluster: 'ClusterComputeResource',
  ds: 'Datastore',
  net: 'Network',
  group: 'Folder',
  dc: 'Datacenter',
  pool: 'ResourcePool',
};

/** `vm-1` → a reference to VirtualMachine vm-1: in these tests the type follows from the moref. */
export function ref(moref: string): MoRef {
  return { $type: TYPES[moref.split('-')[0] ?? ''] ?? 'Folder', value: moref };
}

export const refs = (...morefs: string[]): MoRef[] => morefs.map(ref);

function changes(properties: Record<string, unknown>): ObjectUpdate['changeSet'] {
  return Object.entries(properties).map(([name, val]) => ({
    name,
    op: 'assign',
    ...(val === undefined ? {} : { val }),
  }));
}

export function enter(moref: string, properties: Record<string, unknown>): ObjectUpdate {
  return { kind: 'enter', obj: ref(moref), changeSet: changes(properties) };
}

export function modify(moref: string, properties: Record<string, unknown>): ObjectUpdate {
  return { kind: 'modify', obj: ref(moref), changeSet: changes(properties) };
}

export const leave = (moref: string): ObjectUpdate => ({ kind: 'leave', obj: ref(moref) });

/** A VM that is complete: it has a UUID. */
export function enterVm(moref: string, name: string, more: Record<string, unknown> = {}): ObjectUpdate {
  const digits = moref.replace(/\D/g, '').padStart(12, '0');
  return enter(moref, { name, 'config.uuid': `42000000-0000-0000-0000-${digits}`, ...more });
}

/** A datacenter with its folders, a cluster with two hosts and a pool, a datastore and a network. */
export const SITE: readonly ObjectUpdate[] = [
  enter('group-d1', { name: 'Datacenters', childType: ['Folder', 'Datacenter'] }),
  enter('dc-1', { name: 'DC0', parent: ref('group-d1') }),
  enter('group-v1', { name: 'vm', parent: ref('dc-1') }),
  enter('group-h1', { name: 'host', parent: ref('dc-1') }),
  enter('cluster-1', { name: 'C0', parent: ref('group-h1') }),
  enter('host-1', {
    name: 'esx1',
    parent: ref('cluster-1'),
    'summary.hardware': { uuid: 'AAAAAAAA-0000-0000-0000-000000000001' },
  }),
  enter('host-2', { name: 'esx2', parent: ref('cluster-1') }),
  enter('pool-1', { name: 'Resources', parent: ref('cluster-1'), owner: ref('cluster-1') }),
  enter('ds-1', { name: 'nvme', parent: ref('dc-1') }),
  enter('net-1', { name: 'VM Network', parent: ref('dc-1') }),
];

export function newGeneration(former?: Store, fields = new CustomFields()): Generation {
  return new Generation(new Scope('lab'), fields, former, (id, path, error) => {
    throw new Error(`${id} ${path}`, { cause: error });
  });
}

/** The site with these updates on top. */
export function generationWith(...updates: ObjectUpdate[]): Generation {
  const generation = newGeneration();
  generation.apply([...SITE, ...updates]);
  return generation;
}
