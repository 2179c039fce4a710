import { expect, test } from 'vitest';
import { goneAfter, heavyLosses } from '../../../src/live/inventory/doubt.ts';
import { enterVm, generationWith, leave } from './updates.ts';

function withVms(count: number) {
  return generationWith(...Array.from({ length: count }, (_, index) => enterVm(`vm-${index}`, `vm ${index}`))).store;
}

function losing(count: number): (id: string) => boolean {
  const gone = new Set(Array.from({ length: count }, (_, index) => `lab:vm-${index}`));
  return (id) => gone.has(id);
}

test.each([
  [10, 10, []],
  [11, 11, ['vm']],
  [100, 20, []],
  [100, 21, ['vm']],
  [50, 11, ['vm']],
  [60, 12, []],
])('of %i VMs, %i may be gone without a second look: not %o', (vms, gone, doubted) => {
  expect(heavyLosses(withVms(vms), losing(gone))).toEqual(doubted);
});

test('only objects that are known and do not come back in the same set are gone', () => {
  const updates = [leave('vm-1'), leave('vm-2'), enterVm('vm-2', 'back'), leave('vm-404')];
  expect([...goneAfter(updates, withVms(3), 'lab').keys()]).toEqual(['lab:vm-1']);
});
