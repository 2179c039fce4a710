/** What a dry run promises, held for every write in the catalogue: it says what would be done, and nothing is. */

import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../src/operations/index.ts';
import { vimSchema } from '../../src/vsphere/schema.ts';
import { Target } from '../../src/vsphere/target.ts';
import { CASES } from '../parity/cases.ts';
import { startWorld } from '../parity/world.ts';
import { mutatingCalls } from '../support/soap-methods.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
/** Looks at the simulator past the gateway. */
let witness: Target;

beforeAll(async () => {
  world = await startWorld();
  witness = new Target(world.lab.config('witness'), { log: pino({ level: 'silent' }), userAgent: 'witness' });
});
afterAll(async () => {
  await witness?.close();
  await world?.close();
});

/** Everything that the writes of the catalogue could change, as text. */
async function stateOfTheLab(): Promise<string> {
  const session = witness.session('requests');
  const { content } = await session.ready();
  const type = ['VirtualMachine', 'ManagedEntity'];
  const container = content.rootFolder;
  const view = await session.call('CreateContainerView', content.viewManager!, { container, type, recursive: true });
  const skip = [{ $type: 'TraversalSpec', name: 'v', type: 'ContainerView', path: 'view', skip: false }] as const;
  const paths = {
    VirtualMachine: ['config.changeVersion', 'config.annotation', 'config.hardware', 'config.extraConfig', 'snapshot'],
    ManagedEntity: ['name', 'parent', 'customValue'],
  };
  const propSet = [
    { type: 'ManagedEntity', pathSet: paths.ManagedEntity },
    {
      type: 'VirtualMachine',
      pathSet: [...paths.VirtualMachine, 'runtime.powerState', 'runtime.host', 'config.template'],
    },
  ];
  const objects: unknown[] = [];
  const specs = [{ propSet, objectSet: [{ obj: view, skip: true, selectSet: [...skip] }] }];
  for await (const page of session.retrieve(specs)) objects.push(...page);
  await session.call('DestroyView', view, {});
  if (content.customizationSpecManager !== undefined)
    objects.push(await session.read(content.customizationSpecManager, ['info']));
  expect(objects.length).toBeGreaterThan(200);
  return JSON.stringify(objects);
}

/** For writes whose cases fail here, or rely on what another case has done. */
const INPUTS: Record<string, () => Promise<Record<string, unknown>>> = {
  'task.cancel': async () => {
    await world.lab.set({ task: 60_000 });
    const { body } = await world.gateway.post(`/v1/vms/${world.own('off').id}/power`, { action: 'on' });
    await world.lab.set({ task: 0 });
    expect(body.state).toMatch(/queued|running/);
    return { task: body.id };
  },
  'vm.tpm.add': async () => {
    const vm = world.own('off').id;
    expect(await world.gateway.rpc('vm.boot.set', { vm, firmware: 'efi', wait: 20 })).toHaveProperty('result');
    return { vm };
  },
};

/** What the simulator has no state for: its dry run may only be refused. */
const IMPOSSIBLE: ReadonlySet<string> = new Set(['vm.answer']);

/** An input for which the write would be done, were it not for the dry run. */
async function inputOf(name: string): Promise<Record<string, unknown>> {
  const cases = CASES.filter((each) => each.operation === name);
  // A dry run needs no confirmation.
  const each =
    cases.find(({ fails }) => fails !== true) ??
    cases.find((one) => one.expect(world)['code'] === 'confirmation_required') ??
    cases[0];
  const { confirm: _confirm, ...input } = (await (INPUTS[name]?.() ?? each?.input(world, 'rpc'))) ?? {};
  // The cases of guests show what happens without VMware Tools.
  const guest = world.gateway.app.services.inventory.all('vm').find((vm) => vm.guest_operations_ready);
  return name.startsWith('guest.') ? { ...input, vm: guest?.id } : input;
}

describe('a dry run', () => {
  const writes = operations.filter(({ kind }) => kind === 'write');

  it.each(writes.map((operation) => [operation.name, operation] as const))(
    'of %s says what it would do and does nothing',
    async (name) => {
      const input = await inputOf(name);
      const before = await stateOfTheLab();
      await world.lab.resetStats();

      const answer = await world.gateway.rpc(name, { ...input, dry_run: true });

      expect(mutatingCalls(await world.lab.stats())).toEqual([]);
      expect(await stateOfTheLab()).toBe(before);
      if (IMPOSSIBLE.has(name)) return expect(answer).toHaveProperty('error.data.code', 'invalid_state');
      expect(answer, JSON.stringify(answer)).toHaveProperty('result');
      const result = answer['result'] as { plan: { method: string; arguments: object }[] };
      expect(result).toMatchObject({ dry_run: true, operation: name });
      expect(result).toMatchObject({ targets: expect.any(Array), impact: expect.stringMatching(/\w.*\.$/) });
      for (const call of result.plan) {
        const method = vimSchema().methods.get(call.method);
        // Not all that the gateway calls is a method of vim25: a file goes to a guest by PUT.
        if (method === undefined) continue;
        expect(Object.keys(call.arguments).filter((argument) => !method.params.has(argument))).toEqual([]);
      }
    },
  );

  it('is looked at in more than one place: the check knows a write when it sees one', async () => {
    const before = await stateOfTheLab();
    await world.lab.resetStats();
    const { id } = world.own('off');
    await world.gateway.rpc('vm.power', { vm: id, action: 'on', wait: 20 });
    expect(mutatingCalls(await world.lab.stats())).toEqual(['PowerOnVM_Task']);
    expect(await stateOfTheLab()).not.toBe(before);
  });
});
