/** vm.wait: answers when the live inventory shows what is waited for. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import type { VmRecord } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { vmRef } from '../shapes.ts';
import { untilInventory } from '../start-task.ts';
import { powerState } from './shapes.ts';

const REACHED = {
  ip: (vm) => vm.ip_addresses.length > 0,
  tools: (vm) => vm.tools_status === 'guestToolsRunning',
  power_on: (vm) => vm.power_state === 'on',
  power_off: (vm) => vm.power_state === 'off',
} as const satisfies Record<string, (vm: VmRecord) => boolean>;

export default operation({
  name: 'vm.wait',
  summary: 'Wait until a virtual machine is so far',
  description:
    'Waits until a VM has an IP address, runs VMware Tools, or is on or off, and answers at once when it is. reached: false means that the time was over: call again to go on waiting. Costs vCenter nothing.',
  http: 'GET /v1/vms/{vm}/wait',
  scope: 'read',
  danger: 'safe',
  toolset: 'vm',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    for: z.enum(['ip', 'tools', 'power_on', 'power_off']).describe('What to wait for'),
    timeout: z.number().min(0).max(60).default(30).describe('Seconds to wait at most, 0 to 60'),
  }),
  output: z.strictObject({
    id: z.string().describe('Id of the VM'),
    name: z.string().describe('Name of the VM'),
    for: z.string().describe('What was waited for'),
    reached: z.boolean().describe('Whether it is so; false: the time was over'),
    power_state: powerState,
    tools_status: z.string().nullable().describe('guest.toolsRunningStatus'),
    ip_addresses: z.array(z.string()).describe('Addresses of the guest, the primary one first (VMware Tools)'),
    stale: z.boolean().describe('True while the vCenter cannot be followed'),
  }),
  examples: [{ title: 'After power on', input: { vm: 'web-01', for: 'ip', timeout: 60 } }],
}).run(async ({ vm: name, for: what, timeout }, context) => {
  const { inventory } = context;
  const { id } = resolveOne('vm', name, context);
  const now = () => inventory.get('vm', id);
  const isSo = (vm: VmRecord | undefined) => vm === undefined || REACHED[what](vm);
  await untilInventory(context, () => isSo(now()), timeout * 1_000);
  const vm = now();
  if (vm === undefined) throw new GatewayError('not_found', `'${name}' was deleted meanwhile.`);
  return {
    id,
    name: vm.name,
    for: what,
    reached: REACHED[what](vm),
    power_state: vm.power_state,
    tools_status: vm.tools_status,
    ip_addresses: [...vm.ip_addresses],
    stale: inventory.status(vm.vcenter).stale,
  };
});
