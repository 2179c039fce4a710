/** Snapshots: what vSphere holds after each operation, read past the gateway. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VmRecord } from '../../src/live/model.ts';
import type { VirtualMachineSnapshotInfo, VirtualMachineSnapshotTree } from '../../src/vsphere/vim25/types.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type Gateway, startGateway, until } from '../support/gateway.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { envelope } from '../support/soap-server.ts';

let lab: Lab;
let proxy: FaultProxy;
let gateway: Gateway;
beforeAll(async () => {
  lab = await startLab({ vms: 60, args: ['-still'] });
  proxy = await startFaultProxy(lab);
  gateway = await startGateway({ vcenters: [proxy.config()], config: { metrics: { enabled: false } } });
});
afterAll(async () => {
  await gateway?.close();
  await proxy?.stop();
  await lab?.stop();
});

const taken = new Set<string>();
function bareVm(): VmRecord {
  const vm = gateway.app.services.inventory
    .all('vm')
    .find(({ id, template, snapshots }) => !template && snapshots.length === 0 && !taken.has(id))!;
  taken.add(vm.id);
  return vm;
}

/** The tree as vSphere has it: `base(updated!)`, where ! is the current one. */
async function treeOf(vm: VmRecord): Promise<string> {
  const session = gateway.app.services.targets.get('lab')!.session('requests');
  const { snapshot } = await session.read({ $type: 'VirtualMachine', value: vm.moref }, ['snapshot']);
  const info = snapshot as VirtualMachineSnapshotInfo | undefined;
  const draw = (trees: readonly VirtualMachineSnapshotTree[] = []): string =>
    trees
      .map((tree) => {
        const mark = tree.snapshot.value === info?.currentSnapshot?.value ? '!' : '';
        const below = draw(tree.childSnapshotList);
        return `${tree.name}${mark}${below === '' ? '' : `(${below})`}`;
      })
      .join(' ');
  return draw(info?.rootSnapshotList);
}

const call = (operation: string, input: object) => gateway.rpc(operation, input);
async function must(operation: string, input: object) {
  const { result, error } = await call(operation, input);
  expect(error).toBeUndefined();
  return result as Record<string, unknown>;
}
async function refused(operation: string, input: object) {
  const { error } = await call(operation, input);
  return (error as { data: Record<string, unknown> }).data;
}

/** base → middle → top, the VM on top of the last. */
async function tower(): Promise<VmRecord> {
  const vm = bareVm();
  for (const name of ['base', 'middle', 'top']) await must('vm.snapshot.create', { vm: vm.id, name, wait: 20 });
  return vm;
}

describe('a snapshot', () => {
  it('is on top of the one before it, and the next read shows it with the id that the task gave', async () => {
    const vm = bareVm();
    await must('vm.snapshot.create', { vm: vm.id, name: 'base', description: 'first', wait: 20 });
    const { result } = await must('vm.snapshot.create', { vm: vm.id, name: 'updated', wait: 20 });
    expect(await treeOf(vm)).toBe('base(updated!)');
    const list = await must('vm.snapshot.list', { vm: vm.id });
    expect(list).toMatchObject({ total: 2, current: (result as { id: string }).id });
    expect(list['items']).toMatchObject([
      { name: 'base', description: 'first', depth: 1, path: '/base', current: false, children: 1, parent: null },
      { name: 'updated', depth: 2, path: '/base/updated', current: true, children: 0 },
    ]);
  });

  it('is gone back to by id, reference, name or as the current one', async () => {
    const vm = await tower();
    const { items } = await must('vm.snapshot.list', { vm: vm.id });
    const [base, middle] = items as { id: string; moref: string }[];
    const revert = (snapshot: string) =>
      must('vm.snapshot.revert', { vm: vm.id, snapshot, confirm: vm.name, wait: 20 });
    await revert(base!.id);
    expect(await treeOf(vm)).toBe('base!(middle(top))');
    await revert(middle!.moref);
    expect(await treeOf(vm)).toBe('base(middle!(top))');
    await revert('top');
    expect(await treeOf(vm)).toBe('base(middle(top!))');
    await revert('current');
    expect(await treeOf(vm)).toBe('base(middle(top!))');
  });

  it('is removed alone, and what is below it moves up', async () => {
    const vm = await tower();
    await must('vm.snapshot.remove', { vm: vm.id, snapshot: 'middle', confirm: vm.name, wait: 20 });
    expect(await treeOf(vm)).toBe('base(top!)');
  });

  it('is removed with everything below it, and the plan names all of it', async () => {
    const vm = await tower();
    const input = { vm: vm.id, snapshot: 'middle', children: true };
    const plan = await must('vm.snapshot.remove', { ...input, dry_run: true });
    expect((plan['targets'] as { name: string }[]).map(({ name }) => name)).toEqual([vm.name, 'middle', 'top']);
    expect(plan['impact']).toContain('the 1 below it');
    await must('vm.snapshot.remove', { ...input, confirm: vm.name, wait: 20 });
    expect(await treeOf(vm)).toMatch(/^base!?$/);
  });

  it('goes with all others', async () => {
    const vm = await tower();
    await must('vm.snapshot.remove_all', { vm: vm.id, confirm: vm.name, wait: 20 });
    expect(await treeOf(vm)).toBe('');
    expect(await must('vm.snapshot.list', { vm: vm.id })).toMatchObject({ items: [], total: 0, current: null });
  });
});

