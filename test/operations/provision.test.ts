/** Making, moving and customizing VMs, their effect read from the simulator itself. */
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Target } from '../../src/vsphere/target.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type Answer, type Gateway, startGateway, until } from '../support/gateway.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { envelope } from '../support/soap-server.ts';

let lab: Lab;
let gateway: Gateway;
let witness: Target;
beforeAll(async () => {
  lab = await startLab({ vms: 20, args: ['-still'] });
  gateway = await startGateway({ vcenters: [lab.config()], config: { metrics: { enabled: false } } });
  witness = new Target(lab.config('witness'), { log: pino({ level: 'silent' }), userAgent: 'witness' });
});
afterAll(async () => {
  await gateway?.close();
  await witness?.close();
  await lab?.stop();
});

// biome-ignore lint/suspicious/noExplicitAny: properties of all kinds, looked at as the simulator sends them.
type Properties = Record<string, any>;

/** Properties of a VM, asked of the simulator past the gateway. */
function read(id: string, ...paths: string[]): Promise<Properties> {
  const value = id.slice(id.indexOf(':') + 1);
  return witness.session('requests').read({ $type: 'VirtualMachine', value }, paths);
}

async function devicesOf(id: string): Promise<Properties[]> {
  return (await read(id, 'config.hardware.device'))['config.hardware.device'];
}

/** The id of the VM that a call has made. */
async function made(answer: Promise<Answer>): Promise<string> {
  const { status, body } = await answer;
  expect([status, body.state], JSON.stringify(body)).toEqual([200, 'success']);
  return body.result.id;
}

const inventory = () => gateway.app.services.inventory;
const vmThat = (fits: (vm: ReturnType<typeof all>[number]) => boolean) => all().find(fits)!;
const all = () => inventory().all('vm');
const off = () => vmThat((vm) => vm.power_state === 'off' && !vm.template);
const template = () => vmThat((vm) => vm.template);
const moref = (id: string) => id.slice(id.indexOf(':') + 1);
const nowhere = { guest_id: 'ubuntu64Guest', cpu_count: 2, memory_mib: 256, wait: 30 };
const spec = { ...nowhere, cluster: 'Frankfurt Prod', datastore: 'nvme-01' };
const MUTATING = /_Task$|^setCustomValue$|CustomFieldDef$|^(Create|Delete)CustomizationSpec$/;

async function mutations(): Promise<string[]> {
  return Object.keys((await lab.stats()).method).filter((method) => MUTATING.test(method));
}

