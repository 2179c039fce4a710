import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { VcenterConfig } from '../../src/config/schema.ts';
import { agree, compareVersions, SERVICE_INSTANCE } from '../../src/vsphere/login.ts';
import { Target, type TargetState } from '../../src/vsphere/target.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { envelope, startSoapServer } from '../support/soap-server.ts';

const log = pino({ level: 'silent' });
const KINDS = ['requests', 'inventory', 'waits', 'metrics'] as const;

let lab: Lab;
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  lab = await startLab({ vms: 2, hosts: 1 });
});
afterAll(() => lab.stop());
beforeEach(() => lab.resetStats());
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  await lab.clearFaults();
  await lab.set({ method_delay: { CurrentTime: 0, RetrieveServiceContent: 0 } });
});

function targetFor(settings: Partial<VcenterConfig> = {}): Target {
  const target = new Target({ ...lab.config(), ...settings }, { log, userAgent: 'vsphere-gateway/test' });
  open.push(target);
  return target;
}

const time = (target: Target, options = {}) =>
  target.session('requests').call('CurrentTime', SERVICE_INSTANCE, {}, options);

async function proxied(settings: Partial<VcenterConfig> = {}): Promise<{ proxy: FaultProxy; target: Target }> {
  const proxy = await startFaultProxy(lab);
  const target = targetFor({ ...settings, url: proxy.url });
  open.push({ close: () => proxy.stop() });
  return { proxy, target };
}

describe('a target', () => {
  it('connects when its first session is used, and then knows what it is connected to', async () => {
    const target = targetFor();
    expect(target.state).toMatchObject({ status: 'connecting', insecure: false });
    expect(target.capabilities()).toBeUndefined();
    expect((await lab.stats()).calls).toBe(0);
    const states: TargetState[] = [];
    target.onState((state) => states.push(state));
    await time(target);
    expect(states.map(({ status }) => status)).toEqual(['connected']);
    expect(target.about()?.apiType).toBe('VirtualCenter');
    expect(target.capabilities()).toMatchObject({ is_vcenter: true, alarms: true, tasks: true });
  });

  it('has at most four logins, all gone after close', async () => {
    const target = targetFor();
    for (const kind of KINDS) expect(target.session(kind)).toBe(target.session(kind));
    await Promise.all(KINDS.map((kind) => target.session(kind).ready()));
    expect(await lab.sessions()).toHaveLength(4);
    await target.close();
    expect(await lab.sessions()).toEqual([]);
  });

  it('tells of a bare ESXi that it has no cluster features', async () => {
    const esx = await startLab({ esx: true, vms: 1 });
    open.push({ close: () => esx.stop() });
    const target = targetFor(esx.config());
    await target.session('requests').ready();
    expect(target.capabilities()).toMatchObject({
      is_vcenter: false,
      alarms: false,
      customization: false,
      tasks: true,
    });
  });

  it('goes on when a listener of its state throws', async () => {
    const target = targetFor();
    target.onState(() => {
      throw new Error('a bug in a listener');
    });
    await expect(time(target)).resolves.toBeInstanceOf(Date);
  });
});

describe('a wrong password', () => {
  it('is tried once in all, however many ask, and never again', async () => {
    const target = targetFor({ password: 'wrong' });
    const attempts = KINDS.flatMap((kind) => Array.from({ length: 20 }, () => target.session(kind).ready()));
    const ends = await Promise.allSettled(attempts);
    for (const end of ends) expect(end).toMatchObject({ status: 'rejected', reason: { code: 'upstream_auth' } });
    expect((await lab.stats()).bad_logins).toBe(1);
    expect(target.state).toMatchObject({ status: 'auth_failed' });
    expect(JSON.stringify(target.state)).not.toContain('wrong');

    const { calls } = await lab.stats();
    await expect(time(target)).rejects.toMatchObject({ code: 'upstream_auth', retryable: false });
    expect((await lab.stats()).calls).toBe(calls);
  });

  it('that is only wrong at the second login stops the sessions that still live, too', async () => {
    const target = targetFor();
    await Promise.all([time(target), target.session('waits').ready()]);
    await lab.fault({ method: 'Login', fault: 'InvalidLogin' });
    await target.session('waits').renew(1);
    await expect(target.session('waits').ready()).rejects.toMatchObject({ code: 'upstream_auth' });
    await expect(time(target)).rejects.toMatchObject({ code: 'upstream_auth' });
    expect(target.state.status).toBe('auth_failed');
  });
});

