import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VimClient } from '../../src/vsphere/client.ts';
import { VimFault } from '../../src/vsphere/decode.ts';
import { TlsError, type TlsOptions } from '../../src/vsphere/tls.ts';
import type { MoRef, ObjectContent, PropertyFilterSpec, ServiceContent } from '../../src/vsphere/vim25/types.ts';
import { type Lab, startLab } from '../support/lab.ts';

const instance: MoRef<'ServiceInstance'> = { $type: 'ServiceInstance', value: 'ServiceInstance' };

let lab: Lab;
let client: VimClient;
let content: ServiceContent;
let sessions: MoRef;
let view: MoRef<'ContainerView'>;

const made = (tls: TlsOptions) => new VimClient({ url: lab.url, tls, userAgent: 'vsphere-gateway/test' });
const login = (to: VimClient, to_sessions: MoRef) =>
  to.call('Login', to_sessions, { userName: lab.username, password: lab.password });

beforeAll(async () => {
  lab = await startLab({ vms: 12 });
  client = made({ ca: lab.ca });
  content = await client.call('RetrieveServiceContent', instance, {});
  sessions = content.sessionManager!;
  await login(client, sessions);
  view = await client.call('CreateContainerView', content.viewManager!, {
    container: content.rootFolder,
    type: ['VirtualMachine'],
    recursive: true,
  });
});
afterAll(async () => {
  await client?.close();
  await lab?.stop();
});

const vmSpec = (pathSet: string[]): PropertyFilterSpec => ({
  propSet: [{ type: 'VirtualMachine', pathSet }],
  objectSet: [
    {
      obj: view,
      skip: true,
      selectSet: [{ $type: 'TraversalSpec', name: 'view', type: 'ContainerView', path: 'view', skip: false }],
    },
  ],
});

async function vms(pathSet: string[]): Promise<ObjectContent[]> {
  const page = await client.call('RetrievePropertiesEx', content.propertyCollector, {
    specSet: [vmSpec(pathSet)],
    options: {},
  });
  return page?.objects ?? [];
}

