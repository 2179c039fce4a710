/** The lab's property collector keeps vCenter's rules, which the simulator's own does not. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Lab, startLab } from '../support/lab.ts';
import { count, filterXml, loggedIn, type SoapClient, versionOf } from './soap.ts';

let lab: Lab;
let client: SoapClient;
const OBJECTS = /<objectSet>/g;

beforeAll(async () => {
  lab = await startLab({ vms: 120, args: ['-still'] });
  client = await loggedIn(lab);
});

afterAll(async () => {
  await client.close();
  await lab.stop();
});

/** Waits until nothing more comes, and gives the last version. */
async function drain(collector: string): Promise<string> {
  let version = '';
  for (;;) {
    const { xml } = await client.wait(collector, version, 0);
    if (!xml.includes('<version>')) return version;
    version = versionOf(xml);
  }
}

test('it gives a hundred objects at a time and says that there is more', async () => {
  const { collector } = await client.watch('VirtualMachine', ['name']);
  const first = await client.wait(collector, '', 0);
  expect(count(first.xml, OBJECTS)).toBe(100);
  expect(first.xml).toContain('<truncated>true</truncated>');
  const rest = await client.wait(collector, versionOf(first.xml), 0);
  expect(count(rest.xml, OBJECTS)).toBe(20);
  expect(rest.xml).not.toContain('truncated');
});

test('version "" begins again with everything', async () => {
  const { collector } = await client.watch('HostSystem', ['name']);
  await drain(collector);
  expect(count((await client.wait(collector, '', 0)).xml, OBJECTS)).toBe(lab.hosts);
});

test('an unknown version is refused', async () => {
  const { collector } = await client.watch('HostSystem', ['name']);
  await drain(collector);
  expect((await client.wait(collector, 'nonsense', 0)).fault).toBe('InvalidCollectorVersion');
});

test('a whole set may be asked for once more, a truncated one may not', async () => {
  const { collector } = await client.watch('VirtualMachine', ['name']);
  const first = await client.wait(collector, '', 0);
  const second = await client.wait(collector, versionOf(first.xml), 0);
  expect((await client.wait(collector, versionOf(first.xml), 0)).xml).toBe(second.xml);

  const other = (await client.watch('VirtualMachine', ['name'])).collector;
  const page = (version: string) =>
    client.call(
      'WaitForUpdatesEx',
      other,
      `<version>${version}</version><options><maxObjectUpdates>50</maxObjectUpdates></options>`,
    );
  const version = versionOf((await page('')).xml);
  expect((await page(version)).xml).toContain('<truncated>true<');
  expect((await page(version)).fault).toBe('InvalidCollectorVersion');
});

test('a change tells what differs and nothing else', async () => {
  const { collector } = await client.watch('VirtualMachine', [
    'name',
    'config.annotation',
    'runtime.powerState',
    'parent',
  ]);
  const version = await drain(collector);
  const [vm] = await lab.change({ op: 'annotate', text: 'changed' });
  const { xml } = await client.wait(collector, version, 5);
  expect(xml).toContain(`<kind>modify</kind><obj type="VirtualMachine">${vm}<`);
  expect(count(xml, /<changeSet>/g)).toBe(1);
  expect(xml).toContain('<name>config.annotation</name><op>assign</op>');
});

test('what notifies nobody on a real vCenter does not notify here', async () => {
  const { collector } = await client.watch('VirtualMachine', [
    'name',
    'recentTask',
    'overallStatus',
    'summary.quickStats',
  ]);
  const version = await drain(collector);
  await lab.change({ op: 'annotate', text: 'makes a task' });
  expect((await client.wait(collector, version, 1)).xml).not.toContain('<version>');
});

