/** From an inventory path, a UUID or a name to objects. */
import type { InventoryRecord, Kind } from '../model.ts';
import type { Store } from './store.ts';
import { decodeName, encodeName } from './values.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** All objects of a kind that the reference names, each once. */
export function resolveIn(store: Store, kind: Kind, reference: string): InventoryRecord[] {
  const found = new Set(store.named(kind, reference));
  if (reference.startsWith('/')) for (const record of atPath(store, kind, reference)) found.add(record);
  if (UUID.test(reference)) for (const record of store.withUuid(kind, reference)) found.add(record);
  return [...found];
}

/** Names in the path may be encoded as vCenter does it or not; a slash within a name has to be `%2f`. */
function atPath(store: Store, kind: Kind, reference: string): InventoryRecord[] {
  const names = reference.split('/').slice(1).map(decodeName);
  if (names.length > 1 && names.at(-1) === '') names.pop();
  const path = `/${names.map(encodeName).join('/')}`;
  const candidates = path === '/' ? store.all(kind) : store.named(kind, names.at(-1) ?? '');
  return candidates.filter(({ id }) => store.path(id) === path);
}
