/** All records of one vCenter with their indexes: what readers look things up in. Knows nothing of SOAP. */
import { type InventoryRecord, KINDS, type Kind, type RecordOf } from '../model.ts';
import { changedFields, NONE_CHANGED } from './diff.ts';
import { MultiIndex } from './multi-index.ts';
import type { Pacer } from './pacer.ts';
import { type Edit, Sorted } from './sorted.ts';
import { encodeName } from './values.ts';

/** One object's change, as it was applied. */
export interface Applied {
  readonly action: 'added' | 'modified' | 'removed';
  /** After the change; for a removal the last known. */
  readonly record: InventoryRecord;
  readonly previous: InventoryRecord | null;
  readonly changed: readonly string[];
}

/** By id: the record an object has from now on, or null for an object that is gone. */
export type Batch = ReadonlyMap<string, InventoryRecord | null>;

type SortedByKind = { readonly [K in Kind]: Sorted<RecordOf[K]> };

/** Kinds that paths of other objects lead through. */
const ANCESTORS: ReadonlySet<Kind> = new Set(['folder', 'datacenter', 'cluster', 'pool']);
const VM_RELATIONS: ReadonlySet<string> = new Set(['host', 'resource_pool', 'datastores', 'networks']);
const MAX_DEPTH = 64;

