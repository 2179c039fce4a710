/** A lab, a gateway in front of it through a proxy, and a witness past both: what the tests of virtual hardware look at. */
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { Inventory } from '../../src/live/inventory/inventory.ts';
import type { DatastoreRecord, VmRecord } from '../../src/live/model.ts';
import { Target } from '../../src/vsphere/target.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { xsdFault } from '../support/xsd.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers and properties of all kinds, looked at as they come.
export type Json = any;

export const NICS = ['VirtualVmxnet3', 'VirtualE1000e', 'VirtualE1000'];

export let lab: Lab;
export let proxy: FaultProxy;
export let witness: Target;
let gateway: Gateway;
/** The calls of this test that change VMs, in order, as XML. */
export const sent: string[] = [];
/** The property collectors that the inventory follows configurations with. */
export const followers: string[] = [];
const used = new Set<string>();

/** Starts everything once for a test file and ends it after. */
export function useHardwareLab(): void {
  beforeAll(async () => {
    lab = await startLab({ vms: 90, datacenters: 2, args: ['-still'] });
    proxy = await startFaultProxy(lab);
    proxy.rule({
      method: 'CreateFilter',
      where: (body) => {
        const collector = /<_this[^>]*>([^<]+)</.exec(body)?.[1];
        if (collector !== undefined && body.includes('config.changeVersion')) followers.push(collector);
        return false;
      },
      action: { kind: 'swallow' },
    });
    gateway = await startGateway({ vcenters: [proxy.config()], config: { metrics: { enabled: false } } });
    witness = new Target(lab.config('witness'), { log: pino({ level: 'silent' }), userAgent: 'witness' });
  });
  beforeEach(() => {
    sent.splice(0);
    proxy.clear();
    proxy.rule({
      where: (body) => {
        const call = /<(ReconfigVM_Task|RelocateVM_Task)[\s\S]*<\/\1>/.exec(body);
        if (call !== null) sent.push(call[0]);
        return false;
      },
      action: { kind: 'swallow' },
    });
  });
  afterAll(async () => {
    await gateway?.close();
    await witness?.close();
    await proxy?.stop();
    await lab?.stop();
  });
}

export function inventory(): Inventory {
  return gateway.app.services.inventory;
}

/** A VM that no other test has. */
export function vmThat(fits: (vm: VmRecord) => boolean = () => true): VmRecord {
  const vm = inventory()
    .all('vm')
    .find((each) => !used.has(each.id) && !each.template && each.snapshots.length === 0 && fits(each))!;
  used.add(vm.id);
  return vm;
}

/** Properties of a VM, asked of the simulator past the gateway. */
export function read(vm: VmRecord, ...paths: string[]): Promise<Json> {
  return witness.session('requests').read({ $type: 'VirtualMachine', value: vm.moref }, paths);
}

export async function devicesOf(vm: VmRecord, ...types: string[]): Promise<Json[]> {
  const { 'config.hardware.device': devices } = await read(vm, 'config.hardware.device');
  return devices.filter(({ $type }: Json) => types.length === 0 || types.includes($type));
}

export function disksOf(vm: VmRecord): Promise<Json[]> {
  return devicesOf(vm, 'VirtualDisk');
}

export async function must(operation: string, input: object): Promise<Json> {
  const { result, error } = await gateway.rpc(operation, { ...input });
  expect(error).toBeUndefined();
  return result;
}

/** Calls and waits for the task; every call that went out must be XML that a vCenter takes. */
export async function change(operation: string, input: object): Promise<void> {
  const task = await must(operation, { wait: 20, ...input });
  expect([task.state, task.error]).toEqual(['success', null]);
  expect(sent.length).toBeGreaterThan(0);
  for (const call of sent) expect(xsdFault(call)).toBeUndefined();
}

/** The problem that a call ends with. */
export async function refused(operation: string, input: object): Promise<Json> {
  const { error } = await gateway.rpc(operation, { ...input });
  return (error as Json)?.data;
}

export function datastoreOf(vm: VmRecord): DatastoreRecord {
  return inventory().get('datastore', vm.datastores[0]!)!;
}

/** One that the VM's host mounts and the VM is not on. */
export function otherDatastoreOf(vm: VmRecord): DatastoreRecord {
  return inventory()
    .all('datastore')
    .find(({ id, hosts }) => !vm.datastores.includes(id) && hosts.includes(vm.host!))!;
}
