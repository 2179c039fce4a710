/** What we say about a fault: what happened to which kind of object, and the next step. No text of vSphere's enters a sentence. */
import type { ErrorCode } from '../errors.ts';

/** The typed fields of a fault, as far as they may stand in a sentence of ours. */
export interface FaultFacts {
  method: string | undefined;
  /** An enum value, privilege, property path: letters, digits and `._[]-` only, so that no name of an object slips in. */
  word(field: string): string | undefined;
  number(field: string): number | undefined;
  /** Our noun for the object a field refers to: `the VM`, else `the object`. */
  noun(field: string): string;
}

const NOUNS: Readonly<Record<string, string>> = {
  VirtualMachine: 'VM',
  HostSystem: 'host',
  ClusterComputeResource: 'cluster',
  ComputeResource: 'compute resource',
  ResourcePool: 'resource pool',
  VirtualApp: 'vApp',
  Datastore: 'datastore',
  StoragePod: 'datastore cluster',
  Folder: 'folder',
  Datacenter: 'datacenter',
  Network: 'network',
  DistributedVirtualPortgroup: 'distributed port group',
  VirtualMachineSnapshot: 'snapshot',
  Task: 'task',
};

/** `the VM` for a VirtualMachine. */
export const nounOf = (type: string | undefined): string => `the ${NOUNS[type ?? ''] ?? 'object'}`;

const POWER: Readonly<Record<string, string>> = { poweredOn: 'on', poweredOff: 'off', suspended: 'suspended' };

