/** Where a VM runs, as MarkAsVirtualMachine and RegisterVM_Task take it. */
import type { MoRef, ResourcePoolRef } from '../../vsphere/vim25/types.ts';
import type { Place } from './provision/place.ts';

/** The host is left out where vSphere chooses. */
export function computeArgs({ pool, host }: Pick<Place, 'pool' | 'host'>): {
  pool: ResourcePoolRef;
  host?: MoRef<'HostSystem'>;
} {
  return {
    pool: { $type: pool.type === 'VirtualApp' ? 'VirtualApp' : 'ResourcePool', value: pool.moref },
    ...(host === undefined ? {} : { host: { $type: 'HostSystem', value: host.moref } }),
  };
}
