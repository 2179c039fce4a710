/** A lab behind a fault proxy, a gateway in front, and short ways to use them and to look past the gateway. */
import { expect } from 'vitest';
import type { VmRecord } from '../../src/live/model.ts';
import type { Session } from '../../src/vsphere/session.ts';
import type { MoRef } from '../../src/vsphere/vim25/types.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { envelope } from '../support/soap-server.ts';

// biome-ignore lint/suspicious/noExplicitAny: results of all operations.
type Json = any;

export interface LifeWorld {
  lab: Lab;
  proxy: FaultProxy;
  gateway: Gateway;
  /** The VM as the inventory has it now. */
  now(vm: VmRecord): VmRecord | undefined;
  /** A VM that no other test gets. */
  own(state: VmRecord['power_state'], fits?: (vm: VmRecord) => boolean): VmRecord;
  session(): Session;
  /** Properties as vSphere has them. */
  read(vm: VmRecord, ...paths: string[]): Promise<Record<string, unknown>>;
  must(operation: string, input: object): Promise<Json>;
  /** The problem of a call that has to fail. */
  refused(operation: string, input: object): Promise<Json>;
  /** Answers a method in the place of the lab, until it is removed. */
  stub(method: string, answer: string): { bodies: string[]; remove(): void };
  stop(): Promise<void>;
}

export const objectOf = (vm: VmRecord): MoRef => ({ $type: 'VirtualMachine', value: vm.moref });

/** An answer that names a task that vSphere really has. */
export const taskAnswer = (method: string, { value }: MoRef) =>
  `<${method}Response xmlns="urn:vim25"><returnval type="Task">${value}</returnval></${method}Response>`;

export async function startWorld(vms: number): Promise<LifeWorld> {
  const lab = await startLab({ vms, args: ['-still'] });
  const proxy = await startFaultProxy(lab);
  const gateway = await startGateway({ vcenters: [proxy.config()], config: { metrics: { enabled: false } } });
  const { inventory, targets } = gateway.app.services;
  const session = () => targets.get('lab')!.session('requests');
  const taken = new Set<string>();
  return {
    lab,
    proxy,
    gateway,
    now: ({ id }) => inventory.get('vm', id),
    own: (state, fits = () => true) => {
      const vm = inventory
        .all('vm')
        .find((each) => each.power_state === state && !each.template && !taken.has(each.id) && fits(each))!;
      taken.add(vm.id);
      return vm;
    },
    session,
    read: (vm, ...paths) => session().read(objectOf(vm), paths),
    must: async (operation, input) => {
      const { result, error } = await gateway.rpc(operation, input);
      expect(error).toBeUndefined();
      return result;
    },
    refused: async (operation, input) => {
      const { error } = await gateway.rpc(operation, input);
      return (error as { data: object }).data;
    },
    stub: (method, answer) => {
      const bodies: string[] = [];
      const rule = proxy.rule({
        method,
        where: (body) => bodies.push(body) > 0,
        action: { kind: 'respond', status: 200, type: 'text/xml', body: envelope(answer) },
      });
      return { bodies, remove: rule.remove };
    },
    stop: async () => {
      await gateway.close();
      await proxy.stop();
      await lab.stop();
    },
  };
}
