/** What is known of vSphere as Prometheus gauges, from memory: a scrape never asks vCenter. */
import type { Inventory } from '../live/inventory/inventory.ts';
import { COLUMNS, type MetricKind, prometheusName, toBaseUnit } from '../live/metrics/counters.ts';
import type { Metrics } from '../live/metrics/metrics.ts';
import type {
  ClusterRecord,
  DatastoreRecord,
  HostRecord,
  InventoryRecord,
  Kind,
  RecordOf,
  VmRecord,
} from '../live/model.ts';
import { type Family, gauges, labels, type Pairs, type Sample } from './exposition.ts';

export interface VsphereSources {
  inventory: Inventory;
  metrics: Metrics;
}

interface Gauge<R> {
  name: string;
  help: string;
  value(record: R): number | null;
}

const MEBI = 1_048_576;
const MEGA = 1_000_000;

const VM: readonly Gauge<VmRecord>[] = [
  {
    name: 'vsphere_vm_power_state',
    help: '1 when the VM is powered on, 0 when it is off or suspended.',
    value: (vm) => (vm.power_state === 'on' ? 1 : 0),
  },
  { name: 'vsphere_vm_cpus', help: 'Virtual CPUs.', value: (vm) => vm.cpu_count },
  { name: 'vsphere_vm_memory_bytes', help: 'Configured memory.', value: (vm) => vm.memory_mib * MEBI },
];

const HOST: readonly Gauge<HostRecord>[] = [
  {
    name: 'vsphere_host_connected',
    help: '1 when vCenter manages the host at the moment.',
    value: (host) => (host.connection_state === 'connected' ? 1 : 0),
  },
  {
    name: 'vsphere_host_maintenance_mode',
    help: '1 in maintenance mode.',
    value: (host) => (host.maintenance_mode ? 1 : 0),
  },
  { name: 'vsphere_host_cpu_threads', help: 'Logical CPUs.', value: (host) => host.cpu_threads },
  {
    name: 'vsphere_host_cpu_capacity_hertz',
    help: 'All cores together.',
    value: (host) => host.cpu_cores * host.cpu_mhz * MEGA,
  },
  { name: 'vsphere_host_memory_bytes', help: 'Installed memory.', value: (host) => host.memory_bytes },
];

const CLUSTER: readonly Gauge<ClusterRecord>[] = [
  {
    name: 'vsphere_cluster_effective_cpu_hertz',
    help: 'CPU of the hosts that can run VMs.',
    value: (cluster) => cluster.effective_cpu_mhz * MEGA,
  },
  {
    name: 'vsphere_cluster_effective_memory_bytes',
    help: 'Memory of the hosts that can run VMs.',
    value: (cluster) => cluster.effective_memory_bytes,
  },
];

const DATASTORE: readonly Gauge<DatastoreRecord>[] = [
  { name: 'vsphere_datastore_capacity_bytes', help: 'Size.', value: (datastore) => datastore.capacity_bytes },
  { name: 'vsphere_datastore_free_bytes', help: 'Free space.', value: (datastore) => datastore.free_bytes },
  {
    name: 'vsphere_datastore_accessible',
    help: '1 when some host can reach it.',
    value: (datastore) => (datastore.accessible ? 1 : 0),
  },
];

/** All vSphere gauges as exposition text, in pieces; a consumer may rest between any two. */
export function* vsphereGauges({ inventory, metrics }: VsphereSources): Generator<string> {
  // The arrays are never changed in place, so all families of a kind speak of the same objects.
  const vms = inventory.all('vm');
  const hosts = inventory.all('host');
  yield* ofKind('vm', vms, VM, (vm) => vmInfo(inventory, vm), counterGauges(metrics, 'vm', vms));
  yield* ofKind('host', hosts, HOST, (host) => hostInfo(inventory, host), counterGauges(metrics, 'host', hosts));
  yield* ofKind('cluster', inventory.all('cluster'), CLUSTER, ({ name, type }) => ({ name, type }));
  yield* ofKind('datastore', inventory.all('datastore'), DATASTORE, datastoreInfo);
}