describe('vm.create', () => {
  it('makes the hardware that was asked for, on standard and distributed networks', async () => {
    const id = await made(
      gateway.post('/v1/vms', {
        ...spec,
        name: 'new-hardware',
        cores_per_socket: 2,
        firmware: 'efi',
        folder: '/Frankfurt/vm/Prod/Web',
        disks: [
          { size_gib: 1 },
          { size_gib: 2.5, thin: false, controller: 'nvme', datastore: 'nvme-02' },
          { size_gib: 1 },
        ],
        nics: [
          { network: 'VM Network' },
          { network: 'pg-web', adapter: 'e1000e', mac: '00:50:56:01:02:AB', connected: false },
        ],
        iso: '[nvme-01] iso/install.iso',
        annotation: 'for a test',
        extra_config: { 'guestinfo.role': 'web' },
        cpu_hot_add: true,
      }),
    );
    const vm = await read(id, 'name', 'parent', 'config', 'runtime.powerState');
    expect(vm).toMatchObject({ name: 'new-hardware', 'runtime.powerState': 'poweredOff' });
    expect(inventory().path(`lab:${vm['parent'].value}`)).toBe('/Frankfurt/vm/Prod/Web');
    expect(vm['config']).toMatchObject({
      guestId: 'ubuntu64Guest',
      firmware: 'efi',
      annotation: 'for a test',
      cpuHotAddEnabled: true,
      hardware: { numCPU: 2, numCoresPerSocket: 2, memoryMB: 256 },
      extraConfig: expect.arrayContaining([expect.objectContaining({ key: 'guestinfo.role', value: 'web' })]),
    });
    const devices: Properties[] = vm['config'].hardware.device;
    const keyOf = ($type: string) => devices.find((device) => device['$type'] === $type)?.['key'];
    expect(devices.filter(({ $type }) => $type === 'VirtualDisk')).toMatchObject([
      {
        capacityInBytes: 1 << 30,
        controllerKey: keyOf('ParaVirtualSCSIController'),
        unitNumber: 0,
        backing: { thinProvisioned: true, fileName: expect.stringMatching(/^\[nvme-01\] /) },
      },
      {
        capacityInBytes: 2.5 * 2 ** 30,
        controllerKey: keyOf('VirtualNVMEController'),
        backing: { thinProvisioned: false, fileName: expect.stringMatching(/^\[nvme-02\] /) },
      },
      { controllerKey: keyOf('ParaVirtualSCSIController'), unitNumber: 1 },
    ]);
    const port = inventory().resolve('network', 'pg-web')[0]!;
    expect(devices.find(({ $type }) => $type === 'VirtualVmxnet3')).toMatchObject({
      backing: { deviceName: 'VM Network' },
    });
    expect(devices.find(({ $type }) => $type === 'VirtualE1000e')).toMatchObject({
      macAddress: '00:50:56:01:02:ab',
      addressType: 'manual',
      connectable: { startConnected: false },
      backing: { port: { portgroupKey: port.moref, switchUuid: expect.stringMatching(/^[0-9a-f-]{36}$/) } },
    });
    expect(devices.find(({ $type, key }) => $type === 'VirtualCdrom' && key > 207)).toMatchObject({
      backing: { fileName: '[nvme-01] iso/install.iso' },
    });
    // The caller's next read agrees.
    expect((await gateway.get(`/v1/vms/${id}`)).body).toMatchObject({ name: 'new-hardware', cpu_count: 2 });
  });

  it('sets custom attributes, defines those that are new, and powers on, all in one task', async () => {
    const { body } = await gateway.post('/v1/vms', {
      ...spec,
      name: 'new-attributes',
      custom_attributes: { owner: 'alice', invented: 'yes' },
      power_on: true,
      wait: 0,
    });
    expect(body).toMatchObject({ state: 'running', moref: null, description: "Make 'new-attributes'" });
    const task = await made(gateway.get(`/v1/tasks/${body.id}?wait=30`));
    expect(await read(task, 'runtime.powerState')).toEqual({ 'runtime.powerState': 'poweredOn' });
    // The inventory learns the name of a new attribute a moment after its value.
    const seen = () => inventory().get('vm', task)?.custom_attributes;
    await until('the new attribute', () => seen()?.['invented'] === 'yes');
    const { body: vm } = await gateway.get(`/v1/vms/${task}`);
    expect(vm).toMatchObject({ power_state: 'on', custom_attributes: { owner: 'alice', invented: 'yes' } });
  });

  it('defines an attribute once for all VMs that are made at the same time', async () => {
    const create = (name: string) =>
      made(gateway.post('/v1/vms', { ...spec, name, custom_attributes: { shared: name } }));
    const ids = await Promise.all(['new-a', 'new-b', 'new-c'].map(create));
    const values = () => ids.map((id) => inventory().get('vm', id)?.custom_attributes['shared']).join();
    await until('the shared attribute', () => values() === 'new-a,new-b,new-c');
  });

  it('says that there is a VM when only a later step failed', async () => {
    await lab.fault({ method: 'PowerOnVM_Task', fault: 'InsufficientResourcesFault', count: 1 });
    const { body } = await gateway.post('/v1/vms', { ...spec, name: 'new-unfinished', power_on: true, wait: 0 });
    const { body: task } = await gateway.get(`/v1/tasks/${body.id}?wait=30`);
    const [vm] = inventory().resolve('vm', 'new-unfinished');
    expect(task).toMatchObject({
      state: 'error',
      result: { id: vm!.id },
      description: expect.stringContaining("'new-unfinished' is made; power it on"),
      error: { code: 'insufficient_resources' },
    });
    await lab.fault({ method: 'PowerOnVM_Task', fault: 'InsufficientResourcesFault', count: 1 });
    const waited = await gateway.post('/v1/vms', { ...spec, name: 'new-unfinished-2', power_on: true });
    expect(waited.body).toMatchObject({
      code: 'insufficient_resources',
      detail: expect.stringMatching(/^'new-unfinished-2' was made \(lab:vm-\d+\), but is not finished: /),
    });
  });

  it('tells why vSphere has not made it', async () => {
    await lab.fault({ method: 'Folder.createVm', task: true, fault: 'NoDiskSpace', count: 1 });
    const { status, body } = await gateway.post('/v1/vms', { ...spec, name: 'never' });
    expect([status, body.code, body.fault]).toEqual([507, 'insufficient_storage', 'NoDiskSpace']);
  });

  it('is unmade when its task is cancelled', async () => {
    await lab.set({ task: 3_000 });
    try {
      const { body } = await gateway.post('/v1/vms', { ...spec, name: 'never', power_on: true, wait: 0 });
      const begun = () =>
        gateway.app.services.tasks.list().find(({ target_name, moref }) => target_name === 'vm' && moref);
      await until('the task of vSphere runs', () => begun()?.state === 'running' || begun()?.state === 'queued');
      await gateway.post(`/v1/tasks/${body.id}/cancel`, { wait: 10 });
      await until('both have ended', async () => begun()?.state === 'cancelled');
      expect((await gateway.get(`/v1/tasks/${body.id}`)).body.state).toBe('cancelled');
      expect(inventory().resolve('vm', 'never')).toEqual([]);
    } finally {
      await lab.set({ task: 0 });
    }
  });

  it('changes nothing in a dry run, and shows the calls in order', async () => {
    await lab.resetStats();
    const { status, body } = await gateway.post('/v1/vms', {
      ...spec,
      name: 'never',
      nics: [{ network: 'pg-web' }],
      custom_attributes: { owner: 'bob', unheard_of: 'x' },
      power_on: true,
      dry_run: true,
    });
    expect([status, await mutations()]).toEqual([200, []]);
    expect(body.plan.map(({ method }: { method: string }) => method)).toEqual([
      'CreateVM_Task',
      'AddCustomFieldDef',
      'setCustomValue',
      'setCustomValue',
      'PowerOnVM_Task',
    ]);
  });

  it.each([
    ['no datastore', { datastore: undefined }, 'invalid_input', 'nvme-01'],
    ['an unknown cluster', { cluster: 'Nowhere' }, 'not_found', 'cluster.list'],
    ['cores that do not divide', { cores_per_socket: 3 }, 'invalid_input', 'do not divide'],
    ['an adapter on nothing', { nics: [{}] }, 'invalid_input', 'network.list'],
    ['a folder for hosts', { folder: '/Frankfurt/host' }, 'invalid_input', 'no folder for VMs'],
    ['a slash in its name', { name: 'a/b' }, 'invalid_input', 'name'],
    ['a path out of the datastore', { iso: '../../etc/passwd' }, 'invalid_input', 'iso'],
  ])('is refused with %s', async (_what, wrong, code, words) => {
    const { body } = await gateway.post('/v1/vms', { ...spec, name: 'never', ...wrong });
    expect([body.code, body.detail]).toEqual([code, expect.stringContaining(words)]);
  });
});

