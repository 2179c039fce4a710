/** The objects of the inventory, in the words and shapes that leave the gateway. Records are immutable: a change makes a new one. */

export const KINDS = ['vm', 'host', 'cluster', 'datastore', 'network', 'folder', 'datacenter', 'pool'] as const;

/** Our short word for a vSphere type; also the topic of its changes on the stream. */
export type Kind = (typeof KINDS)[number];

/** `<vcenter>:<moref>`, e.g. `lab:vm-61`. Unique over all vCenters; a moref may hold colons, spaces and slashes. */
export function toId(vcenter: string, moref: string): string {
  return `${vcenter}:${moref}`;
}

/** The two halves of an id, or undefined where there is no colon. A vCenter's name never holds one. */
export function fromId(id: string): { vcenter: string; moref: string } | undefined {
  const colon = id.indexOf(':');
  return colon < 1 ? undefined : { vcenter: id.slice(0, colon), moref: id.slice(colon + 1) };
}

export type Health = 'green' | 'yellow' | 'red' | 'gray';
export type PowerState = 'on' | 'off' | 'suspended';

interface Base {
  id: string;
  vcenter: string;
  moref: string;
  /** vSphere's type, e.g. `ClusterComputeResource`. */
  type: string;
  /** With `%2f`, `%5c` and `%25` decoded. */
  name: string;
  /** Id of the parent object; null at the root. */
  parent: string | null;
  /** By attribute name; ids of the vCenter's own field definitions are resolved. */
  custom_attributes: Readonly<Record<string, string>>;
  /** Property paths that vCenter would not let us read. Empty is unknown there, not absent. */
  unreadable?: readonly string[];
}

export interface GuestNic {
  mac: string | null;
  network: string | null;
  connected: boolean;
  ip_addresses: readonly string[];
}

/** One node of VirtualMachine.snapshot.rootSnapshotList. */
export interface Snapshot {
  moref: string;
  name: string;
  description: string;
  created_at: string;
  power_state: PowerState;
  quiesced: boolean;
  current: boolean;
  children: readonly Snapshot[];
}

/** VirtualMachine. */
export interface VmRecord extends Base {
  kind: 'vm';
  power_state: PowerState;
  /** runtime.connectionState */
  connection_state: string;
  template: boolean;
  /** config.uuid (BIOS) */
  uuid: string | null;
  instance_uuid: string | null;
  guest_id: string | null;
  guest_full_name: string | null;
  hardware_version: string | null;
  /** config.changeVersion: what `If-Match` of a reconfigure is compared with. */
  change_version: string | null;
  cpu_count: number;
  cores_per_socket: number;
  memory_mib: number;
  host: string | null;
  resource_pool: string | null;
  datastores: readonly string[];
  networks: readonly string[];
  annotation: string;
  boot_time: string | null;
  /** runtime.question: the VM stands still until it is answered. */
  question: { id: string; text: string; choices: readonly { key: string; label: string }[] } | null;
  tools_status: string | null;
  tools_version_status: string | null;
  guest_operations_ready: boolean;
  hostname: string | null;
  /** guest.ipAddress first, then every address of guest.net, without repetition. */
  ip_addresses: readonly string[];
  nics: readonly GuestNic[];
  snapshots: readonly Snapshot[];
}

/** HostSystem. */
export interface HostRecord extends Base {
  kind: 'host';
  connection_state: string;
  power_state: string;
  maintenance_mode: boolean;
  boot_time: string | null;
  vendor: string | null;
  model: string | null;
  uuid: string | null;
  cpu_model: string | null;
  cpu_sockets: number;
  cpu_cores: number;
  cpu_threads: number;
  cpu_mhz: number;
  memory_bytes: number;
  nic_count: number;
  /** config.product.fullName, version and build. */
  product: string | null;
  product_version: string | null;
  product_build: string | null;
  /** Id of the cluster, or null for a host that stands alone. */
  cluster: string | null;
  datastores: readonly string[];
  networks: readonly string[];
}