/** Names and places change, so they stand in a series of their own: a rename must not begin new ones everywhere. */
function* ofKind<K extends Kind>(
  kind: K,
  records: readonly RecordOf[K][],
  table: readonly Gauge<RecordOf[K]>[],
  info: (record: RecordOf[K]) => Pairs,
  counters: readonly Gauge<RecordOf[K]>[] = [],
): Generator<string> {
  // Made while the first family that needs them is written, and used by all others.
  const identities: string[] = [];
  const families = [...table, ...counters].map(({ name, help, value }): Family => {
    const samples = map(records, (record, index): Sample => {
      identities[index] ??= labels(identity(record));
      return [identities[index], value(record)];
    });
    return { name, help, samples };
  });
  const infos = map(records, (record): Sample => [labels({ ...identity(record), ...info(record) }), 1]);
  yield* gauges([{ name: `vsphere_${kind}_info`, help: 'Names and places; always 1.', samples: infos }, ...families]);
}

function identity(record: InventoryRecord): Pairs {
  const uuid = record.kind === 'vm' || record.kind === 'host' ? record.uuid : null;
  return { vcenter: record.vcenter, moid: record.moref, uuid };
}

function vmInfo(inventory: Inventory, vm: VmRecord): Pairs {
  const host = vm.host === null ? undefined : inventory.get('host', vm.host);
  return {
    name: vm.name,
    host: host?.name ?? null,
    cluster: nameOf(inventory, 'cluster', host?.cluster ?? null),
    folder: vm.parent === null ? null : inventory.path(vm.parent),
    resource_pool: nameOf(inventory, 'pool', vm.resource_pool),
    instance_uuid: vm.instance_uuid,
    guest: vm.guest_full_name,
    guest_id: vm.guest_id,
    hostname: vm.hostname,
    template: String(vm.template),
  };
}

function hostInfo(inventory: Inventory, host: HostRecord): Pairs {
  return {
    name: host.name,
    cluster: nameOf(inventory, 'cluster', host.cluster),
    vendor: host.vendor,
    model: host.model,
    cpu_model: host.cpu_model,
    version: host.product_version,
    build: host.product_build,
  };
}

function datastoreInfo({ name, datastore_type: type, url }: DatastoreRecord): Pairs {
  return { name, type, url };
}

function nameOf(inventory: Inventory, kind: Kind, id: string | null): string | null {
  return id === null ? null : (inventory.get(kind, id)?.name ?? null);
}

/** A gauge for each counter. What does not run has none: its last values say nothing about now. */
function counterGauges<R extends VmRecord | HostRecord>(
  metrics: Metrics,
  kind: MetricKind,
  records: readonly R[],
): Gauge<R>[] {
  const vcenters = [...new Set(records.map((record) => record.vcenter))];
  return COLUMNS[kind].map((spec) => {
    const readers = new Map(vcenters.map((vcenter) => [vcenter, metrics.reader(vcenter, kind, spec.name)]));
    const value = (record: R): number | null => {
      const raw = runs(record) ? (readers.get(record.vcenter)?.(record.id) ?? null) : null;
      return raw === null ? null : toBaseUnit(spec, raw, cpusOf(record));
    };
    return { name: prometheusName(spec, kind), help: spec.help, value };
  });
}

function runs(record: VmRecord | HostRecord): boolean {
  return record.connection_state === 'connected' && (record.kind === 'host' || record.power_state === 'on');
}

function cpusOf(record: VmRecord | HostRecord): number {
  return record.kind === 'vm' ? record.cpu_count : record.cpu_threads;
}

function* map<T, U>(items: readonly T[], change: (item: T, index: number) => U): Generator<U> {
  for (const [index, item] of items.entries()) yield change(item, index);
}
