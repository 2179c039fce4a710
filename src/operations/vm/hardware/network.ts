/** From a network of the inventory to what a network adapter on it is plugged into. */
import type { Context } from '../../../context.ts';
import { GatewayError } from '../../../errors.ts';
import type { NetworkRecord } from '../../../live/model.ts';
import { targetOf } from '../../start-task.ts';
import type { NicBacking } from './nic.ts';

/**
 * The backing of an adapter on a network: by name for a standard network, by switch and port group for a distributed one,
 * by NSX's own id for an opaque one. Asks vCenter for what the inventory does not hold.
 * @throws GatewayError `invalid_input` for an uplink port group, `not_found` when the network has just gone.
 */
export async function nicBacking(context: Context, network: NetworkRecord): Promise<NicBacking> {
  const session = targetOf(context, network.vcenter).session('requests');
  const { signal } = context;
  if (network.type === 'DistributedVirtualPortgroup') {
    if (network.uplink) {
      throw new GatewayError(
        'invalid_input',
        `'${network.name}' is the uplink port group of its switch, which takes no VMs; choose another network.`,
      );
    }
    const { distributed_switch: moref, port_group_key: portgroupKey } = network;
    const dvs = { $type: 'DistributedVirtualSwitch', value: moref ?? '' };
    const { uuid } = moref === null ? {} : await session.read(dvs, ['uuid'], { signal });
    if (typeof uuid !== 'string' || portgroupKey === null) throw gone(network);
    return {
      $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo',
      port: { switchUuid: uuid, portgroupKey },
    };
  }
  if (network.type === 'OpaqueNetwork') {
    const { summary } = await session.read({ $type: 'OpaqueNetwork', value: network.moref }, ['summary'], { signal });
    if (!isOpaque(summary)) throw gone(network);
    const { opaqueNetworkId, opaqueNetworkType } = summary;
    return { $type: 'VirtualEthernetCardOpaqueNetworkBackingInfo', opaqueNetworkId, opaqueNetworkType };
  }
  return {
    $type: 'VirtualEthernetCardNetworkBackingInfo',
    deviceName: network.name,
    network: { $type: 'Network', value: network.moref },
  };
}

function isOpaque(summary: unknown): summary is { opaqueNetworkId: string; opaqueNetworkType: string } {
  return typeof summary === 'object' && summary !== null && 'opaqueNetworkId' in summary;
}

function gone({ name }: NetworkRecord): GatewayError {
  return new GatewayError(
    'not_found',
    `What the network '${name}' is plugged into cannot be read; network.list shows what there is.`,
  );
}
