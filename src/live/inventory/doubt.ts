/** When vCenter's word that objects are gone is not to be believed at once. */
import type { MoRef, ObjectUpdate } from '../../vsphere/vim25/types.ts';
import { KINDS, toId } from '../model.ts';
import type { Store } from './store.ts';

/** The stream of updates, or a reading, says something unlikely: it is read afresh before it is believed. */
export class Doubt extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Doubt';
  }
}

const LIKELY_LOSS = 10;
const LIKELY_SHARE = 0.2;

/** Kinds of which a store would lose more than 10 objects and more than a fifth. */
export function heavyLosses(store: Store, isGone: (id: string) => boolean): string[] {
  return KINDS.filter((kind) => {
    const all = store.all(kind);
    const likely = Math.max(LIKELY_LOSS, all.length * LIKELY_SHARE);
    let gone = 0;
    for (const { id } of all) if (isGone(id)) gone += 1;
    return gone > likely;
  });
}

/** The objects known to the store that are gone after these updates. */
export function goneAfter(updates: readonly ObjectUpdate[], store: Store, vcenter: string): Map<string, MoRef> {
  const gone = new Map<string, MoRef>();
  for (const { kind, obj } of updates) {
    const id = toId(vcenter, obj.value);
    if (kind !== 'leave') gone.delete(id);
    else if (store.find(id) !== undefined) gone.set(id, obj);
  }
  return gone;
}
