/** Where a new VM goes: folder, resource pool, host and datastore, from the request, the configuration or its source. */
import type { Context } from '../../../context.ts';
import { GatewayError } from '../../../errors.ts';
import type {
  ClusterRecord,
  DatastoreRecord,
  FolderRecord,
  HostRecord,
  InventoryRecord,
  PoolRecord,
  VmRecord,
} from '../../../live/model.ts';
import { datacenterOf, nearest, nearestDatastore, nearestDefault } from './nearest.ts';

/** What a request says of it, as references. */
export interface Where {
  folder?: string | undefined;
  pool?: string | undefined;
  cluster?: string | undefined;
  host?: string | undefined;
  datastore?: string | undefined;
}

export interface Place {
  folder: FolderRecord;
  pool: PoolRecord;
  /** undefined: vSphere chooses. */
  host: HostRecord | undefined;
  /** undefined: for a clone that of its source. */
  datastore: DatastoreRecord | undefined;
}

type Reads = Pick<Context, 'inventory' | 'provisioning'>;

const forVms = ({ child_types }: FolderRecord): boolean => child_types.includes('VirtualMachine');

const wrong = (field: string, detail: string): GatewayError =>
  new GatewayError('invalid_input', detail, { errors: [{ pointer: `/${field}`, message: detail }] });

/** Answers which of several objects is meant, by saying that none was named and which there are. */
function choose(field: string, what: string, found: readonly InventoryRecord[], { inventory }: Reads): GatewayError {
  const named = found.slice(0, 20).map(({ id, name }) => ({ id, name, path: inventory.path(id) }));
  const detail = `Name the ${what}: there ${named.length === 0 ? 'is none to choose' : `are ${named.map(({ path }) => path).join(', ')}`}.`;
  return new GatewayError('invalid_input', detail, {
    errors: [{ pointer: `/${field}`, message: `Name the ${what}` }],
    candidates: named,
  });
}

/** The cluster, or lone host's compute resource, that a request names by either. */
export function computeOf(
  cluster: ClusterRecord | undefined,
  host: HostRecord | undefined,
  { inventory }: Pick<Context, 'inventory'>,
): ClusterRecord | undefined {
  if (cluster !== undefined && host !== undefined && host.parent !== cluster.id)
    throw wrong('host', `The host '${host.name}' is not in the cluster '${cluster.name}'.`);
  return cluster ?? (host?.parent == null ? undefined : inventory.get('cluster', host.parent));
}

/**
 * The pool inside a cluster that somebody named: the named pool, else the preferred one that is in it, else its root pool.
 * Without a cluster, what was named or preferred.
 * @throws GatewayError `invalid_input` for a pool of another cluster.
 */
export function poolWithin(
  named: PoolRecord | undefined,
  compute: ClusterRecord | undefined,
  preferred: PoolRecord | undefined,
  { inventory }: Pick<Context, 'inventory'>,
): PoolRecord | undefined {
  if (compute === undefined) return named ?? preferred;
  if (named !== undefined && named.owner !== compute.id)
    throw wrong('pool', `The resource pool '${named.name}' does not belong to '${compute.name}'.`);
  const root = compute.resource_pool === null ? undefined : inventory.get('pool', compute.resource_pool);
  return named ?? (preferred?.owner === compute.id ? preferred : root);
}

function poolOf(
  named: PoolRecord | undefined,
  compute: ClusterRecord | undefined,
  source: VmRecord | undefined,
  anchor: InventoryRecord | undefined,
  context: Reads,
): PoolRecord {
  const { inventory, provisioning } = context;
  const byDefault = nearestDefault('pool', provisioning.pool, anchor, context);
  // A template belongs to no pool, whatever it may still name.
  const ofSource =
    source?.resource_pool == null || source.template ? undefined : inventory.get('pool', source.resource_pool);
  const fits = compute === undefined || byDefault?.owner === compute.id;
  const found = poolWithin(named, compute, fits ? (byDefault ?? ofSource) : ofSource, context);
  if (found !== undefined) return found;
  const datacenter = anchor === undefined ? undefined : datacenterOf(anchor.id, context);
  const roots = inventory
    .all('cluster')
    .filter(
      ({ id, vcenter }) =>
        anchor === undefined || (vcenter === anchor.vcenter && datacenterOf(id, context) === datacenter),
    )
    .flatMap(({ resource_pool }) => (resource_pool === null ? [] : (inventory.get('pool', resource_pool) ?? [])));
  const [only, ...others] = roots;
  if (only === undefined || others.length > 0) throw choose('pool', 'pool, cluster or host', roots, context);
  return only;
}

