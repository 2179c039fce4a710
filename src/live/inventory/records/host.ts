/** HostSystem: from its properties to a HostRecord. */
import type { HostRecord } from '../../model.ts';
import type { ChangeOf, HostProperties } from '../properties.ts';
import { cleanText, NO_STRINGS, type Scope, toTime } from '../values.ts';
import { type Identity, setEntity } from './entity.ts';

export function blankHost(identity: Identity): HostRecord {
  return {
    kind: 'host',
    ...identity,
    connection_state: 'connected',
    power_state: 'unknown',
    maintenance_mode: false,
    boot_time: null,
    vendor: null,
    model: null,
    uuid: null,
    cpu_model: null,
    cpu_sockets: 0,
    cpu_cores: 0,
    cpu_threads: 0,
    cpu_mhz: 0,
    memory_bytes: 0,
    nic_count: 0,
    product: null,
    product_version: null,
    product_build: null,
    cluster: null,
    datastores: NO_STRINGS,
    networks: NO_STRINGS,
  };
}

export function setHost(host: HostRecord, change: ChangeOf<HostProperties>, scope: Scope): void {
  switch (change.name) {
    case 'parent':
      host.parent = scope.id(change.val);
      host.cluster = change.val?.$type === 'ClusterComputeResource' ? host.parent : null;
      break;
    case 'datastore':
      host.datastores = scope.ids(change.val);
      break;
    case 'network':
      host.networks = scope.ids(change.val);
      break;
    case 'runtime.connectionState':
      host.connection_state = scope.text(change.val) ?? 'connected';
      break;
    case 'runtime.powerState':
      host.power_state = scope.text(change.val) ?? 'unknown';
      break;
    case 'runtime.inMaintenanceMode':
      host.maintenance_mode = change.val ?? false;
      break;
    case 'runtime.bootTime':
      host.boot_time = toTime(change.val);
      break;
    case 'summary.hardware': {
      const hardware = change.val;
      host.vendor = scope.text(hardware?.vendor);
      host.model = scope.text(hardware?.model);
      host.uuid = cleanText(hardware?.uuid) || null;
      host.cpu_model = scope.text(hardware?.cpuModel);
      host.cpu_sockets = hardware?.numCpuPkgs ?? 0;
      host.cpu_cores = hardware?.numCpuCores ?? 0;
      host.cpu_threads = hardware?.numCpuThreads ?? 0;
      host.cpu_mhz = hardware?.cpuMhz ?? 0;
      host.memory_bytes = hardware?.memorySize ?? 0;
      host.nic_count = hardware?.numNics ?? 0;
      break;
    }
    case 'config.product':
      host.product = scope.text(change.val?.fullName);
      host.product_version = scope.text(change.val?.version);
      host.product_build = scope.text(change.val?.build);
      break;
    default:
      setEntity(host, change, scope);
  }
}
