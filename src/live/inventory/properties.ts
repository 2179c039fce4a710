/** Which properties of which vSphere types the inventory follows, and how their values are typed. */
import type {
  AboutInfo,
  AnyComputeResourceConfigInfo,
  AnyCustomFieldValue,
  AnyDVPortSetting,
  GuestNicInfo,
  HostHardwareSummary,
  MoRef,
  PropertyFilterSpec,
  PropertySpec,
  ResourceConfigSpec,
  Tag,
  VirtualMachineQuestionInfo,
  VirtualMachineSnapshotInfo,
} from '../../vsphere/vim25/types.ts';

/** What every ManagedEntity has and is followed for. */
export interface EntityProperties {
  name: string;
  parent: MoRef;
  customValue: AnyCustomFieldValue[];
}

export interface VmProperties extends EntityProperties {
  parentVApp: MoRef;
  resourcePool: MoRef;
  datastore: MoRef[];
  network: MoRef[];
  snapshot: VirtualMachineSnapshotInfo;
  'config.uuid': string;
  'config.instanceUuid': string;
  'config.template': boolean;
  'config.annotation': string;
  'config.version': string;
  'config.changeVersion': string;
  'config.guestId': string;
  'config.guestFullName': string;
  'config.hardware.numCPU': number;
  'config.hardware.numCoresPerSocket': number;
  'config.hardware.memoryMB': number;
  'runtime.powerState': string;
  'runtime.connectionState': string;
  'runtime.host': MoRef;
  'runtime.bootTime': Date;
  'runtime.question': VirtualMachineQuestionInfo;
  'guest.toolsRunningStatus': string;
  'guest.toolsVersionStatus2': string;
  'guest.ipAddress': string;
  'guest.hostName': string;
  'guest.net': GuestNicInfo[];
  'guest.guestOperationsReady': boolean;
}

export interface HostProperties extends EntityProperties {
  datastore: MoRef[];
  network: MoRef[];
  'runtime.connectionState': string;
  'runtime.powerState': string;
  'runtime.inMaintenanceMode': boolean;
  'runtime.bootTime': Date;
  'summary.hardware': HostHardwareSummary;
  'config.product': AboutInfo;
}

export interface ClusterProperties extends EntityProperties {
  host: MoRef[];
  datastore: MoRef[];
  network: MoRef[];
  resourcePool: MoRef;
  'summary.numHosts': number;
  'summary.numEffectiveHosts': number;
  'summary.totalCpu': number;
  'summary.effectiveCpu': number;
  'summary.totalMemory': number;
  'summary.effectiveMemory': number;
  /** Followed for clusters alone. */
  configurationEx: AnyComputeResourceConfigInfo;
}

export interface DatastoreProperties extends EntityProperties {
  host: { key: MoRef<'HostSystem'> }[];
  'summary.type': string;
  'summary.url': string;
  'summary.capacity': number;
  'summary.freeSpace': number;
  'summary.accessible': boolean;
  'summary.maintenanceMode': string;
  'summary.multipleHostAccess': boolean;
}

export interface NetworkProperties extends EntityProperties {
  host: MoRef[];
  /** The rest is followed for DistributedVirtualPortgroup alone. */
  tag: Tag[];
  'config.key': string;
  'config.distributedVirtualSwitch': MoRef;
  'config.defaultPortConfig': AnyDVPortSetting;
}

export interface FolderProperties extends EntityProperties {
  childType: string[];
}

export interface DatacenterProperties extends EntityProperties {
  vmFolder: MoRef;
  hostFolder: MoRef;
  datastoreFolder: MoRef;
  networkFolder: MoRef;
}

export interface PoolProperties extends EntityProperties {
  owner: MoRef;
  config: ResourceConfigSpec;
}

/** One property with its new value, undefined where it is unset, told apart by its path. */
export type ChangeOf<P> = { [K in keyof P]: { readonly name: K; readonly val?: P[K] | undefined } }[keyof P];

/** Lists every path of `P`: the compiler refuses an unknown one and misses none. */
const paths = <P>(all: Record<keyof P, true>): readonly string[] => Object.keys(all);

const ENTITY = { name: true, parent: true, customValue: true } as const;

