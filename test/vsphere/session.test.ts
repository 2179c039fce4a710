import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SERVICE_INSTANCE } from '../../src/vsphere/login.ts';
import type { Session } from '../../src/vsphere/session.ts';
import { Target } from '../../src/vsphere/target.ts';
import type { MoRef } from '../../src/vsphere/vim25/types.ts';
import { type Lab, startLab } from '../support/lab.ts';

const log = pino({ level: 'silent' });

let lab: Lab;
let target: Target;
let session: Session;

beforeAll(async () => {
  lab = await startLab({ vms: 3, hosts: 1 });
});
afterAll(() => lab.stop());

beforeEach(async () => {
  await lab.resetStats();
  target = new Target(lab.config(), { log, userAgent: 'vsphere-gateway/test' });
  session = target.session('requests');
});
afterEach(async () => {
  await target.close();
  await lab.clearFaults();
  await lab.set({ method_delay: { Login: 0, Logout: 0, CurrentTime: 0 } });
});

/** Unlike reads, this needs a login on the simulator. */
const time = (of = session, options = {}) => of.call('CurrentTime', SERVICE_INSTANCE, {}, options);
const hundred = (of: Session) => Promise.all(Array.from({ length: 100 }, () => time(of)));

async function folders(): Promise<MoRef> {
  const { content } = await session.ready();
  const container = { container: content.rootFolder, type: ['Folder'], recursive: true };
  return session.call('CreateContainerView', content.viewManager!, container);
}

const inView = (view: MoRef) => [
  {
    propSet: [{ type: 'Folder', pathSet: ['name'] }],
    objectSet: [
      { obj: view, skip: true, selectSet: [{ $type: 'TraversalSpec' as const, type: 'ContainerView', path: 'view' }] },
    ],
  },
];

describe('a session', () => {
  it('logs in when first needed, once for everybody, under our name', async () => {
    expect((await lab.stats()).calls).toBe(0);
    await hundred(session);
    expect((await lab.stats()).logins).toBe(1);
    expect((await lab.sessions()).map((each) => each.user_agent)).toEqual(['vsphere-gateway/test']);
  });

  it('that was terminated is renewed once per kind, and no caller notices', async () => {
    const metrics = target.session('metrics');
    await Promise.all([time(session), time(metrics)]);
    expect(await lab.terminateSessions()).toBe(2);
    const answers = await Promise.all([hundred(session), hundred(metrics)]);
    expect(answers.flat().filter((answer) => answer instanceof Date)).toHaveLength(200);
    expect((await lab.stats()).logins).toBe(4);
    expect((await session.ready()).generation).toBe(2);
  });

  it('tells NotAuthenticated when asked not to log in again', async () => {
    await time();
    await lab.terminateSessions();
    await expect(time(session, { relogin: false })).rejects.toMatchObject({ faultName: 'NotAuthenticated' });
    expect((await lab.stats()).logins).toBe(1);
  });

  it('logs in again only once for a call that is always NotAuthenticated', async () => {
    await lab.fault({ method: 'CurrentTime', fault: 'NotAuthenticated' });
    await expect(time()).rejects.toMatchObject({ faultName: 'NotAuthenticated' });
    expect((await lab.stats()).logins).toBe(2);
  });

  it('takes NoPermission, the ancestor of NotAuthenticated, for an answer', async () => {
    await lab.fault({ method: 'CurrentTime', fault: 'NoPermission' });
    await expect(time()).rejects.toMatchObject({ faultName: 'NoPermission' });
    expect((await lab.stats()).logins).toBe(1);
  });

  it('is renewed for the generation that is current, and for no other', async () => {
    const { generation } = await session.ready();
    await session.renew(generation);
    expect(await lab.sessions()).toEqual([]);
    const next = await session.ready();
    expect(next.generation).toBe(generation + 1);
    await session.renew(generation);
    expect((await session.ready()).generation).toBe(next.generation);
    expect((await lab.stats()).logins).toBe(2);
  });

  it('lets calls of a login that is given up come to their end', async () => {
    const { generation } = await session.ready();
    await lab.set({ method_delay: { CurrentTime: 300 } });
    const slow = time();
    await expect.poll(async () => (await lab.stats()).method['CurrentTime']).toBe(1);
    await session.renew(generation);
    await expect(slow).resolves.toBeInstanceOf(Date);
  });

  it('goes on logging in for others when one who waits has left', async () => {
    await lab.set({ method_delay: { Login: 500 } });
    const caller = new AbortController();
    const leaving = time(session, { signal: caller.signal });
    const staying = time();
    caller.abort(new Error('left'));
    await expect(leaving).rejects.toThrow('left');
    expect((await lab.stats()).logins).toBe(0);
    await expect(staying).resolves.toBeInstanceOf(Date);
    expect((await lab.stats()).logins).toBe(1);
  });

  it('ends a call at its deadline', async () => {
    await time();
    await lab.set({ method_delay: { CurrentTime: 5_000 } });
    await expect(time(session, { timeoutMs: 50 })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('reads the properties of one object, leaving out what is not there', async () => {
    const { content } = await session.ready();
    expect(await session.read(content.rootFolder, ['name', 'parent'])).toEqual({ name: 'Datacenters' });
  });

  it('follows the pages of a long answer', async () => {
    const pages = [];
    for await (const page of session.retrieve(inView(await folders()), { maxObjects: 2 })) pages.push(page);
    expect(pages.length).toBeGreaterThan(1);
    expect(pages[0]).toHaveLength(2);
    expect(new Set(pages.flat().map(({ obj }) => obj.value)).size).toBe(pages.flat().length);
  });

  it('gives back to vCenter what a reader left unread', async () => {
    for await (const _page of session.retrieve(inView(await folders()), { maxObjects: 1 })) break;
    expect((await lab.stats()).method['CancelRetrievePropertiesEx']).toBe(1);
  });

  it('does not ask for the next page in another login', async () => {
    const view = await folders();
    const read = async () => {
      for await (const _page of session.retrieve(inView(view), { maxObjects: 1 })) {
        await lab.terminateSessions();
        await time();
      }
    };
    await expect(read()).rejects.toMatchObject({ faultName: 'NotAuthenticated' });
  });

  it('logs out on close, even from a login that is still under way', async () => {
    await target.session('inventory').ready();
    await lab.set({ method_delay: { Login: 200 } });
    const late = session.ready();
    await expect.poll(async () => (await lab.stats()).method['Login']).toBe(2);
    await target.close();
    await expect(late).resolves.toBeDefined();
    expect(await lab.sessions()).toEqual([]);
    await expect(time()).rejects.toMatchObject({ code: 'shutting_down' });
    await expect(target.session('waits').ready()).rejects.toMatchObject({ code: 'shutting_down' });
  });

  it('does not wait for a vCenter that does not answer Logout', async () => {
    await time();
    await lab.set({ method_delay: { Logout: 60_000 } });
    const before = performance.now();
    await target.close();
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});
