/** What the records of all kinds have in common: the fields of ManagedEntity. */
import type { MoRef } from '../../../vsphere/vim25/types.ts';
import { type InventoryRecord, toId } from '../../model.ts';
import type { ChangeOf, EntityProperties } from '../properties.ts';
import { decodeName, type Scope } from '../values.ts';

/** The fields that every record begins with. */
export type Identity = Pick<
  InventoryRecord,
  'id' | 'vcenter' | 'moref' | 'type' | 'name' | 'parent' | 'custom_attributes' | 'unreadable'
>;

export const NO_ATTRIBUTES: Readonly<Record<string, string>> = Object.freeze({});

export function identityOf(ref: MoRef, scope: Scope): Identity {
  return {
    id: toId(scope.vcenter, ref.value),
    vcenter: scope.vcenter,
    moref: ref.value,
    type: ref.$type,
    name: '',
    parent: null,
    custom_attributes: NO_ATTRIBUTES,
  };
}

/** Sets the field of one property that all kinds have. `customValue` needs the names of the fields: see generation.ts. */
export function setEntity(record: InventoryRecord, change: ChangeOf<EntityProperties>, scope: Scope): void {
  if (change.name === 'name') record.name = decodeName(change.val);
  else if (change.name === 'parent') record.parent = scope.id(change.val);
}