describe('vm.clone', () => {
  it('puts the clone of a template into the only root pool and its own folder', async () => {
    const { id, parent } = template();
    const clone = await made(gateway.post(`/v1/vms/${id}/clone`, { name: 'clone-default', wait: 30 }));
    const vm = await read(clone, 'parent', 'resourcePool', 'config.template');
    expect([vm['parent'].value, vm['config.template']]).toEqual([moref(parent!), false]);
    expect(inventory().path(`lab:${vm['resourcePool'].value}`)).toBe('/Frankfurt/host/Frankfurt Prod/Resources');
  });

  it('takes folder, pool, host, datastore, size, and attributes from the request', async () => {
    const host = inventory().all('host')[1]!;
    const clone = await made(
      gateway.post(`/v1/vms/${off().id}/clone`, {
        name: 'clone-placed',
        folder: 'Infra',
        pool: 'Gold',
        host: host.name,
        datastore: 'nvme-02',
        cpu_count: 3,
        memory_mib: 128,
        custom_attributes: { owner: 'carol' },
        wait: 30,
      }),
    );
    const vm = await read(clone, 'resourcePool', 'runtime.host', 'config.hardware', 'config.files.vmPathName');
    expect(vm['runtime.host'].value).toBe(host.moref);
    expect(inventory().get('pool', `lab:${vm['resourcePool'].value}`)?.name).toBe('Gold');
    expect(vm['config.hardware']).toMatchObject({ numCPU: 3, memoryMB: 128 });
    expect(vm['config.files.vmPathName']).toMatch(/^\[nvme-02\]/);
    const { body } = await gateway.get(`/v1/vms/${clone}`);
    expect(body.path).toBe('/Frankfurt/vm/Infra/clone-placed');
    expect(body.custom_attributes['owner']).toBe('carol');
  });

  it('links to the current snapshot, and cannot without one', async () => {
    const bare = vmThat((vm) => vm.snapshots.length === 0 && !vm.template && vm.power_state === 'off');
    const linked = { name: 'clone-linked', linked: true };
    const refused = await gateway.post(`/v1/vms/${bare.id}/clone`, linked);
    expect(refused.body).toMatchObject({
      code: 'invalid_state',
      detail: expect.stringContaining('vm.snapshot.create'),
    });
    const vm = vmThat(({ snapshots }) => snapshots.length > 0);
    const { body } = await gateway.post(`/v1/vms/${vm.id}/clone`, { ...linked, dry_run: true });
    expect(body.plan[0].arguments.spec).toMatchObject({
      location: { diskMoveType: 'createNewChildDiskBacking' },
      snapshot: { $type: 'VirtualMachineSnapshot', value: expect.stringContaining('snapshot') },
    });
    await made(gateway.post(`/v1/vms/${vm.id}/clone`, { ...linked, wait: 30 }));
  });

  it('customizes every adapter of the clone, and shows no password', async () => {
    const { id } = off();
    const customization = {
      windows: { full_name: 'Ops', organization: 'Example', admin_password: 'pa55-secret' },
      nics: [{ ipv4: { address: '10.1.2.3', prefix: 24, gateway: '10.1.2.1' } }],
    };
    const { body } = await gateway.post(`/v1/vms/${id}/clone`, { name: 'clone-custom', customization, dry_run: true });
    expect(body.plan[0].arguments.spec.customization).toMatchObject({
      identity: { guiUnattended: { password: '[redacted]' } },
      nicSettingMap: [{ adapter: { ip: { ipAddress: '10.1.2.3' }, subnetMask: '255.255.255.0' } }],
    });
    expect(JSON.stringify(body)).not.toContain('pa55-secret');
    const clone = await made(gateway.post(`/v1/vms/${id}/clone`, { name: 'clone-custom', customization, wait: 30 }));
    expect((await read(clone, 'config.tools.pendingCustomization'))['config.tools.pendingCustomization']).toBeTruthy();
    const nics = (await devicesOf(id)).filter((device) => 'macAddress' in device).length;
    const { nics: one } = customization;
    const tooMany = { nics: Array(nics + 1).fill(one[0]) };
    const refused = await gateway.post(`/v1/vms/${id}/clone`, { name: 'never', customization: tooMany });
    expect(refused.body).toMatchObject({ code: 'invalid_input', errors: [{ pointer: '/customization/nics' }] });
  });

  it('replaces parts of a stored specification', async () => {
    const customization = { base: 'vcsim-linux-static', hostname: 'db-07', nics: [{ ipv4: 'dhcp' }] };
    const { body } = await gateway.post(`/v1/vms/${off().id}/clone`, { name: 'never', customization, dry_run: true });
    expect(body.plan[0].arguments.spec.customization).toMatchObject({
      identity: { hostName: { name: 'db-07' }, timeZone: 'Africa/Cairo' },
      nicSettingMap: [{ adapter: { ip: { $type: 'CustomizationDhcpIpGenerator' } } }],
    });
  });

  it('makes a template, which cannot be powered on', async () => {
    const clone = await made(
      gateway.post(`/v1/vms/${off().id}/clone`, { name: 'clone-template', template: true, wait: 30 }),
    );
    expect(await read(clone, 'config.template')).toEqual({ 'config.template': true });
    const wrong = { name: 'never', template: true, power_on: true };
    expect((await gateway.post(`/v1/vms/${off().id}/clone`, wrong)).body.code).toBe('invalid_input');
  });
});