export class Store {
  readonly #records = new Map<string, InventoryRecord>();
  readonly #sorted: SortedByKind = {
    vm: new Sorted(),
    host: new Sorted(),
    cluster: new Sorted(),
    datastore: new Sorted(),
    network: new Sorted(),
    folder: new Sorted(),
    datacenter: new Sorted(),
    pool: new Sorted(),
  };
  readonly #children = new MultiIndex();
  readonly #vms = new MultiIndex();
  readonly #uuids = new MultiIndex();
  readonly #paths = new Map<string, string>();

  get size(): number {
    return this.#records.size;
  }

  find(id: string): InventoryRecord | undefined {
    return this.#records.get(id);
  }

  all<K extends Kind>(kind: K): readonly RecordOf[K][] {
    return this.#sorted[kind].items;
  }

  /** Ids of the objects whose parent is `id`. */
  children(id: string): readonly string[] {
    return this.#children.get(id);
  }

  /** Ids of the VMs on that host, or in that pool, datastore or network. */
  vmsOf(id: string): readonly string[] {
    return this.#vms.get(id);
  }

  named(kind: Kind, name: string): readonly InventoryRecord[] {
    return this.#sorted[kind].named(name);
  }

  /** By config.uuid or config.instanceUuid of a VM, or the hardware UUID of a host; case does not count. */
  withUuid(kind: Kind, uuid: string): readonly InventoryRecord[] {
    const ids = this.#uuids.get(uuid.toLowerCase());
    return ids.map((id) => this.#records.get(id)).filter((record) => record?.kind === kind) as InventoryRecord[];
  }

  /** `/DC0/vm/Prod/web-01`, each name as vCenter writes it. The root folder is `/`; its own name stands in no path. */
  path(id: string): string {
    return this.#path(id, MAX_DEPTH) || (this.#records.has(id) ? '/' : '');
  }

  #path(id: string, depth: number): string {
    const cached = this.#paths.get(id);
    if (cached !== undefined) return cached;
    const record = this.#records.get(id);
    // No record: the account may not see that ancestor, so the path begins below it.
    if (record === undefined || record.parent === null || depth === 0) return '';
    const path = `${this.#path(record.parent, depth - 1)}/${encodeName(record.name)}`;
    this.#paths.set(id, path);
    return path;
  }

  /** Applies one set of changes, all of it, and tells what it changed. What is already so is left out. */
  apply(batch: Batch): Applied[] {
    const applied: Applied[] = [];
    for (const [id, after] of batch) {
      const before = this.#records.get(id);
      if (after === null) {
        if (before !== undefined)
          applied.push({ action: 'removed', record: before, previous: before, changed: NONE_CHANGED });
      } else if (before === undefined) {
        applied.push({ action: 'added', record: after, previous: null, changed: NONE_CHANGED });
      } else if (before.kind !== after.kind) {
        // vCenter gave the reference to something else.
        applied.push({ action: 'removed', record: before, previous: before, changed: NONE_CHANGED });
        applied.push({ action: 'added', record: after, previous: null, changed: NONE_CHANGED });
      } else {
        const changed = changedFields(before, after);
        if (changed.length > 0) applied.push({ action: 'modified', record: after, previous: before, changed });
      }
    }
    for (const change of applied) this.#index(change);
    for (const kind of KINDS) this.#sort(kind, applied);
    return applied;
  }

  #index({ action, record, previous, changed }: Applied): void {
    if (action === 'removed') {
      this.#records.delete(record.id);
      this.#unlink(record);
    } else {
      this.#records.set(record.id, record);
      if (previous === null) this.#link(record);
      else if (changed.some(isIndexed)) {
        this.#unlink(previous);
        this.#link(record);
      }
    }
    if (action === 'modified' && !changed.includes('name') && !changed.includes('parent')) return;
    if (ANCESTORS.has(record.kind)) this.#paths.clear();
    else this.#paths.delete(record.id);
  }

  #link(record: InventoryRecord): void {
    const { id, parent } = record;
    if (parent !== null) this.#children.add(parent, id);
    for (const uuid of uuidsOf(record)) this.#uuids.add(uuid, id);
    for (const place of placesOf(record)) this.#vms.add(place, id);
  }

  #unlink(record: InventoryRecord): void {
    const { id, parent } = record;
    if (parent !== null) this.#children.delete(parent, id);
    for (const uuid of uuidsOf(record)) this.#uuids.delete(uuid, id);
    for (const place of placesOf(record)) this.#vms.delete(place, id);
  }

  #sort<K extends Kind>(kind: K, applied: readonly Applied[]): void {
    const edits: Edit<RecordOf[K]>[] = [];
    for (const { action, record, previous } of applied) {
      if (record.kind !== kind) continue;
      // The kind was just compared, which TypeScript does not carry over to the type parameter.
      const [after, before] = [record, previous ?? undefined] as [RecordOf[K], RecordOf[K] | undefined];
      edits.push({ before, after: action === 'removed' ? undefined : after });
    }
    this.#sorted[kind].apply(edits);
  }

  /**
   * Compares this store, read afresh, with the one it is going to replace. Records that are equal become the old objects
   * again, and lists without a change the old arrays, so that what readers derived from them stays valid.
   */
  async succeed(old: Store, pacer: Pacer): Promise<Applied[]> {
    const applied: Applied[] = [];
    for (const before of old.#records.values()) {
      if (this.#records.get(before.id)?.kind !== before.kind) {
        applied.push({ action: 'removed', record: before, previous: before, changed: NONE_CHANGED });
      }
      await pacer.pause();
    }
    for (const record of this.#records.values()) {
      const before = old.find(record.id);
      if (before === undefined || before.kind !== record.kind) {
        applied.push({ action: 'added', record, previous: null, changed: NONE_CHANGED });
      } else {
        const changed = changedFields(before, record);
        if (changed.length === 0) this.#records.set(record.id, before);
        else applied.push({ action: 'modified', record, previous: before, changed });
      }
      await pacer.pause();
    }
    const touched = new Set(applied.map(({ record }) => record.kind));
    for (const kind of KINDS) {
      this.#adopt(kind, touched.has(kind) ? undefined : old);
      await pacer.pause();
    }
    return applied;
  }

  #adopt<K extends Kind>(kind: K, unchanged: Store | undefined): void {
    const sorted: Sorted<RecordOf[K]> = this.#sorted[kind];
    // The map holds under each id what the list holds, or the old object that equals it.
    const items = unchanged?.all(kind) ?? sorted.items.map(({ id }) => this.#records.get(id) as RecordOf[K]);
    sorted.adopt(items);
  }
}

function isIndexed(field: string): boolean {
  return field === 'parent' || field === 'uuid' || field === 'instance_uuid' || VM_RELATIONS.has(field);
}

function uuidsOf(record: InventoryRecord): readonly string[] {
  if (record.kind !== 'vm' && record.kind !== 'host') return [];
  const all = record.kind === 'vm' ? [record.uuid, record.instance_uuid] : [record.uuid];
  return all.filter((uuid) => uuid !== null).map((uuid) => uuid.toLowerCase());
}

function placesOf(record: InventoryRecord): readonly string[] {
  if (record.kind !== 'vm') return [];
  const single = [record.host, record.resource_pool].filter((id) => id !== null);
  return [...single, ...record.datastores, ...record.networks];
}
