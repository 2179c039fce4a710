/** From where a VM is to go to the RelocateSpec that moves it there. */
import type { Context } from '../../../context.ts';
import { GatewayError } from '../../../errors.ts';
import type { InventoryRecord, VmRecord } from '../../../live/model.ts';
import type { VirtualMachineRelocateSpec } from '../../../vsphere/vim25/types.ts';
import { reference } from '../../shapes.ts';
import { nearest, nearestDatastore } from './nearest.ts';
import { computeOf, folderForVms, poolWithin, type Where } from './place.ts';

/** Where a VM may be told to go; one of them at least. */
export const destinationFields = {
  host: reference('Host to run on').optional(),
  cluster: reference('Cluster to run in; vSphere chooses the host').optional(),
  pool: reference(
    'Resource pool; needed only where it is not the one it has, or the root pool of its new cluster',
  ).optional(),
  datastore: reference('Datastore or datastore cluster for all its files').optional(),
  folder: reference('Folder to be in').optional(),
};

export interface Relocation {
  spec: VirtualMachineRelocateSpec;
  /** The objects it goes to. */
  to: InventoryRecord[];
  /** What moves, in words: `host esx01 → esx02`. */
  moves: string[];
  /** Whether the inventory shows it there. */
  done(vm: VmRecord): boolean;
}

const known = <T>(values: (T | undefined)[]): T[] => values.filter((value) => value !== undefined);

/** @throws GatewayError `invalid_input` without a destination, or for one whose parts do not fit together. */
export function planRelocation(vm: VmRecord, where: Where, context: Context): Relocation {
  const { inventory } = context;
  if (Object.values(where).every((part) => part === undefined))
    throw new GatewayError('invalid_input', 'Say where to: host, cluster, pool, datastore or folder.');
  const cluster = where.cluster === undefined ? undefined : nearest('cluster', where.cluster, vm, context);
  const host = where.host === undefined ? undefined : nearest('host', where.host, cluster ?? vm, context);
  const namedPool = where.pool === undefined ? undefined : nearest('pool', where.pool, host ?? cluster ?? vm, context);
  const compute = computeOf(cluster, host, context);
  const current = vm.resource_pool === null ? undefined : inventory.get('pool', vm.resource_pool);
  // A template has no pool and needs none.
  const pool = vm.template ? namedPool : poolWithin(namedPool, compute, current, context);
  const near = host ?? cluster ?? pool ?? vm;
  const datastore = where.datastore === undefined ? undefined : nearestDatastore(where.datastore, near, context);
  const folder = where.folder === undefined ? undefined : folderForVms(where.folder, near, context);
  const movesPool = pool !== undefined && pool.id !== current?.id;
  const nameOf = (id: string | null | undefined) => (id == null ? 'none' : (inventory.find(id)?.name ?? id));
  const pathOf = (id: string | null | undefined) => (id == null ? 'none' : inventory.path(id));
  return {
    spec: {
      ...(folder === undefined ? {} : { folder: { $type: 'Folder', value: folder.moref } }),
      ...(datastore === undefined ? {} : { datastore: { $type: 'Datastore', value: datastore.moref } }),
      ...(pool === undefined || !(movesPool || host !== undefined || cluster !== undefined)
        ? {}
        : { pool: { $type: pool.type === 'VirtualApp' ? 'VirtualApp' : 'ResourcePool', value: pool.moref } }),
      ...(host === undefined ? {} : { host: { $type: 'HostSystem', value: host.moref } }),
    },
    to: known<InventoryRecord>([host, cluster, movesPool ? pool : undefined, datastore, folder]),
    moves: known([
      host && `host ${nameOf(vm.host)} → ${host.name}`,
      cluster && `cluster → ${cluster.name}`,
      movesPool ? `pool ${pathOf(current?.id)} → ${inventory.path(pool.id)}` : undefined,
      datastore && `datastore ${vm.datastores.map(nameOf).join(' and ') || 'none'} → ${datastore.name}`,
      folder && `folder ${pathOf(vm.parent)} → ${inventory.path(folder.id)}`,
    ]),
    done: (now) =>
      (host === undefined || now.host === host.id) &&
      (!movesPool || now.resource_pool === pool.id) &&
      (datastore === undefined || now.datastores.includes(datastore.id)) &&
      (folder === undefined || now.parent === folder.id),
  };
}
