/** vm.nic.add: a new network adapter, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import { reference, TaskShape, vmRef, waitField } from '../../shapes.ts';
import { hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { nicBacking } from '../hardware/network.ts';
import { ADAPTERS, MAC, newNic } from '../hardware/nic.ts';
import { DeviceChanges } from '../hardware/spec.ts';
import { nearest } from '../provision/nearest.ts';

export default operation({
  name: 'vm.nic.add',
  summary: 'Add a network adapter to a virtual machine',
  description:
    'Adds a network adapter on a standard network, a distributed port group or an opaque (NSX) network; works while the VM runs. Answers with the task; vm.device.list then shows its key and MAC address. The guest must still configure it.',
  http: 'POST /v1/vms/{vm}/nics',
  scope: 'provision',
  danger: 'safe',
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    network: reference('Network or distributed port group'),
    adapter: z.enum(ADAPTERS).default('vmxnet3').describe('Adapter type'),
    mac: z
      .string()
      .regex(MAC, 'A unicast MAC address with colons')
      .optional()
      .describe('MAC address, 00:50:56:01:02:03; vSphere gives one if absent'),
    connected: z.boolean().default(true).describe('Connected, now and when the VM powers on'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'On a port group', input: { vm: 'web-01', network: 'pg-app', wait: 30 } },
    {
      title: 'With a MAC address of its own, not connected yet',
      input: { vm: 'web-01', network: 'VM Network', mac: '00:50:56:01:02:03', connected: false },
    },
  ],
})
  .plan(async ({ vm: name, network: on, adapter, mac, connected }, context) => {
    const hardware = await hardwareToChange(name, context);
    const { vm, devices } = hardware;
    const network = nearest('network', on, vm, context);
    const changes = new DeviceChanges(devices);
    const backing = await nicBacking(context, network);
    changes.add(newNic({ key: changes.newKey(), backing, adapter, mac, connected }));
    return planReconfiguration(
      hardware,
      { deviceChange: changes.list },
      `'${vm.name}' gets a ${adapter} adapter on '${network.name}'${connected ? '' : ', not connected'}.`,
    );
  })
  .run(reconfigure);