describe('vm.migrate', () => {
  it('moves host, pool, datastore and folder at once', async () => {
    const vm = vmThat(({ power_state, template: is }) => power_state === 'on' && !is);
    const host = inventory()
      .all('host')
      .find(({ id }) => id !== vm.host)!;
    const input = { host: host.name, pool: 'Silver', datastore: 'archive-nfs-01', folder: 'Templates', wait: 30 };
    await lab.resetStats();
    const dry = await gateway.post(`/v1/vms/${vm.id}/migrate`, { ...input, dry_run: true });
    expect(dry.body.impact).toContain(`→ ${host.name}`);
    expect(await mutations()).toEqual([]);
    const { body } = await gateway.post(`/v1/vms/${vm.id}/migrate`, input);
    expect(body.state).toBe('success');
    const now = await read(vm.id, 'runtime.host', 'resourcePool', 'datastore', 'parent');
    expect(now['runtime.host'].value).toBe(host.moref);
    expect(inventory().get('pool', `lab:${now['resourcePool'].value}`)?.name).toBe('Silver');
    expect(inventory().get('datastore', `lab:${now['datastore'][0].value}`)?.name).toBe('archive-nfs-01');
    expect(inventory().get('vm', vm.id)).toMatchObject({ host: host.id, parent: `lab:${now['parent'].value}` });
  });

  it('can be checked beforehand, with what vSphere says against it', async () => {
    const vm = off();
    const host = inventory()
      .all('host')
      .find(({ id }) => id !== vm.host)!;
    const check = () => gateway.get(`/v1/vms/${vm.id}/migrate?host=${host.name}`);
    expect((await check()).body).toMatchObject({ possible: true, errors: [] });
    await lab.fault({ method: 'CheckRelocate_Task', fault: 'NoPermission', count: 1 });
    expect((await check()).body.code).toBe('upstream_forbidden');
  });
});