test('new objects enter and destroyed ones leave', async () => {
  const { collector } = await client.watch('VirtualMachine', ['name']);
  let version = await drain(collector);
  const [made] = await lab.change({ op: 'create', name: 'comes-and-goes' });
  const entered = await client.wait(collector, version, 5);
  expect(entered.xml).toContain(`<kind>enter</kind><obj type="VirtualMachine">${made}<`);
  version = versionOf(entered.xml);
  await lab.change({ op: 'destroy', vm: 'comes-and-goes' });
  const left = await client.wait(collector, version, 5);
  expect(left.xml).toContain(`<kind>leave</kind><obj type="VirtualMachine">${made}<`);
});

test('moving, custom values and templates are told, which the simulator keeps quiet about', async () => {
  const { collector } = await client.watch('VirtualMachine', ['parent', 'customValue', 'config.template']);
  let version = await drain(collector);
  const expectChange = async (vm: string | undefined, path: string) => {
    const { xml } = await client.wait(collector, version, 5);
    expect(xml).toContain(`<obj type="VirtualMachine">${vm}<`);
    expect(xml).toContain(`<name>${path}</name>`);
    version = versionOf(xml);
  };
  const [vm] = await lab.change({ op: 'move', folder: 'Infra' });
  await expectChange(vm, 'parent');
  await client.call('setCustomValue', `VirtualMachine:${vm}`, '<key>owner</key><value>somebody</value>');
  await expectChange(vm, 'customValue');
  const [off] = await lab.change({ op: 'create' });
  await drain(collector).then((next) => {
    version = next;
  });
  await client.call('MarkAsTemplate', `VirtualMachine:${off}`);
  await expectChange(off, 'config.template');
});

test('a property that does not exist is refused, in a filter and in a read', async () => {
  const { view, collector } = await client.watch('VirtualMachine', ['name']);
  const bad = await client.call(
    'CreateFilter',
    collector,
    filterXml(view, 'VirtualMachine', ['name', 'config.nonsense']),
  );
  expect(bad.fault).toBe('InvalidProperty');
  await expect(client.property(await client.manager('rootFolder'), 'nonsense')).rejects.toThrow('InvalidProperty');
});

test('unread pages of a read can be given up', async () => {
  const { view } = await client.watch('VirtualMachine', ['name']);
  const pc = await client.manager('propertyCollector');
  const spec = filterXml(view, 'VirtualMachine', ['name']).replace(/^<spec>|<\/spec>.*$/gs, '');
  const read = await client.call(
    'RetrievePropertiesEx',
    pc,
    `<specSet>${spec}</specSet><options><maxObjects>10</maxObjects></options>`,
  );
  const token = /<token>([^<]+)</.exec(read.xml)?.[1];
  expect(token).toBeDefined();
  expect((await client.call('CancelRetrievePropertiesEx', pc, `<token>${token}</token>`)).status).toBe(200);
  expect((await client.call('ContinueRetrievePropertiesEx', pc, `<token>${token}</token>`)).fault).toBe(
    'InvalidProperty',
  );
});

test('a wait ends with RequestCanceled when it is cancelled, and the next one goes on from the same version', async () => {
  const { collector } = await client.watch('HostSystem', ['name']);
  const version = await drain(collector);
  const waiting = client.wait(collector, version, 30);
  await client.call('CancelWaitForUpdates', collector);
  // The cancel may overtake the wait on its way; then it has nothing to cancel, as on vCenter.
  const again = setInterval(() => void client.call('CancelWaitForUpdates', collector), 50);
  expect((await waiting).fault).toBe('RequestCanceled');
  clearInterval(again);
  expect((await client.wait(collector, version, 0)).fault).toBeUndefined();
});

test('ten thousand changes in a burst cost one look at each object', async () => {
  const { collector } = await client.watch('VirtualMachine', ['config.annotation']);
  let version = await drain(collector);
  await lab.change({ op: 'storm', count: 10_000 });
  let updates = 0;
  for (;;) {
    const { xml } = await client.wait(collector, version, 0);
    if (!xml.includes('<version>')) break;
    version = versionOf(xml);
    updates += count(xml, OBJECTS);
  }
  expect(updates).toBeGreaterThan(100);
  expect(updates).toBeLessThan(400);
});
