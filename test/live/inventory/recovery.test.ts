import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FaultRule } from '../../support/fault-proxy.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { type Lab, startLab } from '../../support/lab.ts';
import { follow, until, vmNamed } from './follow.ts';

const VMS = 150;

let lab: Lab;
let proxy: FaultProxy;
beforeAll(async () => {
  // More than the 100 objects of one update set, so that a load is truncated at least once.
  lab = await startLab({ vms: VMS, hosts: 2, args: ['-still'] });
  proxy = await startFaultProxy(lab);
});
afterAll(async () => {
  await proxy.stop();
  await lab.stop();
});
beforeEach(() => {
  proxy.clear();
  proxy.resetCalls();
});

const waits = (action: FaultRule['action'], more: Partial<FaultRule> = {}): ReturnType<FaultProxy['rule']> =>
  proxy.rule({ method: 'WaitForUpdatesEx', times: 1, ...more, action });

const annotate = (text: string) => lab.change({ op: 'annotate', text });

/** A rule does not see the wait that is under way: this ends it, so that the next one is caught. */
async function catchNextWait(rule: { hits(): number }): Promise<void> {
  await annotate(`before ${Math.random()}`);
  await until(() => rule.hits() === 1);
}

describe('a load', () => {
  const troubles: [string, FaultRule['action']][] = [
    ['breaks off in the middle of an answer', { kind: 'cut', bytes: 20_000 }],
    ['loses an answer', { kind: 'cut' }],
    ['gets half an answer', { kind: 'truncate', bytes: 20_000 }],
    ['gets what is not XML', { kind: 'rewrite', edit: (body) => body.replace('</objectSet>', '</objectSte>') }],
    ['gets the page of a load balancer', { kind: 'respond' }],
    ['is told that its version is unknown', { kind: 'fault', fault: 'InvalidCollectorVersion' }],
    ['finds its collector gone', { kind: 'fault', fault: 'ManagedObjectNotFound' }],
    ['finds its session gone', { kind: 'fault', fault: 'NotAuthenticated' }],
  ];

  test.each(troubles)('that %s begins anew, and shows nothing before it is whole', async (_, action) => {
    const rule = waits(action, { skip: 1 });
    const { inventory, changes } = follow(proxy.config());
    const counts = new Set<number>();
    await until(() => {
      counts.add(inventory.count('vm'));
      return inventory.status('lab').ready;
    });
    expect(rule.hits()).toBe(1);
    expect([...counts].filter((count) => count !== 0 && count !== VMS)).toEqual([]);
    expect(inventory.status('lab')).toMatchObject({ stale: false, reason: null, resyncs: 0, counts: { vm: VMS } });
    await until(() => changes.length >= VMS);
    expect(changes.filter(({ action: what }) => what !== 'added')).toEqual([]);
  });

  test('goes on without a property that this vSphere does not know', async () => {
    const fields = '<name>guest.guestOperationsReady</name>';
    const rule = proxy.rule({
      method: 'CreateFilter',
      times: 1,
      action: { kind: 'fault', fault: 'InvalidProperty', fields },
    });
    const { inventory, calls, ready } = follow(proxy.config());
    await ready();
    expect(rule.hits()).toBe(1);
    expect(calls.get('CreateFilter')).toBe(2);
    expect(calls.get('CreatePropertyCollector')).toBe(1);
    expect(inventory.all('vm').some(({ guest_operations_ready }) => guest_operations_ready)).toBe(false);
    expect(inventory.all('vm').some(({ tools_status }) => tools_status === 'guestToolsRunning')).toBe(true);
  });

  test.each(['CreatePropertyCollector', 'CreateContainerView', 'CreateFilter'])(
    'whose %s meets an ended session logs in again',
    async (method) => {
      const rule = proxy.rule({ method, times: 1, action: { kind: 'fault', fault: 'NotAuthenticated' } });
      const { ready } = follow(proxy.config());
      await ready();
      expect(rule.hits()).toBe(1);
      expect(proxy.calls()['Logout']).toBeGreaterThan(0);
    },
  );

  test('is not believed when the session turns out to have ended meanwhile', async () => {
    const rule = proxy.rule({
      method: 'RetrievePropertiesEx',
      where: (body) => body.includes('currentSession'),
      times: 1,
      action: { kind: 'rewrite', edit: (body) => body.replaceAll(/<propSet>.*?<\/propSet>/gs, '') },
    });
    const { calls, statuses, ready } = follow(proxy.config());
    await ready();
    expect(rule.hits()).toBe(1);
    expect(calls.get('CreatePropertyCollector')).toBe(2);
    expect(statuses[0]).toMatchObject({ ready: false, reason: 'The session ended while the inventory was read.' });
  });

  test('waits for a vCenter that is not there yet, and says why', async () => {
    await proxy.down();
    const { inventory, statuses, ready } = follow(proxy.config());
    await until(() => statuses.length > 0);
    expect(inventory.status('lab')).toMatchObject({
      ready: false,
      stale: false,
      stale_since: null,
      reason: expect.stringContaining('lab'),
    });
    expect(inventory.count('vm')).toBe(0);
    await proxy.up();
    await ready();
    expect(inventory.status('lab').reason).toBeNull();
  });
});