describe('a conversation with a simulated vCenter over verified TLS', () => {
  test('tells what the server is', async () => {
    expect(content.about).toMatchObject({ apiType: 'VirtualCenter', name: expect.any(String) });
    expect(await client.apiVersions()).toContain(content.about.apiVersion);
  });

  test('pages through properties', async () => {
    const found: ObjectContent[] = [];
    let pages = 0;
    let page = await client.call('RetrievePropertiesEx', content.propertyCollector, {
      specSet: [vmSpec(['name', 'config.hardware.device', 'runtime', 'datastore'])],
      options: { maxObjects: 5 },
    });
    while (page !== undefined) {
      pages += 1;
      found.push(...(page.objects ?? []));
      const { token } = page;
      page =
        token === undefined
          ? undefined
          : await client.call('ContinueRetrievePropertiesEx', content.propertyCollector, { token });
    }
    expect(pages).toBe(3);
    expect(new Set(found.map(({ obj }) => obj.value)).size).toBe(12);
    const byName = Object.fromEntries(found[0]!.propSet!.map(({ name, val }) => [name, val]));
    expect(byName).toMatchObject({
      name: expect.any(String),
      runtime: { host: { $type: 'HostSystem' }, powerState: expect.stringMatching(/^powered/) },
      datastore: [{ $type: 'Datastore' }],
    });
    expect(byName['config.hardware.device']).toEqual(
      expect.arrayContaining([expect.objectContaining({ $type: 'VirtualDisk', capacityInKB: expect.any(Number) })]),
    );
  });

  test('waits for updates while it runs a task, and gets the fault of the next', async () => {
    const collector = await client.call('CreatePropertyCollector', content.propertyCollector, {});
    await client.call('CreateFilter', collector, { spec: vmSpec(['runtime.powerState']), partialUpdates: false });
    const options = { maxWaitSeconds: 20 };
    let set = await client.call('WaitForUpdatesEx', collector, { options }, { longPoll: true });
    expect(set?.filterSet?.[0]?.objectSet).toHaveLength(12);

    const states = set?.filterSet?.[0]?.objectSet?.map(({ obj, changeSet }) => ({ obj, state: changeSet?.[0]?.val }));
    const vm = states?.find(({ state }) => state === 'poweredOn')?.obj;
    expect(vm).toBeDefined();
    const waiting = client.call('WaitForUpdatesEx', collector, { version: set!.version, options }, { longPoll: true });
    expect(await client.call('PowerOffVM_Task', vm!, {})).toMatchObject({ $type: 'Task' });
    set = await waiting;
    expect(set?.filterSet?.[0]?.objectSet).toMatchObject([
      { obj: vm, changeSet: [{ name: 'runtime.powerState', val: 'poweredOff' }] },
    ]);

    const task = await client.call('PowerOffVM_Task', vm!, {});
    const info = async () => {
      const page = await client.call('RetrievePropertiesEx', content.propertyCollector, {
        specSet: [{ propSet: [{ type: 'Task', pathSet: ['info'] }], objectSet: [{ obj: task }] }],
        options: {},
      });
      return page?.objects?.[0]?.propSet?.[0]?.val;
    };
    await expect.poll(info).toMatchObject({
      $type: 'TaskInfo',
      state: 'error',
      queueTime: expect.any(Date),
      error: { fault: { $type: 'InvalidPowerState', existingState: 'poweredOff' } },
    });
    await client.call('DestroyPropertyCollector', collector, {});
  });

  test('gives a wait up at once, and the next call works', async () => {
    const collector = await client.call('CreatePropertyCollector', content.propertyCollector, {});
    await client.call('CreateFilter', collector, { spec: vmSpec(['name']), partialUpdates: false });
    const first = await client.call('WaitForUpdatesEx', collector, {}, { longPoll: true });
    await lab.resetStats();
    const controller = new AbortController();
    const waiting = client.call(
      'WaitForUpdatesEx',
      collector,
      { version: first!.version, options: { maxWaitSeconds: 60 } },
      { longPoll: true, signal: controller.signal },
    );
    await expect.poll(async () => (await lab.stats()).method['WaitForUpdatesEx']).toBeGreaterThan(0);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(await client.call('CurrentTime', instance, {})).toBeInstanceOf(Date);
  });

  test('reports faults with their fields', async () => {
    const gone = client.call('PowerOnVM_Task', { $type: 'VirtualMachine', value: 'vm-gone' }, {});
    await expect(gone).rejects.toThrow(VimFault);
    await expect(gone).rejects.toMatchObject({
      faultName: 'ManagedObjectNotFound',
      fault: { obj: { $type: 'VirtualMachine', value: 'vm-gone' } },
    });
  });

  test('reads names that hold markup and letters of every script', async () => {
    // A vCenter would turn a slash into %2f.
    const name = `]]><name><x> & "テスト" 🚀`;
    const [vm] = await vms(['name']);
    await client.call('Rename_Task', vm!.obj, { newName: name });
    const names = async () => (await vms(['name'])).map(({ propSet }) => propSet?.[0]?.val);
    await expect.poll(names).toContain(name);
  });

  test('ends with a logout, after which nothing is allowed', async () => {
    const other = made({ ca: lab.ca });
    await login(other, sessions);
    expect(await other.call('CurrentTime', instance, {})).toBeInstanceOf(Date);
    await other.call('Logout', sessions, {});
    await expect(
      other.call('CreateContainerView', content.viewManager!, { container: content.rootFolder, recursive: true }),
    ).rejects.toMatchObject({ faultName: 'NotAuthenticated' });
    await other.close();
  });
});

describe('the certificate of the server', () => {
  test('is taken by its pin', async () => {
    const pinned = made({ pins: ['0'.repeat(64), lab.pin] });
    expect((await pinned.call('RetrieveServiceContent', instance, {})).about.apiType).toBe('VirtualCenter');
    await pinned.close();
  });

  test.each<[string, TlsOptions]>([
    ['is not pinned', { pins: ['0'.repeat(64)] }],
    ['nobody known has signed', {}],
  ])('that %s gets no call, and no credentials', async (_why, tls) => {
    const before = await lab.stats();
    const wary = made(tls);
    const error = await login(wary, sessions).catch((caught) => caught);
    expect(error).toBeInstanceOf(TlsError);
    expect(error.sha256).toBe(lab.pin);
    const after = await lab.stats();
    expect({ calls: after.calls, logins: after.logins, bytes: after.bytes_in }).toEqual({
      calls: before.calls,
      logins: before.logins,
      bytes: before.bytes_in,
    });
    await wary.close();
  });
});
