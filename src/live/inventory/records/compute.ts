/** ComputeResource, ClusterComputeResource, ResourcePool and VirtualApp: from their properties to records. */
import type { AnyComputeResourceConfigInfo, ClusterConfigInfoEx } from '../../../vsphere/vim25/types.ts';
import type { ClusterRecord, PoolRecord } from '../../model.ts';
import type { ChangeOf, ClusterProperties, PoolProperties } from '../properties.ts';
import { mebibytes, NO_STRINGS, type Scope } from '../values.ts';
import { type Identity, setEntity } from './entity.ts';

export function blankCluster(identity: Identity): ClusterRecord {
  return {
    kind: 'cluster',
    ...identity,
    host_count: 0,
    effective_host_count: 0,
    cpu_mhz: 0,
    effective_cpu_mhz: 0,
    memory_bytes: 0,
    effective_memory_bytes: 0,
    hosts: NO_STRINGS,
    datastores: NO_STRINGS,
    networks: NO_STRINGS,
    resource_pool: null,
    ha_enabled: null,
    drs_enabled: null,
    drs_behavior: null,
  };
}

export function setCluster(cluster: ClusterRecord, change: ChangeOf<ClusterProperties>, scope: Scope): void {
  switch (change.name) {
    case 'host':
      cluster.hosts = scope.ids(change.val);
      break;
    case 'datastore':
      cluster.datastores = scope.ids(change.val);
      break;
    case 'network':
      cluster.networks = scope.ids(change.val);
      break;
    case 'resourcePool':
      cluster.resource_pool = scope.id(change.val);
      break;
    case 'summary.numHosts':
      cluster.host_count = change.val ?? 0;
      break;
    case 'summary.numEffectiveHosts':
      cluster.effective_host_count = change.val ?? 0;
      break;
    case 'summary.totalCpu':
      cluster.cpu_mhz = change.val ?? 0;
      break;
    case 'summary.effectiveCpu':
      cluster.effective_cpu_mhz = change.val ?? 0;
      break;
    case 'summary.totalMemory':
      cluster.memory_bytes = change.val ?? 0;
      break;
    case 'summary.effectiveMemory':
      // In MiB, unlike totalMemory.
      cluster.effective_memory_bytes = mebibytes(change.val);
      break;
    case 'configurationEx':
      setServices(cluster, change.val, scope);
      break;
    default:
      setEntity(cluster, change, scope);
  }
}

function isCluster(config: AnyComputeResourceConfigInfo | undefined): config is ClusterConfigInfoEx {
  return config?.$type === 'ClusterConfigInfoEx';
}

function setServices(cluster: ClusterRecord, config: AnyComputeResourceConfigInfo | undefined, scope: Scope): void {
  const services = isCluster(config) ? config : undefined;
  cluster.ha_enabled = services?.dasConfig?.enabled ?? null;
  cluster.drs_enabled = services?.drsConfig?.enabled ?? null;
  cluster.drs_behavior = scope.text(services?.drsConfig?.defaultVmBehavior);
}

export function blankPool(identity: Identity): PoolRecord {
  return {
    kind: 'pool',
    ...identity,
    owner: null,
    cpu_reservation_mhz: null,
    cpu_limit_mhz: null,
    memory_reservation_mib: null,
    memory_limit_mib: null,
  };
}

export function setPool(pool: PoolRecord, change: ChangeOf<PoolProperties>, scope: Scope): void {
  switch (change.name) {
    case 'owner':
      pool.owner = scope.id(change.val);
      break;
    case 'config':
      pool.cpu_reservation_mhz = change.val?.cpuAllocation.reservation ?? null;
      pool.cpu_limit_mhz = change.val?.cpuAllocation.limit ?? null;
      pool.memory_reservation_mib = change.val?.memoryAllocation.reservation ?? null;
      pool.memory_limit_mib = change.val?.memoryAllocation.limit ?? null;
      break;
    default:
      setEntity(pool, change, scope);
  }
}