describe('the state auth_failed', () => {
  it('stays when connections break afterwards: only a restart helps', async () => {
    const { proxy, target } = await proxied();
    await target.session('waits').ready();
    await time(target);
    await lab.set({ method_delay: { CurrentTime: 5_000 } });
    const underWay = Array.from({ length: 6 }, () => time(target));
    await expect.poll(async () => (await lab.stats()).method['CurrentTime']).toBe(7);
    await lab.fault({ method: 'Login', fault: 'InvalidLogin' });
    await target.session('waits').renew(1);
    await expect(target.session('waits').ready()).rejects.toMatchObject({ code: 'upstream_auth' });
    await proxy.down();
    await Promise.allSettled(underWay);
    expect(target.state.status).toBe('auth_failed');
  });
});

describe('a vCenter that is down', () => {
  it('throws nothing at construction, and rejects calls with when to come back', async () => {
    const { proxy, target } = await proxied();
    await proxy.down();
    await expect(target.session('requests').ready()).rejects.toMatchObject({
      code: 'upstream_unavailable',
      extras: { retry_after: expect.any(Number) },
    });
    expect(target.state).toMatchObject({ status: 'unavailable', reason: expect.stringContaining('refused') });
  });

  it('is not tried by every call', async () => {
    const { proxy, target } = await proxied();
    const rule = proxy.rule({ action: { kind: 'respond', status: 503 } });
    for (let call = 0; call < 20; call += 1) {
      await expect(time(target)).rejects.toMatchObject({ code: 'upstream_unavailable' });
    }
    expect(rule.hits()).toBe(5);
  });

  it('is found again by itself when it is back', async () => {
    const { proxy, target } = await proxied();
    await time(target);
    await proxy.down();
    const lost = async () => {
      await time(target).catch(() => undefined);
      return target.state.status;
    };
    await expect.poll(lost).toBe('unavailable');
    await proxy.up();
    await expect.poll(() => time(target).catch(() => undefined), { timeout: 10_000 }).toBeInstanceOf(Date);
    expect(target.state).toMatchObject({ status: 'connected' });
    expect(target.state.reason).toBeUndefined();
    // The login outlived the connection.
    expect((await lab.stats()).logins).toBe(1);
  });

  it('that takes calls and never answers ends them at their deadline, and is then left alone', async () => {
    const { proxy, target } = await proxied();
    await time(target);
    proxy.freeze();
    const ends = await Promise.allSettled(Array.from({ length: 30 }, () => time(target, { timeoutMs: 200 })));
    const names = new Set(ends.map((end) => end.status === 'rejected' && (end.reason.code ?? end.reason.name)));
    expect(names).toContain('TimeoutError');
    // Those that found no slot in time were never sent.
    for (const name of names) expect(['TimeoutError', 'overloaded', 'upstream_unavailable']).toContain(name);
    expect(target.state.status).toBe('unavailable');
    // Between two probes, calls are refused at once.
    const refused = () => time(target, { timeoutMs: 200 }).catch((error) => error.code);
    await expect.poll(refused).toBe('upstream_unavailable');
    proxy.thaw();
  });

  it('that hangs at the login counts as out of reach, because the call was never begun', async () => {
    await lab.set({ method_delay: { RetrieveServiceContent: 2_000 } });
    const target = targetFor({ request_timeout: 0.1 });
    await expect(time(target)).rejects.toMatchObject({ code: 'upstream_unavailable', retryable: true });
    expect(target.state.status).toBe('unavailable');
  });

  it('does not hold up another one', async () => {
    const { proxy, target: slow } = await proxied({ name: 'slow' });
    const quick = targetFor({ name: 'quick' });
    await Promise.all([time(slow), time(quick)]);
    proxy.freeze();
    let waiting = 200;
    const hanging = Array.from({ length: waiting }, () =>
      time(slow, { timeoutMs: 5_000 })
        .catch(() => undefined)
        .finally(() => {
          waiting -= 1;
        }),
    );
    await Promise.all(Array.from({ length: 100 }, () => time(quick)));
    expect(waiting).toBe(200);
    proxy.thaw();
    await Promise.all(hanging);
  });
});

