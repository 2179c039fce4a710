/** VirtualMachine: from its properties to a VmRecord. */
import type {
  GuestNicInfo,
  MoRef,
  VirtualMachineQuestionInfo,
  VirtualMachineSnapshotTree,
} from '../../../vsphere/vim25/types.ts';
import type { GuestNic, PowerState, Snapshot, VmRecord } from '../../model.ts';
import type { ChangeOf, VmProperties } from '../properties.ts';
import { cleanLines, cleanText, NO_STRINGS, type Scope, toTime } from '../values.ts';
import { type Identity, setEntity } from './entity.ts';

const POWER_STATES: Readonly<Record<string, PowerState>> = {
  poweredOn: 'on',
  poweredOff: 'off',
  suspended: 'suspended',
};
const NO_NICS: readonly GuestNic[] = Object.freeze([]);
const NO_SNAPSHOTS: readonly Snapshot[] = Object.freeze([]);

/** One literal with every field, so that all records share one hidden class. */
export function blankVm(identity: Identity): VmRecord {
  return {
    kind: 'vm',
    ...identity,
    power_state: 'off',
    connection_state: 'connected',
    template: false,
    uuid: null,
    instance_uuid: null,
    guest_id: null,
    guest_full_name: null,
    hardware_version: null,
    change_version: null,
    cpu_count: 0,
    cores_per_socket: 1,
    memory_mib: 0,
    host: null,
    resource_pool: null,
    datastores: NO_STRINGS,
    networks: NO_STRINGS,
    annotation: '',
    boot_time: null,
    question: null,
    tools_status: null,
    tools_version_status: null,
    guest_operations_ready: false,
    hostname: null,
    ip_addresses: NO_STRINGS,
    nics: NO_NICS,
    snapshots: NO_SNAPSHOTS,
  };
}

/** Sets the field of one property. `guest.ipAddress` is left to `guestAddresses`, which needs the whole record. */
export function setVm(vm: VmRecord, formerParent: string | null, change: ChangeOf<VmProperties>, scope: Scope): void {
  switch (change.name) {
    case 'parent':
      // Unset inside a vApp: then parentVApp is the parent, and it may have come first.
      if (change.val !== undefined) vm.parent = scope.id(change.val);
      else if (vm.parent === formerParent) vm.parent = null;
      break;
    case 'parentVApp':
      if (change.val !== undefined) vm.parent = scope.id(change.val);
      break;
    case 'resourcePool':
      vm.resource_pool = scope.id(change.val);
      break;
    case 'datastore':
      vm.datastores = scope.ids(change.val);
      break;
    case 'network':
      vm.networks = scope.ids(change.val);
      break;
    case 'snapshot':
      vm.snapshots = snapshots(change.val?.rootSnapshotList, change.val?.currentSnapshot);
      break;
    case 'config.uuid':
      vm.uuid = change.val === undefined ? null : cleanText(change.val);
      break;
    case 'config.instanceUuid':
      vm.instance_uuid = change.val === undefined ? null : cleanText(change.val);
      break;
    case 'config.template':
      vm.template = change.val ?? false;
      break;
    case 'config.annotation':
      vm.annotation = cleanLines(change.val);
      break;
    case 'config.version':
      vm.hardware_version = scope.text(change.val);
      break;
    case 'config.changeVersion':
      vm.change_version = change.val === undefined ? null : cleanText(change.val);
      break;
    case 'config.guestId':
      vm.guest_id = scope.text(change.val);
      break;
    case 'config.guestFullName':
      vm.guest_full_name = scope.text(change.val);
      break;
    case 'config.hardware.numCPU':
      vm.cpu_count = change.val ?? 0;
      break;
    case 'config.hardware.numCoresPerSocket':
      vm.cores_per_socket = change.val ?? 1;
      break;
    case 'config.hardware.memoryMB':
      vm.memory_mib = change.val ?? 0;
      break;
    case 'runtime.powerState':
      vm.power_state = toPowerState(change.val);
      break;
    case 'runtime.connectionState':
      vm.connection_state = scope.text(change.val) ?? 'connected';
      break;
    case 'runtime.host':
      vm.host = scope.id(change.val);
      break;
    case 'runtime.bootTime':
      vm.boot_time = toTime(change.val);
      break;
    case 'runtime.question':
      vm.question = question(change.val);
      break;
    case 'guest.toolsRunningStatus':
      vm.tools_status = scope.text(change.val);
      break;
    case 'guest.toolsVersionStatus2':
      vm.tools_version_status = scope.text(change.val);
      break;
    case 'guest.guestOperationsReady':
      vm.guest_operations_ready = change.val ?? false;
      break;
    case 'guest.hostName':
      vm.hostname = cleanText(change.val) || null;
      break;
    case 'guest.net':
      vm.nics = nics(change.val, scope);
      break;
    case 'guest.ipAddress':
      break;
    default:
      setEntity(vm, change, scope);
  }
}

/** guest.ipAddress first, then the addresses of every nic, each once. */
export function guestAddresses(primary: string | null, nics: readonly GuestNic[]): readonly string[] {
  const all = new Set(primary === null ? [] : [primary]);
  for (const nic of nics) for (const address of nic.ip_addresses) all.add(address);
  return all.size === 0 ? NO_STRINGS : [...all];
}

function toPowerState(state: string | undefined): PowerState {
  return POWER_STATES[state ?? ''] ?? 'off';
}

function nics(infos: readonly GuestNicInfo[] | undefined, scope: Scope): readonly GuestNic[] {
  if (infos === undefined || infos.length === 0) return NO_NICS;
  return infos.map((info) => {
    const addresses = info.ipAddress ?? info.ipConfig?.ipAddress?.map(({ ipAddress }) => ipAddress) ?? [];
    return {
      mac: cleanText(info.macAddress) || null,
      network: scope.text(info.network),
      connected: info.connected,
      ip_addresses: addresses.length === 0 ? NO_STRINGS : addresses.map(cleanText),
    };
  });
}

function snapshots(
  trees: readonly VirtualMachineSnapshotTree[] | undefined,
  current: MoRef | undefined,
): readonly Snapshot[] {
  if (trees === undefined || trees.length === 0) return NO_SNAPSHOTS;
  return trees.map((tree) => ({
    moref: tree.snapshot.value,
    name: cleanText(tree.name),
    description: cleanLines(tree.description),
    created_at: toTime(tree.createTime) ?? '',
    power_state: toPowerState(tree.state),
    quiesced: tree.quiesced,
    current: tree.snapshot.value === current?.value,
    children: snapshots(tree.childSnapshotList, current),
  }));
}

function question(info: VirtualMachineQuestionInfo | undefined): VmRecord['question'] {
  if (info === undefined) return null;
  const choices = info.choice.choiceInfo ?? [];
  return {
    id: info.id,
    text: cleanLines(info.text),
    choices: choices.map(({ key, label }) => ({ key, label: cleanText(label) })),
  };
}
