/** What differs between two records of one object. */
import { isDeepStrictEqual } from 'node:util';
import type { InventoryRecord } from '../model.ts';

export const NONE_CHANGED: readonly string[] = Object.freeze([]);

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  return typeof a === 'object' && typeof b === 'object' && isDeepStrictEqual(a, b);
}

/** Names of the fields whose values differ. */
export function changedFields(before: InventoryRecord, after: InventoryRecord): readonly string[] {
  if (before === after) return NONE_CHANGED;
  const changed: string[] = [];
  for (const [field, value] of Object.entries(after)) {
    if (!same(Reflect.get(before, field), value)) changed.push(field);
  }
  // The one field that may be missing.
  if (before.unreadable !== undefined && after.unreadable === undefined) changed.push('unreadable');
  return changed.length === 0 ? NONE_CHANGED : changed;
}
