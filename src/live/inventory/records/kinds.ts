/** Every kind: which vSphere types are of it, its empty record, and how a property becomes a field of it. */
import type { MoRef, PropertyChange } from '../../../vsphere/vim25/types.ts';
import type { InventoryRecord, Kind } from '../../model.ts';
import type {
  ChangeOf,
  ClusterProperties,
  DatacenterProperties,
  DatastoreProperties,
  FolderProperties,
  HostProperties,
  NetworkProperties,
  PoolProperties,
  VmProperties,
} from '../properties.ts';
import type { Scope } from '../values.ts';
import { blankCluster, blankPool, setCluster, setPool } from './compute.ts';
import { identityOf } from './entity.ts';
import { blankHost, setHost } from './host.ts';
import { blankNetwork, setNetwork } from './network.ts';
import { blankDatacenter, blankFolder, setDatacenter, setFolder } from './place.ts';
import { blankDatastore, setDatastore } from './storage.ts';
import { blankVm, setVm } from './vm.ts';

const KIND_OF_TYPE = new Map<string, Kind>([
  ['VirtualMachine', 'vm'],
  ['HostSystem', 'host'],
  ['ComputeResource', 'cluster'],
  ['ClusterComputeResource', 'cluster'],
  ['Datastore', 'datastore'],
  ['Network', 'network'],
  ['DistributedVirtualPortgroup', 'network'],
  ['OpaqueNetwork', 'network'],
  ['Folder', 'folder'],
  ['StoragePod', 'folder'],
  ['Datacenter', 'datacenter'],
  ['ResourcePool', 'pool'],
  ['VirtualApp', 'pool'],
]);

/** Undefined for a type that the inventory does not hold. */
export function kindOf(type: string): Kind | undefined {
  return KIND_OF_TYPE.get(type);
}

/** The record of an object of which nothing is known but its reference. */
export function blank(kind: Kind, ref: MoRef, scope: Scope): InventoryRecord {
  const identity = identityOf(ref, scope);
  switch (kind) {
    case 'vm':
      return blankVm(identity);
    case 'host':
      return blankHost(identity);
    case 'cluster':
      return blankCluster(identity);
    case 'datastore':
      return blankDatastore(identity);
    case 'network':
      return blankNetwork(identity);
    case 'folder':
      return blankFolder(identity);
    case 'datacenter':
      return blankDatacenter(identity);
    case 'pool':
      return blankPool(identity);
  }
}

/**
 * Sets what one property says in `draft`, which nobody else holds yet.
 * @param formerParent parent of the object before the update that the property is part of.
 */
export function setProperty(
  draft: InventoryRecord,
  formerParent: string | null,
  change: PropertyChange,
  scope: Scope,
): void {
  // The decoder gives each value the type that vim25 declares for its path; the casts say which path list the path is of.
  switch (draft.kind) {
    case 'vm':
      setVm(draft, formerParent, change as ChangeOf<VmProperties>, scope);
      break;
    case 'host':
      setHost(draft, change as ChangeOf<HostProperties>, scope);
      break;
    case 'cluster':
      setCluster(draft, change as ChangeOf<ClusterProperties>, scope);
      break;
    case 'datastore':
      setDatastore(draft, change as ChangeOf<DatastoreProperties>, scope);
      break;
    case 'network':
      setNetwork(draft, change as ChangeOf<NetworkProperties>, scope);
      break;
    case 'folder':
      setFolder(draft, change as ChangeOf<FolderProperties>, scope);
      break;
    case 'datacenter':
      setDatacenter(draft, change as ChangeOf<DatacenterProperties>, scope);
      break;
    case 'pool':
      setPool(draft, change as ChangeOf<PoolProperties>, scope);
      break;
  }
}