describe('vm.customize', () => {
  it('leaves the guest of a VM that is off something to do at its next start', async () => {
    const id = await made(gateway.post(`/v1/vms/${template().id}/clone`, { name: 'to-customize', wait: 30 }));
    const { body } = await gateway.post(`/v1/vms/${id}/customize`, {
      customization: { hostname: 'renamed' },
      wait: 30,
    });
    expect(body.state, JSON.stringify(body)).toBe('success');
    expect((await read(id, 'config.tools.pendingCustomization'))['config.tools.pendingCustomization']).toBeTruthy();
  });
});

describe('the configured defaults', () => {
  const provisioning = {
    folder: '/Frankfurt/vm/Dev/CI',
    pool: 'Gold',
    datastore: 'nvme-02',
    network: 'pg-dev',
    customization: 'vcsim-linux',
    custom_attributes: { owner: 'platform', env: 'test' },
    name_pattern: 'auto-##',
  };
  let proxy: FaultProxy;
  let configured: Gateway;
  beforeAll(async () => {
    proxy = await startFaultProxy(lab);
    configured = await startGateway({
      vcenters: [proxy.config()],
      config: { metrics: { enabled: false }, provisioning },
    });
  });
  afterAll(async () => {
    await configured?.close();
    await proxy?.stop();
  });

  it('are what a request for a VM does not say', async () => {
    const id = await made(configured.post('/v1/vms', nowhere));
    const { body } = await configured.get(`/v1/vms/${id}`);
    expect(body).toMatchObject({
      path: '/Frankfurt/vm/Dev/CI/auto-01',
      custom_attributes: { owner: 'platform', env: 'test' },
      networks: [{ name: 'pg-dev' }],
      datastores: [{ name: 'nvme-02' }],
    });
    expect(configured.app.services.inventory.get('pool', body.resource_pool)?.name).toBe('Gold');
  });

  it('give way to the request, and to a cluster that their pool is not in', async () => {
    const input = {
      ...spec,
      name: 'own-name',
      folder: 'Infra',
      nics: [],
      custom_attributes: { env: 'prod' },
      dry_run: true,
    };
    const { body } = await configured.post('/v1/vms', input);
    const [create, ...rest] = body.plan;
    expect(create.object).toBe(inventory().resolve('folder', 'Infra')[0]!.id);
    expect(create.arguments.config).toMatchObject({
      name: 'own-name',
      deviceChange: [],
      files: { vmPathName: '[nvme-01]' },
    });
    expect(rest.map(({ arguments: { key, value } }: Properties) => [key, value])).toEqual([
      ['owner', 'platform'],
      ['env', 'prod'],
    ]);
  });

  it('are for clones, too, which take the next name', async () => {
    const { body } = await configured.post(`/v1/vms/${off().id}/clone`, { dry_run: true });
    expect(body.plan[0].arguments).toMatchObject({
      name: 'auto-02',
      spec: { customization: { identity: { domain: 'eng.vmware.com' } } },
    });
  });

  it('customization.delete takes a specification away once it is confirmed', async () => {
    const answer = proxy.rule({
      method: 'DeleteCustomizationSpec',
      action: {
        kind: 'respond',
        status: 200,
        type: 'text/xml; charset=utf-8',
        body: envelope('<DeleteCustomizationSpecResponse xmlns="urn:vim25"></DeleteCustomizationSpecResponse>'),
      },
    });
    const path = '/v1/customizations/vcsim-linux';
    expect((await configured.request('DELETE', `${path}?confirm=other`)).body.code).toBe('confirmation_required');
    expect(answer.hits()).toBe(0);
    const { body } = await configured.request('DELETE', `${path}?confirm=vcsim-linux`);
    expect([body, answer.hits()]).toEqual([{ name: 'vcsim-linux', vcenter: 'lab', deleted: true }, 1]);
  });

  it('an opaque network is plugged in by the id that NSX gave it', async () => {
    // The simulator has none: the proxy gives one of its networks that type, and answers what it is.
    const { moref: network } = inventory().resolve('network', 'Backup Network')[0]!;
    const rename = new RegExp(`type="Network"([^>]*)>${network}<`, 'g');
    const opaque = await startFaultProxy(lab);
    opaque.rule({
      method: 'RetrievePropertiesEx',
      where: (body) => body.includes('OpaqueNetwork') && body.includes(network) && body.includes('summary'),
      action: {
        kind: 'respond',
        status: 200,
        type: 'text/xml; charset=utf-8',
        body: envelope(
          `<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval><objects><obj type="OpaqueNetwork">${network}</obj><propSet><name>summary</name><val xsi:type="OpaqueNetworkSummary"><name>Backup Network</name><accessible>true</accessible><ipPoolName></ipPoolName><opaqueNetworkId>seg-1</opaqueNetworkId><opaqueNetworkType>nsx.LogicalSwitch</opaqueNetworkType></val></propSet></objects></returnval></RetrievePropertiesExResponse>`,
        ),
      },
    });
    opaque.rule({
      action: { kind: 'rewrite', edit: (body) => body.replaceAll(rename, `type="OpaqueNetwork"$1>${network}<`) },
    });
    const behind = await startGateway({ vcenters: [opaque.config()], config: { metrics: { enabled: false } } });
    try {
      const input = { ...spec, name: 'never', nics: [{ network: 'Backup Network' }], dry_run: true };
      const { body } = await behind.post('/v1/vms', input);
      expect(body.plan[0].arguments.config.deviceChange[0].device.backing).toEqual({
        $type: 'VirtualEthernetCardOpaqueNetworkBackingInfo',
        opaqueNetworkId: 'seg-1',
        opaqueNetworkType: 'nsx.LogicalSwitch',
      });
    } finally {
      await behind.close();
      await opaque.stop();
    }
  });
});