describe('while changes are followed', () => {
  const resyncing: [string, FaultRule['action']][] = [
    ['an answer that is cut short', { kind: 'truncate', bytes: 300 }],
    ['an answer that is not XML', { kind: 'rewrite', edit: (body) => body.replace('</version>', '</verion>') }],
    ['an unknown version', { kind: 'fault', fault: 'InvalidCollectorVersion' }],
    ['a collector that is gone', { kind: 'fault', fault: 'ManagedObjectNotFound' }],
    ['a wait that somebody cancels', { kind: 'fault', fault: 'RequestCanceled' }],
  ];

  test.each(resyncing)('%s leads to a new reading, of which only the difference is told', async (why, action) => {
    const { inventory, changes, statuses, forget, ready } = follow(proxy.config());
    await ready();
    await until(() => changes.length >= VMS);
    forget();
    const rule = waits(action);
    await catchNextWait(rule);
    const [moref] = await annotate(why);
    await until(() => inventory.status('lab').resyncs === 1);
    await until(() => inventory.get('vm', `lab:${moref}`)?.annotation === why);
    await until(() => statuses.at(-1)?.stale === false);
    expect(statuses[0]).toMatchObject({
      ready: true,
      stale: true,
      stale_since: expect.any(String),
      reason: expect.any(String),
    });
    expect(changes.every(({ action: what, changed }) => what === 'modified' && changed.includes('annotation'))).toBe(
      true,
    );
    expect(changes.length).toBeLessThanOrEqual(4);
    expect(inventory.count('vm')).toBe(VMS);
  });

  test('a reply that is lost is asked for again, with nothing read anew', async () => {
    const { inventory, statuses, forget, ready } = follow(proxy.config());
    await ready();
    forget();
    const rule = waits({ kind: 'cut' });
    await catchNextWait(rule);
    const [moref] = await annotate('lost and found');
    await until(() => inventory.get('vm', `lab:${moref}`)?.annotation === 'lost and found');
    expect(inventory.status('lab')).toMatchObject({ resyncs: 0, stale: false });
    expect(statuses).toEqual([]);
  });

  test('a truncated set is applied, and the one after it may not be asked for twice', async () => {
    const { inventory, forget, ready } = follow(proxy.config());
    await ready();
    forget();
    const truncated = waits({ kind: 'truncated_set' });
    const lost = waits({ kind: 'cut' });
    await catchNextWait(truncated);
    const [moref] = await annotate('two');
    await until(() => lost.hits() === 1 && inventory.get('vm', `lab:${moref}`)?.annotation === 'two');
    await annotate('three');
    await until(() => inventory.status('lab').resyncs === 1);
    expect(inventory.get('vm', `lab:${moref}`)?.annotation).toMatch(/two|three/);
  });

  test('an ended session leads to a new one, with no false removal', async () => {
    const { inventory, changes, statuses, forget, ready } = follow(lab.config());
    await ready();
    await until(() => changes.length >= VMS);
    forget();
    expect(await lab.terminateSessions({ user_agent: 'inventory-test/1' })).toBeGreaterThan(0);
    await until(() => inventory.status('lab').resyncs === 1);
    await until(() => statuses.at(-1)?.stale === false);
    expect(statuses[0]?.stale).toBe(true);
    expect(changes).toEqual([]);
    expect(inventory.count('vm')).toBe(VMS);
  });

  test('what happened while vCenter was away is told afterwards; until then the old is shown as stale', async () => {
    const { inventory, changes, forget, ready } = follow(proxy.config());
    await ready();
    await until(() => changes.length >= VMS);
    forget();
    await proxy.down();
    await until(() => inventory.status('lab').stale);
    expect(inventory.count('vm')).toBe(VMS);
    const since = inventory.status('lab').stale_since;
    const [created] = await lab.change({ op: 'create', name: 'born-in-the-dark' });
    const [renamed] = await lab.change({ op: 'annotate', text: 'in the dark' });
    expect(inventory.status('lab').stale_since).toBe(since);
    await proxy.up();
    await until(() => vmNamed(inventory, 'born-in-the-dark') !== undefined);
    await until(() => changes.length >= 2);
    expect(changes.map(({ action, record }) => [action, record.moref])).toEqual(
      expect.arrayContaining([
        ['added', created],
        ['modified', renamed],
      ]),
    );
    expect(changes.filter(({ action }) => action === 'removed')).toEqual([]);
    await lab.change({ op: 'destroy', vm: created });
    await until(() => vmNamed(inventory, 'born-in-the-dark') === undefined);
  });

  test('everything is read afresh when it is time, which nobody notices', async () => {
    const { inventory, changes, statuses, forget, ready } = follow(proxy.config(), { resync_hours: 1 / 3_600 });
    await ready();
    await until(() => changes.length >= VMS);
    forget();
    await until(() => inventory.status('lab').resyncs >= 1);
    expect(statuses.every(({ stale }) => !stale)).toBe(true);
    expect(changes).toEqual([]);
  });
});

