/** From what a caller calls an object (id, path, UUID, name) to the object. */
import type { Context } from '../context.ts';
import { GatewayError } from '../errors.ts';
import { fromId, type Kind, type RecordOf } from '../live/model.ts';

const WORDS: Record<Kind, string> = {
  vm: 'VM',
  host: 'host',
  cluster: 'cluster',
  datastore: 'datastore',
  network: 'network',
  folder: 'folder',
  datacenter: 'datacenter',
  pool: 'resource pool',
};

type Reads = Pick<Context, 'inventory'>;

/** While a vCenter is still loading, "not found" would be a guess. */
function refuseWhileLoading(reference: string, { inventory }: Reads): void {
  const vcenter = fromId(reference)?.vcenter;
  const statuses = inventory.statuses();
  const loading = statuses.filter((status) => !status.ready);
  const named = loading.find((status) => status.vcenter === vcenter);
  const culprit = named ?? (statuses.some((status) => status.vcenter === vcenter) ? undefined : loading[0]);
  if (culprit === undefined) return;
  throw new GatewayError(
    'inventory_loading',
    `The inventory of '${culprit.vcenter}' is not loaded yet${culprit.reason === null ? '' : ` (${culprit.reason})`}; try again shortly.`,
    { retry_after: 2 },
  );
}

/**
 * The one object that a reference names.
 * @throws GatewayError `not_found`, `ambiguous_name` with the candidates, or `inventory_loading`.
 */
export function resolveOne<K extends Kind>(kind: K, reference: string, context: Reads): RecordOf[K] {
  const { inventory } = context;
  const byId = inventory.get(kind, reference);
  if (byId !== undefined) return byId;
  const found = inventory.resolve(kind, reference);
  const [only] = found;
  if (only === undefined) {
    refuseWhileLoading(reference, context);
    throw new GatewayError(
      'not_found',
      `No ${WORDS[kind]} is called '${reference}'. ${kind}.list shows what there is.`,
    );
  }
  if (found.length > 1) {
    throw new GatewayError(
      'ambiguous_name',
      `'${reference}' fits ${found.length} objects; use the id or the path of the one you mean.`,
      { candidates: found.slice(0, 20).map(({ id, name }) => ({ id, name, path: inventory.path(id) })) },
    );
  }
  return only as RecordOf[K];
}
