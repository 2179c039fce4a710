import { describe, expect, test } from 'vitest';
import type { Generation } from '../../../src/live/inventory/generation.ts';
import { Pacer } from '../../../src/live/inventory/pacer.ts';
import { resolveIn } from '../../../src/live/inventory/resolve.ts';
import type { Store } from '../../../src/live/inventory/store.ts';
import { encodeName } from '../../../src/live/inventory/values.ts';
import { type InventoryRecord, KINDS } from '../../../src/live/model.ts';
import type { ObjectUpdate } from '../../../src/vsphere/vim25/types.ts';
import { enter, enterVm, leave, modify, newGeneration, ref, refs, SITE } from './updates.ts';

/** A small linear congruential generator: the same seed gives the same story. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const FOLDERS = ['group-v1', 'group-v2', 'group-v3', 'group-v4'];
const NAMES = ['a', 'b', 'B', 'b%2fc', 'ä', '100%25'];

/** One update, drawn at random, of a folder or one of 30 VMs. */
function draw(roll: (sides: number) => number): ObjectUpdate {
  const pick = (from: readonly string[]) => from[roll(from.length)] ?? '';
  if (roll(6) === 0) {
    // Only below a lower one, so that no cycle comes about.
    const index = 1 + roll(FOLDERS.length - 1);
    const parent = ref(FOLDERS[roll(index)] ?? '');
    return enter(FOLDERS[index] ?? '', { name: pick(NAMES), parent });
  }
  const moref = `vm-${roll(30)}`;
  const places = { 'runtime.host': ref(`host-${1 + roll(2)}`), datastore: roll(2) === 0 ? [] : refs('ds-1') };
  const deeds = [
    () => leave(moref),
    () => enterVm(moref, pick(NAMES), { parent: ref(pick(FOLDERS)), ...places }),
    () => modify(moref, { name: pick(NAMES) }),
    () => modify(moref, { parent: ref(pick(FOLDERS)) }),
    () => modify(moref, places),
    () => modify(moref, { 'config.uuid': `42000000-0000-0000-0000-${String(roll(5)).padStart(12, '0')}` }),
  ];
  return deeds[roll(deeds.length)]?.() ?? leave(moref);
}

function naivePath(records: ReadonlyMap<string, InventoryRecord>, record: InventoryRecord): string {
  if (record.parent === null) return '';
  const parent = records.get(record.parent);
  return `${parent === undefined ? '' : naivePath(records, parent)}/${encodeName(record.name)}`;
}

/** Everything that the store looks up in an index, computed anew from the records alone. */
function expectConsistent(store: Store): void {
  const records = new Map(KINDS.flatMap((kind) => store.all(kind)).map((record) => [record.id, record]));
  expect(records.size).toBe(store.size);
  const all = [...records.values()];
  for (const kind of KINDS) {
    const expected = all
      .filter((record) => record.kind === kind)
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1));
    expect(store.all(kind).map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  }
  for (const record of all) {
    expect(store.find(record.id)).toBe(record);
    expect(store.path(record.id)).toBe(naivePath(records, record) || '/');
    const children = all.filter(({ parent }) => parent === record.id).map(({ id }) => id);
    expect([...store.children(record.id)].sort()).toEqual(children.sort());
    const vms = all.filter((vm) => vm.kind === 'vm' && (vm.host === record.id || vm.datastores.includes(record.id)));
    expect([...store.vmsOf(record.id)].sort()).toEqual(vms.map(({ id }) => id).sort());
    const namesakes = all.filter(({ kind, name }) => kind === record.kind && name === record.name);
    expect(new Set(resolveIn(store, record.kind, record.name))).toEqual(new Set(namesakes));
    expect(resolveIn(store, record.kind, store.path(record.id))).toContain(record);
    if (record.kind !== 'vm' || record.uuid === null) continue;
    const twins = all.filter((vm) => vm.kind === 'vm' && vm.uuid === record.uuid);
    expect(new Set(resolveIn(store, 'vm', record.uuid))).toEqual(new Set(twins));
  }
}

/** What a listener knows that has followed every change. */
function replay(known: Map<string, InventoryRecord>, applied: ReturnType<Generation['apply']>): void {
  for (const { action, record, previous, changed } of applied) {
    expect(previous).toBe(known.get(record.id) ?? null);
    expect(changed.length > 0).toBe(action === 'modified');
    if (action === 'removed') known.delete(record.id);
    else known.set(record.id, record);
  }
}

describe.each([1, 2, 3, 4])('after any story of changes (seed %i)', (seed) => {
  test('the indexes are what the records say, and the changes add up to the records', () => {
    const roll = dice(seed);
    const generation = newGeneration();
    const known = new Map<string, InventoryRecord>();
    replay(known, generation.apply(SITE));
    for (let step = 0; step < 60; step += 1) {
      replay(known, generation.apply(Array.from({ length: 1 + roll(8) }, () => draw(roll))));
      expectConsistent(generation.store);
    }
    expect(known.size).toBe(generation.store.size);
    for (const [id, record] of known) expect(generation.store.find(id)).toBe(record);
  });

  test('a fresh reading takes over with the differences alone', async () => {
    const roll = dice(seed);
    const [old, fresh] = [newGeneration(), newGeneration()];
    for (const generation of [old, fresh]) generation.apply(SITE);
    const common = Array.from({ length: 40 }, () => draw(roll));
    for (const generation of [old, fresh]) generation.apply(common);
    fresh.apply(Array.from({ length: 10 }, () => draw(roll)));
    const known = new Map(KINDS.flatMap((kind) => old.store.all(kind)).map((record) => [record.id, record]));
    replay(known, await fresh.store.succeed(old.store, new Pacer()));
    expectConsistent(fresh.store);
    expect(known.size).toBe(fresh.store.size);
    for (const [id, record] of known) expect(fresh.store.find(id)).toBe(record);
  });
});

test('a reading that brings nothing new keeps the records and the lists as they are', async () => {
  const [old, fresh] = [newGeneration(), newGeneration()];
  for (const generation of [old, fresh]) generation.apply([...SITE, enterVm('vm-1', 'a', { datastore: refs('ds-1') })]);
  expect(fresh.store.find('lab:vm-1')).not.toBe(old.store.find('lab:vm-1'));
  expect(await fresh.store.succeed(old.store, new Pacer())).toEqual([]);
  expect(fresh.store.find('lab:vm-1')).toBe(old.store.find('lab:vm-1'));
  for (const kind of KINDS) expect(fresh.store.all(kind)).toBe(old.store.all(kind));
});