describe('among several datacenters and clusters', () => {
  let large: Lab;
  let wide: Gateway;
  beforeAll(async () => {
    large = await startLab({ vms: 30, datacenters: 2, clusters: 2, hosts: 4, args: ['-still'] });
    wide = await startGateway({ vcenters: [large.config()], config: { metrics: { enabled: false } } });
  });
  afterAll(async () => {
    await wide?.close();
    await large?.stop();
  });

  const objects = () => wide.app.services.inventory;
  const clusterOf = (datacenter: string, nth: number) =>
    objects()
      .all('cluster')
      .filter(({ id }) => objects().path(id).startsWith(`/${datacenter}/`))[nth]!;
  const hostOf = (cluster: { hosts: readonly string[] }) => objects().get('host', cluster.hosts[0]!)!;
  const datastoreOf = (cluster: { datastores: readonly string[] }) =>
    objects().get('datastore', cluster.datastores[0]!)!;
  const plan = async (input: object) =>
    (await wide.post('/v1/vms', { ...nowhere, name: 'never', ...input, dry_run: true })).body;

  it('a request that says nothing is told which pools there are', async () => {
    const body = await plan({});
    expect(body).toMatchObject({ code: 'invalid_input', errors: [{ pointer: '/pool' }] });
    expect(body.candidates).toHaveLength(objects().count('cluster'));
  });

  it('names mean what is in the datacenter of the cluster', async () => {
    const cluster = clusterOf('Dublin', 0);
    const datastore = datastoreOf(cluster);
    expect(objects().resolve('network', 'VM Network').length).toBeGreaterThan(1);
    const body = await plan({
      cluster: cluster.id,
      datastore: datastore.name,
      folder: 'Infra',
      disks: [{ size_gib: 1 }],
      nics: [{ network: 'VM Network' }],
    });
    const [{ arguments: args, object }] = body.plan;
    expect(objects().path(object)).toBe('/Dublin/vm/Infra');
    expect(args.pool.value).toBe(moref(cluster.resource_pool!));
    const nic = args.config.deviceChange.at(-1).device;
    expect(objects().path(`lab:${nic.backing.network.value}`)).toMatch(/^\/Dublin\//);
  });

  it('what does not belong together is refused', async () => {
    const [one, other] = [clusterOf('Dublin', 0), clusterOf('Dublin', 1)];
    const datastore = datastoreOf(one).id;
    const host = await plan({ cluster: one.id, host: hostOf(other).id, datastore });
    expect(host).toMatchObject({ code: 'invalid_input', errors: [{ pointer: '/host' }] });
    const pool = await plan({ cluster: one.id, pool: other.resource_pool, datastore });
    expect(pool).toMatchObject({ code: 'invalid_input', errors: [{ pointer: '/pool' }] });
  });

  it('a VM that goes to another cluster gets the root pool of that', async () => {
    const [one, other] = [clusterOf('Dublin', 0), clusterOf('Dublin', 1)];
    const vm = objects()
      .all('vm')
      .find(({ host, template: is }) => one.hosts.includes(host ?? '') && !is)!;
    const migrate = async (input: object) =>
      (await wide.post(`/v1/vms/${vm.id}/migrate`, { ...input, dry_run: true })).body.plan[0].arguments.spec;
    const pool = { $type: 'ResourcePool', value: moref(other.resource_pool!) };
    expect(await migrate({ cluster: other.id })).toEqual({ pool });
    expect(await migrate({ host: hostOf(other).id })).toMatchObject({ pool, host: { value: hostOf(other).moref } });
    const clone = await wide.post(`/v1/vms/${vm.id}/clone`, { name: 'never', host: hostOf(other).id, dry_run: true });
    expect(clone.body.plan[0].arguments.spec.location.pool).toEqual(pool);
  });
});
