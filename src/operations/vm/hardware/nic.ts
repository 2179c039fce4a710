/** Network adapters as device changes name them. */
import type {
  AnyVirtualDevice,
  VirtualE1000,
  VirtualE1000e,
  VirtualEthernetCardDistributedVirtualPortBackingInfo,
  VirtualEthernetCardNetworkBackingInfo,
  VirtualEthernetCardOpaqueNetworkBackingInfo,
  VirtualVmxnet3,
} from '../../../vsphere/vim25/types.ts';

/** Adapter types that a caller may choose. */
export const ADAPTERS = ['vmxnet3', 'e1000e', 'e1000'] as const;
export type Adapter = (typeof ADAPTERS)[number];

const TYPES = {
  vmxnet3: 'VirtualVmxnet3',
  e1000e: 'VirtualE1000e',
  e1000: 'VirtualE1000',
} as const satisfies Record<Adapter, string>;

/** Our word for an adapter's type; vSphere's own for those that nobody chooses any more. */
export function adapterOf({ $type }: AnyVirtualDevice): string | null {
  return ADAPTERS.find((adapter) => TYPES[adapter] === $type) ?? $type ?? null;
}

/** What a network adapter is plugged into; network.ts finds it for a network of the inventory. */
export type NicBacking =
  | VirtualEthernetCardNetworkBackingInfo
  | VirtualEthernetCardDistributedVirtualPortBackingInfo
  | VirtualEthernetCardOpaqueNetworkBackingInfo;

/** A MAC address with colons; the first octet even, because an adapter has no group address. */
export const MAC = /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i;

export interface NewNic {
  /** Negative, unique in the change. */
  key: number;
  backing: NicBacking;
  /** vmxnet3 if absent. */
  adapter?: Adapter | undefined;
  /** vSphere gives one if absent. */
  mac?: string | undefined;
  /** Whether it is connected when the VM is powered on; true if absent. */
  connected?: boolean | undefined;
}

/** An adapter to be added. vSphere finds it a place on the PCI bus. */
export function newNic(nic: NewNic): VirtualVmxnet3 | VirtualE1000e | VirtualE1000 {
  const { key, backing, adapter = 'vmxnet3', mac, connected = true } = nic;
  return {
    $type: TYPES[adapter],
    key,
    backing,
    connectable: { startConnected: connected, allowGuestControl: true, connected },
    wakeOnLanEnabled: true,
    ...(mac === undefined ? { addressType: 'generated' } : { addressType: 'manual', macAddress: mac.toLowerCase() }),
  };
}