function powerState({ word }: FaultFacts): string {
  const has = POWER[word('existingState') ?? ''] ?? 'in another state';
  const needs = POWER[word('requestedState') ?? ''];
  if (has === needs) return `The VM is ${has} already; there is nothing to do.`;
  if (needs === undefined) return `The VM is ${has}, which does not allow this; change its power state first.`;
  return `The VM is ${has} and has to be ${needs} for this; change its power state first.`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const inQuotes = (word: string | undefined, otherwise: string): string =>
  word === undefined ? otherwise : `\`${word}\``;

type Sentence = string | ((facts: FaultFacts) => string);

/** By fault; a fault without a sentence takes that of its nearest ancestor here, then that of its code. */
export const FAULT_SENTENCES: Readonly<Record<string, Sentence>> = {
  NoPermission: ({ word, noun }) =>
    `The gateway's vSphere account lacks the privilege ${inQuotes(word('privilegeId'), 'for this')} on ${noun('object')}; ` +
    'grant it in vSphere, a different key does not help.',
  NoPermissionOnHost: 'The host refused the account that vCenter used there; check its credentials in vCenter.',
  NotAuthenticated: 'vSphere ended the session twice in a row; try again shortly.',
  RestrictedVersion:
    'The licence of this ESXi allows no changes through the API; do it through vCenter or license the host.',
  RestrictedByAdministrator:
    'The vSphere administrator restricts this call; ask for less at a time or have the limit raised.',
  ManagedObjectNotFound: ({ noun }) => `${capital(noun('obj'))} does not exist in vSphere any more; look it up again.`,
  FileNotFound: 'The file does not exist on the datastore; check its path.',
  UserNotFound: 'vSphere knows no such user or group; check its name and domain.',
  GuestProcessNotFound: 'The guest has no such process; it may have ended more than five minutes ago.',
  InvalidArgument: ({ word }) =>
    `vSphere refused the argument ${inQuotes(word('invalidProperty'), 'it names nowhere')}; correct it and try again.`,
  InvalidProperty: ({ word }) => `This vSphere has no property ${inQuotes(word('name'), 'of that name')}.`,
  InvalidName: 'vSphere does not take this name; use another one, of 80 characters at most.',
  LimitExceeded: ({ word }) => `The argument ${inQuotes(word('property'), 'in question')} is over its limit; lower it.`,
  InvalidDatastorePath: 'The datastore path is not of the form `[datastore] folder/file`.',
  InvalidVmConfig: ({ word }) =>
    `vSphere refused the VM's configuration at ${inQuotes(word('property'), 'one of its fields')}; correct it and try again.`,
  InvalidDeviceSpec: ({ number }) =>
    `vSphere refused device number ${number('deviceIndex') ?? '?'} of the change; correct it and try again.`,
  CpuHotPlugNotSupported: 'CPUs of this VM cannot be changed while it is on; power it off first.',
  MemoryHotPlugNotSupported: 'Memory of this VM cannot be changed while it is on; power it off first.',
  TooManyDevices: 'The VM has no room for another device of this kind.',
  CustomizationPending:
    'The VM already has a customization that waits for its next start; start it or clear that one first.',
  DuplicateName: 'Something of this name exists there already; choose another name.',
  AlreadyExists: 'It exists already; choose another name or use what is there.',
  FileAlreadyExists: 'A file of this name exists already; choose another name or delete it first.',
  InvalidPowerState: powerState,
  InvalidHostState: 'The state of the host does not allow this; look at its connection and maintenance mode.',
  InvalidVmState: 'The state of the VM does not allow this; look at its connection and power state.',
  QuestionPending: 'The VM stands still until somebody answers its question; answer that first.',
  TaskInProgress: 'Another task is at work on the object; wait until it has ended and try again.',
  ConcurrentAccess:
    'Somebody else changed the object in the meantime; read it again and repeat the change on what you find.',
  FileLocked: 'Another VM or host holds the file; try again when it has let go.',
  DirectoryNotEmpty: 'The folder is not empty; delete what is in it first.',
  HostAccessRestrictedToManagementServer:
    'The host takes changes from the vCenter that manages it only; send this there.',
  ApplicationQuiesceFault: 'The guest could not be quiesced; try without `quiesce`, or mend VMware Tools first.',
  FilesystemQuiesceFault: 'The guest could not be quiesced; try without `quiesce`, or mend VMware Tools first.',
  TooManySnapshotLevels: 'The VM has as many levels of snapshots as vSphere allows; remove some first.',
  NoCompatibleHost:
    'No host can run this VM; compare its networks, datastores and CPU features with those of the hosts.',
  InaccessibleDatastore: 'The datastore cannot be reached from the host; choose another or mend its connection.',
  NoDiskSpace: 'The datastore has too little space; free some or choose another.',
  InvalidGuestLogin: 'The guest does not take this user name and password.',
  GuestPermissionDenied: 'The guest user may not do this; use another account of the guest.',
  GuestOperationsUnavailable: 'VMware Tools do not answer in the guest; wait until they run, or install them.',
  ToolsUnavailable: 'VMware Tools do not run in the guest; wait until they do, or install them.',
  GuestComponentsOutOfDate: 'VMware Tools in the guest are too old for this; upgrade them.',
  OperationDisabledByGuest: 'The guest has this switched off in the configuration of VMware Tools.',
  MksConnectionLimitReached: 'The VM has as many consoles open as it allows; close one first.',
  HostNotConnected: 'vCenter has no connection to the host; reconnect it first.',
  SSLVerifyFault: 'The certificate of the host is not trusted; compare `details.thumbprint` and give it with the call.',
  NetworkCopyFault: 'Copying the file between hosts failed on the network.',
};

/** What a code means when the fault has no sentence of its own. */
export const CODE_SENTENCES: Readonly<Partial<Record<ErrorCode, Sentence>>> = {
  upstream_auth:
    'vSphere does not take the credentials of the gateway; correct them in its configuration and restart it.',
  upstream_forbidden: "The gateway's vSphere account may not do this; grant it the privilege in vSphere.",
  upstream_license: 'The vSphere licence does not cover this.',
  guest_auth: 'The guest refused the credentials.',
  not_found: 'vSphere cannot find what the call names; look it up again.',
  invalid_argument: 'vSphere refused an argument; `details` names it where vSphere does.',
  invalid_config: 'vSphere refused the configuration; `details` names the part where vSphere does.',
  file_too_large: 'The file is larger than the datastore takes.',
  not_supported: ({ method }) => `This vSphere does not support ${method ?? 'the call'} on this object.`,
  already_exists: 'It exists already.',
  invalid_state: 'The state of the object does not allow this; look at it first.',
  busy: 'The object is busy; try again shortly.',
  in_use: 'Something else uses the object; release it first.',
  disabled: 'vSphere has this switched off for the object at the moment.',
  snapshot_failed: 'vSphere could not do this with the snapshot; `fault` says why.',
  incompatible: 'The VM and its destination do not fit; `fault` and `details` say why.',
  insufficient_resources: 'There is too little capacity; `fault` says of what. Free some or choose another place.',
  insufficient_storage: 'There is too little storage; free some or choose another datastore.',
  file_failed: 'vSphere could not do this with the file; `fault` says why.',
  upstream_limit: 'A limit of vSphere is reached; try again later.',
  host_unreachable: 'vCenter cannot work with the host; check that it runs and is connected.',
  host_tls: 'The certificate of the host is not trusted.',
  upstream_cancelled: 'vSphere gave the call up before it was done.',
  upstream_error: ({ method }) => `vSphere failed inside ${method ?? 'the call'}; its own log says why.`,
  upstream_fault: ({ method }) => `vSphere refused ${method ?? 'the call'}; \`fault\` and \`details\` say why.`,
};
