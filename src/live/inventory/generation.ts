/** One reading of a vCenter: turns object updates into records, page after page, and keeps what no record shows. */
import type { AnyCustomFieldValue, MissingProperty, ObjectUpdate } from '../../vsphere/vim25/types.ts';
import { type InventoryRecord, toId, type VmRecord } from '../model.ts';
import type { CustomFields } from './custom-fields.ts';
import { blank, kindOf, setProperty } from './records/kinds.ts';
import { guestAddresses } from './records/vm.ts';
import { type Applied, Store } from './store.ts';
import { cleanText, type Scope } from './values.ts';

/** What a field is made of together with other properties. */
interface Hidden {
  readonly primaryAddress: string | null;
  readonly customValues: readonly AnyCustomFieldValue[] | undefined;
}

/** Told when a value is not what vim25 declares; the property then counts as unreadable, and all else goes on. */
export type OnOddity = (id: string, path: string, error: unknown) => void;

const NOTHING_HIDDEN: Hidden = { primaryAddress: null, customValues: undefined };
/** Where vCenter cannot read the configuration of a VM, which nevertheless exists. */
const WITHOUT_CONFIG: ReadonlySet<string> = new Set(['disconnected', 'inaccessible', 'invalid', 'orphaned']);

export class Generation {
  readonly store = new Store();
  readonly #scope: Scope;
  readonly #fields: CustomFields;
  readonly #former: Store | undefined;
  readonly #onOddity: OnOddity;
  readonly #hidden = new Map<string, Hidden>();
  /** VMs that are being made, by id: they are shown once they are complete. */
  readonly #incomplete = new Map<string, VmRecord>();

  /** @param former what readers see until this generation replaces it. */
  constructor(scope: Scope, fields: CustomFields, former: Store | undefined, onOddity: OnOddity) {
    this.#scope = scope;
    this.#fields = fields;
    this.#former = former;
    this.#onOddity = onOddity;
  }

  /** Applies the updates of one page or update set, all of them. */
  apply(updates: readonly ObjectUpdate[]): Applied[] {
    const batch = new Map<string, InventoryRecord | null>();
    for (const update of updates) {
      const id = toId(this.#scope.vcenter, update.obj.value);
      if (update.kind === 'leave') {
        this.#incomplete.delete(id);
        this.#hidden.delete(id);
        batch.set(id, null);
        continue;
      }
      const record = this.#next(id, update, batch.get(id));
      if (record === undefined) continue;
      if (record.kind === 'vm' && this.#isHalfMade(record)) {
        this.#incomplete.set(id, record);
      } else {
        this.#incomplete.delete(id);
        batch.set(id, record);
      }
    }
    return this.store.apply(batch);
  }

  /** @param pending what an earlier update of the same set made of the object. */
  #next(id: string, update: ObjectUpdate, pending: InventoryRecord | null | undefined): InventoryRecord | undefined {
    const kind = kindOf(update.obj.$type);
    if (kind === undefined) return undefined;
    const known = pending === undefined ? (this.store.find(id) ?? this.#incomplete.get(id)) : pending;
    let draft: InventoryRecord;
    if (update.kind === 'enter') {
      this.#hidden.delete(id);
      draft = blank(kind, update.obj, this.#scope);
    } else {
      // Nothing was ever said of it but this: it cannot be shown.
      if (known?.kind !== kind) return undefined;
      draft = { ...known };
    }
    this.#fill(draft, update);
    return draft;
  }

  #fill(draft: InventoryRecord, { changeSet = [], missingSet = [] }: ObjectUpdate): void {
    const { primaryAddress, customValues } = this.#hidden.get(draft.id) ?? NOTHING_HIDDEN;
    const hidden = { primaryAddress, customValues };
    const formerParent = draft.parent;
    const unreadable = new Set(draft.unreadable);
    for (const change of changeSet) {
      unreadable.delete(change.name);
      try {
        if (change.name === 'customValue') hidden.customValues = change.val as AnyCustomFieldValue[] | undefined;
        else if (change.name === 'guest.ipAddress') hidden.primaryAddress = cleanText(change.val as string) || null;
        else setProperty(draft, formerParent, change, this.#scope);
      } catch (error) {
        unreadable.add(change.name);
        this.#onOddity(draft.id, change.name, error);
      }
    }
    for (const { path } of missingSet.filter(isForbidden)) unreadable.add(path);
    if (unreadable.size > 0) draft.unreadable = [...unreadable].sort();
    else delete draft.unreadable;
    if (hidden.customValues !== customValues) draft.custom_attributes = this.#fields.attributes(hidden.customValues);
    if (draft.kind === 'vm') draft.ip_addresses = guestAddresses(hidden.primaryAddress, draft.nics);
    if (hidden.primaryAddress !== null || (hidden.customValues?.length ?? 0) > 0) this.#hidden.set(draft.id, hidden);
    else this.#hidden.delete(draft.id);
  }

  /**
   * A clone or a new VM shows up before it has a configuration, and sometimes never gets one: it is no VM yet. One that
   * was whole before, or whose host or files cannot be reached, is a VM all the same.
   */
  #isHalfMade(vm: VmRecord): boolean {
    if (vm.uuid !== null || this.store.find(vm.id) !== undefined || this.#former?.find(vm.id) !== undefined)
      return false;
    return (
      vm.unreadable?.includes('config.uuid') !== true && (vm.host === null || !WITHOUT_CONFIG.has(vm.connection_state))
    );
  }
}

/** Not for a property that this version of vSphere does not have. */
function isForbidden({ fault }: MissingProperty): boolean {
  return fault.fault.$type !== 'InvalidProperty';
}
