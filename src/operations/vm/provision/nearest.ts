/** Names as they are meant beside an object: the network 'VM Network' of its own datacenter, not of another one. */
import type { Context } from '../../../context.ts';
import { GatewayError } from '../../../errors.ts';
import type { DatastoreRecord, InventoryRecord, Kind, RecordOf } from '../../../live/model.ts';
import { resolveOne } from '../../resolve.ts';

type Reads = Pick<Context, 'inventory'>;

/** Id of the datacenter that an object is in; undefined above all datacenters. */
export function datacenterOf(id: string, { inventory }: Reads): string | undefined {
  for (let at: string | null = id; at !== null; ) {
    const record: InventoryRecord | undefined = inventory.find(at);
    if (record === undefined) return undefined;
    if (record.kind === 'datacenter') return record.id;
    at = record.parent;
  }
  return undefined;
}

/** Those in the same datacenter, if there are any, else those in the same vCenter. */
function narrowed<R extends InventoryRecord>(found: R[], near: InventoryRecord | undefined, context: Reads): R[] {
  if (near === undefined) return found;
  const ofVcenter = found.filter(({ vcenter }) => vcenter === near.vcenter);
  const datacenter = datacenterOf(near.id, context);
  const ofDatacenter = ofVcenter.filter(({ id }) => datacenterOf(id, context) === datacenter);
  return ofDatacenter.length > 0 ? ofDatacenter : ofVcenter;
}

/**
 * The object that a reference names, where several have the name the one in the datacenter of `near`.
 * @param fits what the object must be besides, e.g. a folder for VMs.
 * @throws GatewayError `not_found`, `ambiguous_name`, or `invalid_input` for one of another vCenter.
 */
export function nearest<K extends Kind>(
  kind: K,
  reference: string,
  near: InventoryRecord | undefined,
  context: Reads,
  fits: (record: RecordOf[K]) => boolean = () => true,
): RecordOf[K] {
  const named = context.inventory.resolve(kind, reference) as RecordOf[K][]; // resolve answers with that kind
  const fitting = named.filter(fits);
  const [only, ...others] = narrowed(fitting.length > 0 ? fitting : named, near, context);
  if (only !== undefined && others.length === 0) return only;
  const record = resolveOne(kind, reference, context);
  if (near === undefined || record.vcenter === near.vcenter) return record;
  throw new GatewayError(
    'invalid_input',
    `'${record.name}' belongs to '${record.vcenter}' and '${near.name}' to '${near.vcenter}'; name objects of one vCenter.`,
  );
}

/** What a configured default names beside an object, or undefined when it names something of another vCenter only. */
export function nearestDefault<K extends Kind>(
  kind: K,
  reference: string | null,
  near: InventoryRecord | undefined,
  context: Reads,
  fits?: (record: RecordOf[K]) => boolean,
): RecordOf[K] | undefined {
  if (reference === null) return undefined;
  const named = context.inventory.resolve(kind, reference);
  if (near !== undefined && named.length > 0 && named.every(({ vcenter }) => vcenter !== near.vcenter))
    return undefined;
  return nearest(kind, reference, near, context, fits);
}

/** The datastore that a reference names or, of a datastore cluster, the one with the most free space. */
export function nearestDatastore(
  reference: string,
  near: InventoryRecord | undefined,
  context: Reads,
): DatastoreRecord {
  const { inventory } = context;
  const isPod = ({ type }: { type: string }) => type === 'StoragePod';
  const pod = inventory.resolve('datastore', reference).length > 0 ? [] : inventory.resolve('folder', reference);
  if (!pod.some(isPod)) return nearest('datastore', reference, near, context);
  const { id, name } = nearest('folder', reference, near, context, isPod);
  const usable = inventory
    .children(id)
    .flatMap((child) => inventory.get('datastore', child) ?? [])
    .filter(({ accessible, maintenance_mode }) => accessible && maintenance_mode === 'normal')
    .sort((a, b) => b.free_bytes - a.free_bytes);
  const [roomiest] = usable;
  if (roomiest !== undefined) return roomiest;
  throw new GatewayError('invalid_state', `No datastore of the datastore cluster '${name}' can be used now.`);
}