const VM = paths<VmProperties>({
  ...ENTITY,
  parentVApp: true,
  resourcePool: true,
  datastore: true,
  network: true,
  snapshot: true,
  'config.uuid': true,
  'config.instanceUuid': true,
  'config.template': true,
  'config.annotation': true,
  'config.version': true,
  'config.changeVersion': true,
  'config.guestId': true,
  'config.guestFullName': true,
  'config.hardware.numCPU': true,
  'config.hardware.numCoresPerSocket': true,
  'config.hardware.memoryMB': true,
  'runtime.powerState': true,
  'runtime.connectionState': true,
  'runtime.host': true,
  'runtime.bootTime': true,
  'runtime.question': true,
  'guest.toolsRunningStatus': true,
  'guest.toolsVersionStatus2': true,
  'guest.ipAddress': true,
  'guest.hostName': true,
  'guest.net': true,
  'guest.guestOperationsReady': true,
});

const HOST = paths<HostProperties>({
  ...ENTITY,
  datastore: true,
  network: true,
  'runtime.connectionState': true,
  'runtime.powerState': true,
  'runtime.inMaintenanceMode': true,
  'runtime.bootTime': true,
  'summary.hardware': true,
  'config.product': true,
});

const CLUSTER = paths<ClusterProperties>({
  ...ENTITY,
  host: true,
  datastore: true,
  network: true,
  resourcePool: true,
  'summary.numHosts': true,
  'summary.numEffectiveHosts': true,
  'summary.totalCpu': true,
  'summary.effectiveCpu': true,
  'summary.totalMemory': true,
  'summary.effectiveMemory': true,
  configurationEx: true,
});

const DATASTORE = paths<DatastoreProperties>({
  ...ENTITY,
  host: true,
  'summary.type': true,
  'summary.url': true,
  'summary.capacity': true,
  'summary.freeSpace': true,
  'summary.accessible': true,
  'summary.maintenanceMode': true,
  'summary.multipleHostAccess': true,
});

const PORT_GROUP = paths<NetworkProperties>({
  ...ENTITY,
  host: true,
  tag: true,
  'config.key': true,
  'config.distributedVirtualSwitch': true,
  'config.defaultPortConfig': true,
});

/**
 * By vSphere type. A base type stands for its subtypes too (Folder for StoragePod, ResourcePool for VirtualApp, Network
 * for OpaqueNetwork); where a subtype has its own line, that line repeats the base's paths, because the API does not say
 * whether the two are added up.
 */
export const WATCHED: Readonly<Record<string, readonly string[]>> = {
  VirtualMachine: VM,
  HostSystem: HOST,
  ComputeResource: CLUSTER.filter((path) => path !== 'configurationEx'),
  ClusterComputeResource: CLUSTER,
  Datastore: DATASTORE,
  Network: ['name', 'parent', 'customValue', 'host'],
  DistributedVirtualPortgroup: PORT_GROUP,
  Folder: paths<FolderProperties>({ ...ENTITY, childType: true }),
  Datacenter: paths<DatacenterProperties>({
    ...ENTITY,
    vmFolder: true,
    hostFolder: true,
    datastoreFolder: true,
    networkFolder: true,
  }),
  ResourcePool: paths<PoolProperties>({ ...ENTITY, owner: true, config: true }),
};

/** Read each poll interval, because vCenter announces none of these (they are documented as not notifying). */
export const SILENT: Readonly<Record<string, readonly string[]>> = {
  VirtualMachine: ['overallStatus', 'summary.quickStats', 'summary.storage'],
  HostSystem: ['overallStatus', 'summary.quickStats'],
};

/** Selects what a container view holds, and `root` itself, which its own view leaves out. */
export function viewFilter(
  properties: Readonly<Record<string, readonly string[]>>,
  view: MoRef,
  options: { root?: MoRef; without?: ReadonlySet<string> } = {},
): PropertyFilterSpec {
  const { root, without } = options;
  const propSet = Object.entries(properties).map(
    ([type, all]): PropertySpec => ({ type, pathSet: all.filter((path) => without?.has(path) !== true) }),
  );
  return {
    propSet,
    objectSet: [
      ...(root === undefined ? [] : [{ obj: root, skip: false }]),
      {
        obj: view,
        skip: true,
        selectSet: [{ $type: 'TraversalSpec', name: 'view', type: 'ContainerView', path: 'view', skip: false }],
      },
    ],
    reportMissingObjectsInResults: true,
  };
}
