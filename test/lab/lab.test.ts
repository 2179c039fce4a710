/** The lab as a whole: who gets in, what is in it, that it comes back the same. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findSimulator } from '../../src/demo/simulator.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { count, loggedIn, SoapClient } from './soap.ts';

let lab: Lab;
let client: SoapClient;

beforeAll(async () => {
  lab = await startLab({ vms: 40 });
  client = await loggedIn(lab);
});

afterAll(async () => {
  await client.close();
  await lab.stop();
});

/** Every VM's reference, name and UUID. */
async function inventory(of: SoapClient): Promise<string[]> {
  const { collector } = await of.watch('VirtualMachine', ['name', 'config.uuid']);
  const { xml } = await of.wait(collector, '', 0);
  return [...xml.matchAll(/<obj type="VirtualMachine">.*?<\/objectSet>/gs)].map(([object]) => object).sort();
}

test('a wrong password is refused with InvalidLogin', async () => {
  const other = new SoapClient(lab.url, lab.ca);
  expect((await other.login(lab.username, 'wrong')).fault).toBe('InvalidLogin');
  await other.close();
});

test('what is not open to everybody needs a login', async () => {
  const other = new SoapClient(lab.url, lab.ca);
  await expect(other.property(await other.manager('rootFolder'), 'name')).rejects.toThrow('NotAuthenticated');
  expect((await other.call('RetrieveServiceContent', 'ServiceInstance:ServiceInstance')).status).toBe(200);
  await other.close();
});

test('the inventory is varied: states, templates, snapshots, guests, odd names', async () => {
  const { collector } = await client.watch('VirtualMachine', [
    'name',
    'runtime.powerState',
    'config.template',
    'snapshot',
    'guest.ipAddress',
    'customValue',
  ]);
  const { xml } = await client.wait(collector, '', 0);
  expect(count(xml, /<obj type="VirtualMachine">/g)).toBe(40);
  for (const state of ['poweredOn', 'poweredOff', 'suspended']) expect(xml).toContain(`>${state}<`);
  expect(count(xml, /<name>config.template<\/name><op>assign<\/op><val[^>]*>true</g)).toBe(2);
  expect(xml).toContain('rootSnapshotList');
  expect(xml).toContain('Budget 2026%2fQ3 (draft)');
  expect(count(xml, />scratch</g)).toBe(2);
  expect(xml).toMatch(/10\.20\.0\.\d+/);
  expect(xml).toContain('CC-1010');
});

test('the two enums that stock vcsim leaves empty are set, on new VMs too', async () => {
  const [made] = await lab.change({ op: 'create' });
  const [first] = await lab.change({ op: 'annotate', text: 'any' });
  for (const vm of [made, first]) {
    for (const path of ['runtime', 'summary.runtime']) {
      const runtime = await client.property(`VirtualMachine:${vm}`, path);
      expect(runtime).toContain('<faultToleranceState>notConfigured<');
      expect(runtime).toContain('<recordReplayState>inactive<');
    }
  }
  await lab.change({ op: 'destroy', ...(made !== undefined && { vm: made }) });
});

test('after a restart it is the same vCenter', async () => {
  const before = await inventory(client);
  await lab.down();
  await lab.up();
  const again = await loggedIn(lab);
  expect(await inventory(again)).toEqual(before);
  await again.close();
});

test('it ends when its standard input ends, so that no test leaves one behind', async () => {
  const { path } = await findSimulator({ log: pino({ level: 'silent' }), download: false });
  const child = spawn(path, ['-l', '127.0.0.1:0', '-vm', '1', '-exit-on-eof'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  await once(createInterface({ input: child.stdout }), 'line');
  child.stdin.end();
  expect((await exited)[0]).toBe(0);
});

test('an ESXi host has guests with addresses and none of the managers of vCenter', async () => {
  const esx = await startLab({ esx: true, vms: 12 });
  const other = new SoapClient(esx.url, esx.ca);
  const { xml } = await other.call('RetrieveServiceContent', 'ServiceInstance:ServiceInstance');
  expect(xml).toContain('<apiType>HostAgent<');
  expect(xml).not.toContain('customFieldsManager');
  await other.login(esx.username, esx.password);
  const { collector } = await other.watch('VirtualMachine', ['guest.ipAddress']);
  expect(count((await other.wait(collector, '', 0)).xml, />10\.20\.0\.\d+</g)).toBeGreaterThan(4);
  await other.close();
  await esx.stop();
});