describe('a certificate that is not trusted', () => {
  it.each([
    ['because it is not pinned', { ca_file: undefined, pins: ['ab'.repeat(32)] }],
    ['because nobody vouches for it', { ca_file: undefined }],
  ])('%s is refused before a byte of a request is sent', async (_why, settings) => {
    const { proxy, target } = await proxied(settings);
    await expect(time(target)).rejects.toMatchObject({ code: 'upstream_tls' });
    expect(proxy.connections()).toBe(1);
    expect(proxy.requests()).toEqual([]);
    expect(target.state).toMatchObject({ status: 'tls_failed', reason: expect.stringContaining(lab.pin) });
  });

  it('is taken when it is one of those pinned', async () => {
    const target = targetFor({ ca_file: undefined, pins: ['ab'.repeat(32), lab.pin] });
    await expect(time(target)).resolves.toBeInstanceOf(Date);
  });

  it('is reported when the file of trusted ones cannot be read', async () => {
    const target = targetFor({ ca_file: '/nowhere/ca.pem' });
    await expect(time(target)).rejects.toMatchObject({ code: 'upstream_tls' });
    expect(target.state.status).toBe('tls_failed');
  });
});

describe('the version of the API', () => {
  const CONTENT = `<returnval><rootFolder type="Folder">group-d1</rootFolder>
    <propertyCollector type="PropertyCollector">propertyCollector</propertyCollector>
    <about><name>x</name><fullName>x</fullName><vendor>x</vendor><version>7.0.3</version><build>1</build><osType>x</osType>
    <productLineId>vpx</productLineId><apiType>VirtualCenter</apiType><apiVersion>7.0.3.0</apiVersion></about>
    <sessionManager type="SessionManager">SessionManager</sessionManager></returnval>`;
  const SESSION = `<returnval><key>k</key><userName>u</userName><fullName>u</fullName>
    <loginTime>2026-01-01T00:00:00Z</loginTime><lastActiveTime>2026-01-01T00:00:00Z</lastActiveTime><locale>en</locale>
    <messageLocale>en</messageLocale><extensionSession>false</extensionSession><ipAddress>::1</ipAddress>
    <userAgent>x</userAgent><callCount>0</callCount></returnval>`;

  async function soapActions(versions: string | undefined): Promise<[string, unknown][]> {
    const server = await startSoapServer((response, { method, body }) => {
      if (method === 'GET') return void response.writeHead(versions === undefined ? 404 : 200).end(versions);
      const called = /<(RetrieveServiceContent|Login|Logout)/.exec(body)?.[1] ?? '';
      const answer = { RetrieveServiceContent: CONTENT, Login: SESSION }[called] ?? '';
      response.end(envelope(`<${called}Response xmlns="urn:vim25">${answer}</${called}Response>`));
    });
    open.push(server);
    const target = targetFor({ url: server.url, ca_file: undefined, insecure: true });
    await target.session('requests').ready();
    await target.close();
    return server.requests
      .filter(({ method }) => method === 'POST')
      .map(({ body, headers }) => [/Body>\s*<(\w+)/.exec(body)?.[1] ?? '', headers['soapaction']]);
  }

  it('is agreed on before the first call', async () => {
    const listed = '7.0.3.0 99.0.0.0 6.7'.split(' ').map((version) => `<version>${version}</version>`);
    const action = '"urn:vim25/7.0.3.0"';
    expect(
      await soapActions(`<namespaces><namespace><name>urn:vim25</name>${listed.join('')}</namespace></namespaces>`),
    ).toEqual([
      ['RetrieveServiceContent', action],
      ['Login', action],
      ['Logout', action],
    ]);
  });

  it('is read off the server where it publishes no list, and then asked in again', async () => {
    const action = '"urn:vim25/7.0.3.0"';
    expect(await soapActions(undefined)).toEqual([
      ['RetrieveServiceContent', expect.not.stringContaining('7.0')],
      ['RetrieveServiceContent', action],
      ['Login', action],
      ['Logout', action],
    ]);
  });

  it('is the highest that both sides know', () => {
    expect(agree(['6.5', '8.0.3.0', '8.0.10.0', '7.0.3.2'])).toBe('8.0.10.0');
    expect(agree(['99.0.0.0', '8.0.1.0'])).toBe('8.0.1.0');
    expect(agree(['99.0.0.0'])).toBeUndefined();
  });

  it('is compared by its numbers', () => {
    expect(['8.0.10.0', '8.0.2.0', '9.0', '6.5'].toSorted(compareVersions)).toEqual([
      '6.5',
      '8.0.2.0',
      '8.0.10.0',
      '9.0',
    ]);
  });
});
