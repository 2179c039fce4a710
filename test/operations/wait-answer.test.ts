/** Waiting for a VM, answering what it asks, merging its disks: what needs the lab or a stub to move meanwhile. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VmRecord } from '../../src/live/model.ts';
import { until } from '../support/gateway.ts';
import { type LifeWorld, objectOf, startWorld, taskAnswer } from './life-world.ts';

let world: LifeWorld;
let { lab, proxy, now, own, session, must, refused, stub } = {} as LifeWorld;
beforeAll(async () => {
  world = await startWorld(60);
  ({ lab, proxy, now, own, session, must, refused, stub } = world);
});
afterAll(() => world?.stop());

describe('vm.consolidate', () => {
  it('starts the task of vSphere and answers with its end', async () => {
    const vm = own('on');
    const other = await session().call('ReconfigVM_Task', objectOf(vm), { spec: { annotation: 'stands for it' } });
    const { bodies, remove } = stub('ConsolidateVMDisks_Task', taskAnswer('ConsolidateVMDisks_Task', other));
    const task = await must('vm.consolidate', { vm: vm.id, wait: 20 });
    remove();
    expect(task).toMatchObject({ state: 'success', moref: other.value, origin: { operation: 'vm.consolidate' } });
    expect(bodies[0]).toContain(`type="VirtualMachine">${vm.moref}<`);
  });
});

describe('vm.answer', () => {
  /** Has the next update of a VM say that it waits, or no longer waits, for an answer. */
  async function question(vm: VmRecord, text: string | null): Promise<void> {
    const choice = (key: string, label: string) =>
      `<choiceInfo xsi:type="ElementDescription"><label>${label}</label><summary>${label}</summary><key>${key}</key></choiceInfo>`;
    const value = `<val xsi:type="VirtualMachineQuestionInfo"><id>7</id><text>${text}</text><choice>${choice('0', 'Cancel')}${choice('1', 'I Moved It')}</choice></val>`;
    const change = `<changeSet><name>runtime.question</name><op>assign</op>${text === null ? '' : value}</changeSet>`;
    const rule = proxy.rule({
      method: 'WaitForUpdatesEx',
      action: {
        kind: 'rewrite',
        edit: (body) =>
          body.replace(
            new RegExp(`(<obj(?: [^>]*)?>${vm.moref}</obj>)(?=<changeSet>)`),
            (object) => `${object}${change}`,
          ),
      },
    });
    const isSo = () => (now(vm)!.question?.text ?? null) === text;
    // Each change ends a wait; the one that began before the rule passes unchanged.
    for (let count = 0; !isSo() && count < 10; count += 1) {
      const annotation = `${text} ${count}`;
      await lab.change({ op: 'annotate', vm: vm.moref, text: annotation });
      await until('the update', () => now(vm)!.annotation === annotation);
    }
    rule.remove();
    expect(isSo()).toBe(true);
  }

  it('answers the question that is open, with one of its choices, and no other', async () => {
    const vm = own('on');
    await question(vm, 'Moved or copied?');
    const wrong = await refused('vm.answer', { vm: vm.id, question: '6', choice: '1' });
    expect(wrong).toMatchObject({ code: 'invalid_state', detail: expect.stringContaining("question '7'") });
    const unknown = await refused('vm.answer', { vm: vm.id, question: '7', choice: '2' });
    expect(unknown).toMatchObject({ code: 'invalid_input', detail: expect.stringContaining("'1' (I Moved It)") });

    const { bodies, remove } = stub('AnswerVM', '<AnswerVMResponse xmlns="urn:vim25"/>');
    const answered = must('vm.answer', { vm: vm.id, question: '7', choice: '1' });
    await until('the answer arrives', () => bodies.length === 1);
    await question(vm, null);
    expect(await answered).toEqual({ id: vm.id, name: vm.name, question: '7', choice: '1', label: 'I Moved It' });
    remove();
    expect(bodies[0]).toMatch(/<questionId>7<\/questionId>\s*<answerChoice>1<\/answerChoice>/);
  });
});

describe('vm.wait', () => {
  it('answers when it is so, from the updates alone', async () => {
    const vm = own('off', ({ tools_version_status }) => tools_version_status === 'guestToolsCurrent');
    const waits = ['power_on', 'tools', 'ip'].map((what) => must('vm.wait', { vm: vm.id, for: what, timeout: 20 }));
    await lab.resetStats();
    await lab.change({ op: 'power', vm: vm.moref, state: 'poweredOn' });
    const [on, tools, ip] = await Promise.all(waits);
    expect(on).toMatchObject({ reached: true, power_state: 'on' });
    expect(tools).toMatchObject({ reached: true, tools_status: 'guestToolsRunning' });
    expect(ip).toMatchObject({ reached: true, for: 'ip' });
    expect(ip.ip_addresses.length).toBeGreaterThan(0);
    expect((await lab.stats()).method['RetrievePropertiesEx']).toBeUndefined();
  });

  it('says that the time was over', async () => {
    const vm = own('on');
    expect(await must('vm.wait', { vm: vm.id, for: 'power_off', timeout: 0 })).toMatchObject({ reached: false });
  });

  it('ends when the VM is deleted', async () => {
    const vm = own('off');
    const waiting = refused('vm.wait', { vm: vm.id, for: 'power_on', timeout: 20 });
    await must('vm.delete', { vm: vm.id, confirm: vm.name, wait: 20 });
    expect(await waiting).toMatchObject({ code: 'not_found', detail: expect.stringContaining('deleted meanwhile') });
  });
});