describe('objects that vCenter reports as gone', () => {
  const withoutVms = (body: string) =>
    body.replaceAll(/<objectSet><kind>enter<\/kind><obj type="VirtualMachine">.*?<\/objectSet>/gs, '');
  const reading = (body: string) => body.includes('<version></version>') || body.includes('<version/>');

  async function followed() {
    const one = follow(proxy.config());
    await one.ready();
    await until(() => one.changes.length >= VMS);
    one.forget();
    return one;
  }

  test('but still answer were not gone: the stream is doubted, and nothing is removed', async () => {
    const { inventory, changes } = await followed();
    const rule = waits({ kind: 'rewrite', edit: (body) => body.replace('<kind>modify</kind>', '<kind>leave</kind>') });
    await catchNextWait(rule);
    await annotate('x');
    await until(() => inventory.status('lab').resyncs === 1);
    expect(changes.filter(({ action }) => action === 'removed')).toEqual([]);
    expect(inventory.count('vm')).toBe(VMS);
  });

  test('many at once, are looked for a second time before it is believed', async () => {
    const { inventory, changes, statuses } = await followed();
    // Every page of one reading.
    let readings = 0;
    const rule = waits(
      { kind: 'rewrite', edit: withoutVms },
      {
        times: Number.POSITIVE_INFINITY,
        where: (body) => {
          if (reading(body)) readings += 1;
          return readings === 1;
        },
      },
    );
    await lab.terminateSessions({ user_agent: 'inventory-test/1' });
    await until(() => inventory.status('lab').resyncs === 1);
    expect(rule.hits()).toBeGreaterThan(1);
    expect(readings).toBe(2);
    expect(statuses.some(({ reason }) => reason?.includes('missing') === true)).toBe(true);
    expect(changes).toEqual([]);
    expect(inventory.count('vm')).toBe(VMS);
  });

  test('many at once, are gone when the second look agrees', async () => {
    const { inventory, changes } = await followed();
    waits({ kind: 'rewrite', edit: withoutVms }, { times: Number.POSITIVE_INFINITY });
    await lab.terminateSessions({ user_agent: 'inventory-test/1' });
    await until(() => inventory.status('lab').resyncs === 1);
    await until(() => changes.length >= VMS);
    expect(new Set(changes.map(({ action, kind }) => `${action} ${kind}`))).toEqual(new Set(['removed vm']));
    expect(inventory.count('vm')).toBe(0);
  });
});

test('a vCenter that restarts with the same inventory is back within seconds and has lost nothing', async () => {
  const own = await startLab({ vms: 30, hosts: 2, args: ['-still'] });
  try {
    const { inventory, changes, statuses, forget, ready, close } = follow(own.config());
    await ready();
    await until(() => changes.length >= 30);
    forget();
    await own.down();
    await until(() => inventory.status('lab').stale);
    expect(inventory.count('vm')).toBe(30);
    await own.up();
    await until(() => inventory.status('lab').resyncs === 1, 20_000);
    await vi.waitFor(() => expect(statuses.at(-1)?.stale).toBe(false));
    expect(changes.filter(({ action }) => action !== 'modified')).toEqual([]);
    expect(inventory.count('vm')).toBe(30);
    await close();
  } finally {
    await own.stop();
  }
});
