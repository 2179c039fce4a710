/** vm.nic.update: network, connection or MAC address of an adapter, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import { reference, TaskShape, vmRef, waitField } from '../../shapes.ts';
import { hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { deviceRef, isNic, labelOf, resolveDevice } from '../hardware/device.ts';
import { nicBacking } from '../hardware/network.ts';
import { MAC } from '../hardware/nic.ts';
import { DeviceChanges } from '../hardware/spec.ts';
import { nearest } from '../provision/nearest.ts';

export default operation({
  name: 'vm.nic.update',
  summary: 'Change a network adapter of a virtual machine',
  description:
    'Puts an adapter on another network, connects or disconnects it, or gives it another MAC address (only while the VM is off). What is not given stays. Connections through the adapter break when its network changes or it is disconnected. Answers with the task.',
  http: 'PATCH /v1/vms/{vm}/nics/{nic}',
  scope: 'provision',
  danger: 'disruptive',
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    nic: deviceRef('The adapter', '4000'),
    network: reference('Network or distributed port group to put it on').optional(),
    connected: z.boolean().optional().describe('Connected, now and when the VM powers on'),
    mac: z
      .string()
      .regex(MAC, 'A unicast MAC address with colons')
      .optional()
      .describe('MAC address, 00:50:56:01:02:03; the VM must be off'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'To another network', input: { vm: 'web-01', nic: 'Network adapter 1', network: 'pg-db', wait: 30 } },
    { title: 'Disconnect', input: { vm: 'web-01', nic: 4000, connected: false } },
  ],
})
  .plan(async (input, context) => {
    const { connected, mac } = input;
    if (input.network === undefined && connected === undefined && mac === undefined) {
      throw new GatewayError('invalid_input', 'There is nothing to change; give network, connected or mac.', {
        errors: [{ pointer: '/network', message: 'network, connected or mac is needed' }],
      });
    }
    const hardware = await hardwareToChange(input.vm, context);
    const { vm } = hardware;
    const nic = resolveDevice(hardware.devices.filter(isNic), input.nic, 'network adapter');
    const network = input.network === undefined ? undefined : nearest('network', input.network, vm, context);
    const { connectable = { startConnected: true, allowGuestControl: true, connected: false } } = nic;
    const changes = new DeviceChanges(hardware.devices);
    changes.edit({
      ...nic,
      ...(network === undefined ? {} : { backing: await nicBacking(context, network) }),
      ...(connected === undefined ? {} : { connectable: { ...connectable, connected, startConnected: connected } }),
      ...(mac === undefined ? {} : { addressType: 'manual', macAddress: mac.toLowerCase() }),
    });
    const effects = [
      network === undefined ? [] : `is put on '${network.name}'`,
      connected === undefined ? [] : connected ? 'is connected' : 'is disconnected',
      mac === undefined ? [] : `gets the MAC address ${mac.toLowerCase()} in place of ${nic.macAddress ?? 'none'}`,
    ].flat();
    return planReconfiguration(
      hardware,
      { deviceChange: changes.list },
      `'${labelOf(nic)}' of '${vm.name}' ${effects.join(', ')}.`,
    );
  })
  .run(reconfigure);
