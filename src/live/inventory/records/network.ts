/** Network, DistributedVirtualPortgroup and OpaqueNetwork: from their properties to a NetworkRecord. */
import type { AnyDVPortSetting, VMwareDVSPortSetting } from '../../../vsphere/vim25/types.ts';
import type { NetworkRecord } from '../../model.ts';
import type { ChangeOf, NetworkProperties } from '../properties.ts';
import { NO_STRINGS, type Scope } from '../values.ts';
import { type Identity, setEntity } from './entity.ts';

/** Tag that vCenter puts on the port group of a switch's uplinks. */
const UPLINK_TAG = 'SYSTEM/DVS.UPLINKPG';

export function blankNetwork(identity: Identity): NetworkRecord {
  return {
    kind: 'network',
    ...identity,
    hosts: NO_STRINGS,
    distributed_switch: null,
    port_group_key: null,
    vlan: null,
    uplink: false,
  };
}

export function setNetwork(network: NetworkRecord, change: ChangeOf<NetworkProperties>, scope: Scope): void {
  switch (change.name) {
    case 'host':
      network.hosts = scope.ids(change.val);
      break;
    case 'tag':
      network.uplink = change.val?.some(({ key }) => key === UPLINK_TAG) ?? false;
      break;
    case 'config.key':
      network.port_group_key = scope.text(change.val);
      break;
    case 'config.distributedVirtualSwitch':
      network.distributed_switch = scope.text(change.val?.value);
      break;
    case 'config.defaultPortConfig':
      network.vlan = vlan(change.val);
      break;
    default:
      setEntity(network, change, scope);
  }
}

function isVmware(setting: AnyDVPortSetting | undefined): setting is VMwareDVSPortSetting {
  return setting?.$type === 'VMwareDVSPortSetting';
}

/** The VLAN id or the id of the private VLAN; for a trunk its ranges, `0-4094` or `1-9,20`. */
function vlan(setting: AnyDVPortSetting | undefined): number | string | null {
  const spec = isVmware(setting) ? setting.vlan : undefined;
  switch (spec?.$type) {
    case 'VmwareDistributedVirtualSwitchVlanIdSpec':
      return spec.vlanId;
    case 'VmwareDistributedVirtualSwitchPvlanSpec':
      return spec.pvlanId;
    case 'VmwareDistributedVirtualSwitchTrunkVlanSpec':
      return (spec.vlanId ?? []).map(({ start, end }) => (start === end ? `${start}` : `${start}-${end}`)).join(',');
    default:
      return null;
  }
}