/** @throws GatewayError `invalid_input` for a folder that takes no VMs. */
export function folderForVms(
  reference: string,
  near: InventoryRecord | undefined,
  context: Pick<Context, 'inventory'>,
): FolderRecord {
  const folder = nearest('folder', reference, near, context, forVms);
  if (forVms(folder)) return folder;
  throw wrong(
    'folder',
    `'${context.inventory.path(folder.id)}' is no folder for VMs; folder.list with child_type VirtualMachine shows those.`,
  );
}

function folderOf(
  named: FolderRecord | undefined,
  source: VmRecord | undefined,
  pool: PoolRecord,
  context: Reads,
): FolderRecord {
  const { inventory, provisioning } = context;
  if (named !== undefined) return named;
  const byDefault = nearestDefault('folder', provisioning.folder, pool, context, forVms);
  if (byDefault !== undefined) return byDefault;
  const datacenter = datacenterOf(pool.id, context);
  const ofSource = source?.parent == null ? undefined : inventory.get('folder', source.parent);
  if (ofSource !== undefined && datacenterOf(ofSource.id, context) === datacenter) return ofSource;
  const root = datacenter === undefined ? null : inventory.get('datacenter', datacenter)?.vm_folder;
  const folder = root == null ? undefined : inventory.get('folder', root);
  if (folder === undefined) throw choose('folder', 'folder', inventory.all('folder').filter(forVms), context);
  return folder;
}

/**
 * Settles where a new VM goes. The request comes first, then the configured defaults, then what the source has.
 * @param source what is cloned; undefined for a VM from nothing.
 * @throws GatewayError `invalid_input` where the parts do not fit together, or nothing says what of several is meant.
 */
export function place(where: Where, source: VmRecord | undefined, context: Reads): Place {
  const cluster = where.cluster === undefined ? undefined : nearest('cluster', where.cluster, source, context);
  const host = where.host === undefined ? undefined : nearest('host', where.host, source ?? cluster, context);
  let anchor: InventoryRecord | undefined = source ?? cluster ?? host;
  const namedPool =
    where.pool === undefined ? undefined : nearest('pool', where.pool, host ?? cluster ?? source, context);
  anchor ??= namedPool;
  const near = host ?? cluster ?? namedPool ?? source;
  const namedFolder = where.folder === undefined ? undefined : folderForVms(where.folder, near, context);
  anchor ??= namedFolder;
  const pool = poolOf(namedPool, computeOf(cluster, host, context), source, anchor, context);
  const folder = folderOf(namedFolder, source, pool, context);
  const datastore =
    where.datastore === undefined
      ? nearestDefaultDatastore(pool, context)
      : nearestDatastore(where.datastore, pool, context);
  return { folder, pool, host, datastore };
}

function nearestDefaultDatastore(pool: PoolRecord, context: Reads): DatastoreRecord | undefined {
  const { datastore } = context.provisioning;
  if (datastore === null) return undefined;
  const named = (['datastore', 'folder'] as const).flatMap((kind) => context.inventory.resolve(kind, datastore));
  if (named.length > 0 && named.every(({ vcenter }) => vcenter !== pool.vcenter)) return undefined;
  return nearestDatastore(datastore, pool, context);
}

/** @throws GatewayError `invalid_input` with the datastores that hosts of the pool reach. */
export function datastoreNeeded(pool: PoolRecord, context: Reads): GatewayError {
  const { inventory } = context;
  const reachable = pool.owner === null ? undefined : inventory.get('cluster', pool.owner)?.datastores;
  const found = (reachable ?? []).flatMap((id) => inventory.get('datastore', id) ?? []);
  return choose('datastore', 'datastore', found, context);
}