/** ClusterComputeResource, and the ComputeResource of a host that stands alone (`type` tells). */
export interface ClusterRecord extends Base {
  kind: 'cluster';
  host_count: number;
  effective_host_count: number;
  cpu_mhz: number;
  effective_cpu_mhz: number;
  memory_bytes: number;
  effective_memory_bytes: number;
  hosts: readonly string[];
  datastores: readonly string[];
  networks: readonly string[];
  resource_pool: string | null;
  ha_enabled: boolean | null;
  drs_enabled: boolean | null;
  /** manual, partiallyAutomated, fullyAutomated */
  drs_behavior: string | null;
}

/** Datastore. */
export interface DatastoreRecord extends Base {
  kind: 'datastore';
  /** summary.type: VMFS, NFS, vsan … */
  datastore_type: string;
  url: string;
  capacity_bytes: number;
  free_bytes: number;
  accessible: boolean;
  maintenance_mode: string;
  multiple_host_access: boolean | null;
  hosts: readonly string[];
}

/** Network, DistributedVirtualPortgroup, OpaqueNetwork. */
export interface NetworkRecord extends Base {
  kind: 'network';
  hosts: readonly string[];
  /** Moref of the switch, for a distributed port group. */
  distributed_switch: string | null;
  port_group_key: string | null;
  vlan: number | string | null;
  uplink: boolean;
}

/** Folder; StoragePod is a folder of datastores. */
export interface FolderRecord extends Base {
  kind: 'folder';
  /** Types that may live in it, from Folder.childType. */
  child_types: readonly string[];
}

export interface DatacenterRecord extends Base {
  kind: 'datacenter';
  vm_folder: string | null;
  host_folder: string | null;
  datastore_folder: string | null;
  network_folder: string | null;
}

/** ResourcePool and VirtualApp. */
export interface PoolRecord extends Base {
  kind: 'pool';
  /** Id of the cluster or compute resource. */
  owner: string | null;
  cpu_reservation_mhz: number | null;
  /** -1: no limit. */
  cpu_limit_mhz: number | null;
  memory_reservation_mib: number | null;
  /** -1: no limit. */
  memory_limit_mib: number | null;
}

export interface RecordOf {
  vm: VmRecord;
  host: HostRecord;
  cluster: ClusterRecord;
  datastore: DatastoreRecord;
  network: NetworkRecord;
  folder: FolderRecord;
  datacenter: DatacenterRecord;
  pool: PoolRecord;
}

export type InventoryRecord = RecordOf[Kind];

/** What vCenter never notifies about (practice: read once a minute), kept apart so that it makes no change events. */
export interface Polled {
  sampled_at: string;
  /** ManagedEntity.overallStatus */
  overall_status: Health | null;
  /** VirtualMachine.summary.quickStats or HostSystem.summary.quickStats; MHz, MiB, seconds. */
  quick_stats: {
    cpu_usage_mhz: number | null;
    cpu_demand_mhz: number | null;
    memory_usage_mib: number | null;
    memory_consumed_mib: number | null;
    memory_balloon_mib: number | null;
    memory_swapped_mib: number | null;
    uptime_seconds: number | null;
  } | null;
  /** VirtualMachine.summary.storage */
  storage: { committed_bytes: number; uncommitted_bytes: number; unshared_bytes: number } | null;
}

/** One change of one object, after it was applied. */
export interface Change {
  action: 'added' | 'modified' | 'removed';
  kind: Kind;
  id: string;
  vcenter: string;
  /** After the change; for a removal the last known. */
  record: InventoryRecord;
  previous: InventoryRecord | null;
  /** Names of the fields that differ; empty for added and removed. */
  changed: readonly string[];
  /** Inventory version that holds this change. */
  version: string;
}

/** What is known of one vCenter's part of the inventory. */
export interface InventoryStatus {
  vcenter: string;
  /** The first load is complete. */
  ready: boolean;
  /** vCenter cannot be followed at the moment: what we serve is of `stale_since`. */
  stale: boolean;
  stale_since: string | null;
  /** Why it is stale or not ready; no secrets. */
  reason: string | null;
  loaded_at: string | null;
  /** When vCenter last said anything, "nothing has changed" included. */
  last_contact_at: string | null;
  counts: Record<Kind, number>;
  resyncs: number;
}