describe('a name that two snapshots have', () => {
  it('is refused with both of them, before anything is done', async () => {
    const vm = bareVm();
    for (const name of ['same', 'same']) await must('vm.snapshot.create', { vm: vm.id, name, wait: 20 });
    const problem = await refused('vm.snapshot.revert', { vm: vm.id, snapshot: 'same', confirm: vm.name });
    expect(problem).toMatchObject({
      code: 'ambiguous_name',
      candidates: [
        { name: 'same', path: '/same' },
        { name: 'same', path: '/same/same' },
      ],
    });
    const [, inner] = problem['candidates'] as { id: string }[];
    const plan = await must('vm.snapshot.remove', { vm: vm.id, snapshot: inner!.id, dry_run: true });
    expect((plan['targets'] as object[]).length).toBe(2);
  });
});

describe('a snapshot of another VM', () => {
  it('is not found, by whatever it is called', async () => {
    const [vm, other] = [await tower(), bareVm()];
    const { current } = await must('vm.snapshot.list', { vm: vm.id });
    for (const snapshot of [current, 'base']) {
      expect(await refused('vm.snapshot.remove', { vm: other.id, snapshot })).toMatchObject({
        code: 'not_found',
        detail: `'${other.name}' has no snapshots.`,
      });
    }
  });
});

describe('a new name', () => {
  it('goes to vSphere alone, without a description that was not given', async () => {
    const vm = bareVm();
    await must('vm.snapshot.create', { vm: vm.id, name: 'old', description: 'kept', wait: 20 });
    const bodies: string[] = [];
    const rule = proxy.rule({
      method: 'RenameSnapshot',
      where: (body) => bodies.push(body) > 0,
      action: {
        kind: 'respond',
        status: 200,
        type: 'text/xml',
        body: envelope('<RenameSnapshotResponse xmlns="urn:vim25"/>'),
      },
    });
    // The stub changes nothing, so the update that vSphere would send is made of another one.
    const update = proxy.rule({
      method: 'WaitForUpdatesEx',
      action: { kind: 'rewrite', edit: (body) => body.replaceAll('>old<', '>new<') },
    });
    await lab.change({ op: 'annotate', vm: vm.moref, text: 'ends the wait that began before the rule' });
    const renamed = call('vm.snapshot.rename', { vm: vm.id, snapshot: 'old', name: 'new' });
    await until('the call arrives', () => rule.hits() === 1);
    const session = gateway.app.services.targets.get('lab')!.session('requests');
    const another = { name: 'another', memory: false, quiesce: false };
    await session.call('CreateSnapshot_Task', { $type: 'VirtualMachine', value: vm.moref }, another);
    expect(await renamed).toMatchObject({ result: { vm: vm.id, name: 'new', description: 'kept' } });
    const [first] = (await must('vm.snapshot.list', { vm: vm.id }))['items'] as object[];
    expect(first).toMatchObject({ name: 'new' });
    expect(bodies[0]).toMatch(/type="VirtualMachineSnapshot"[^>]*>snapshot-\d+</);
    expect(bodies[0]).toContain('<name>new</name>');
    expect(bodies[0]).not.toContain('description');
    rule.remove();
    update.remove();
  });
});

describe('a dry run', () => {
  it('of each of them calls nothing that changes', async () => {
    const vm = await tower();
    await lab.resetStats();
    const input = { vm: vm.id, dry_run: true };
    await must('vm.snapshot.create', { ...input, name: 'x' });
    for (const verb of ['revert', 'remove']) await must(`vm.snapshot.${verb}`, { ...input, snapshot: 'base' });
    await must('vm.snapshot.rename', { ...input, snapshot: 'base', description: '' });
    await must('vm.snapshot.remove_all', input);
    const { WaitForUpdatesEx: _w, RetrievePropertiesEx: _r, ...others } = (await lab.stats()).method;
    expect(others).toEqual({});
  });
});

describe('the report', () => {
  it('holds every snapshot once, the oldest first, and pages over them', async () => {
    await tower();
    const all = await must('report.snapshots', { limit: 1000 });
    const { inventory } = gateway.app.services;
    const items = all['items'] as { id: string; created_at: string; vm: string }[];
    expect(items.length).toBe(all['total']);
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    expect(items.map(({ created_at }) => created_at)).toEqual(items.map(({ created_at }) => created_at).sort());
    const withSome = inventory.all('vm').filter(({ snapshots }) => snapshots.length > 0);
    expect(new Set(items.map(({ vm }) => vm))).toEqual(new Set(withSome.map(({ id }) => id)));

    const paged: string[] = [];
    for (let cursor: unknown; cursor !== null; ) {
      const page = await must('report.snapshots', { limit: 4, ...(cursor === undefined ? {} : { cursor }) });
      paged.push(...(page['items'] as { id: string }[]).map(({ id }) => id));
      cursor = page['next_cursor'];
    }
    expect(paged).toEqual(items.map(({ id }) => id));
  });

  it('leaves out what is younger than asked', async () => {
    await tower();
    expect(await must('report.snapshots', { older_than_days: 0.5 })).toMatchObject({ total: 0 });
    const { total } = await must('report.snapshots', { older_than_days: 0 });
    expect(total).toBeGreaterThan(0);
  });
});
