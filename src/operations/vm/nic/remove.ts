/** vm.nic.remove: takes a network adapter from a VM, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { deviceRef, isNic, labelOf, resolveDevice } from '../hardware/device.ts';
import { DeviceChanges } from '../hardware/spec.ts';

export default operation({
  name: 'vm.nic.remove',
  summary: 'Remove a network adapter from a virtual machine',
  description:
    'Takes a network adapter from a VM; works while it runs. Its connections break, and its MAC address is given up. To interrupt it only for a while, use vm.nic.update with connected: false. Answers with the task.',
  http: 'DELETE /v1/vms/{vm}/nics/{nic}',
  scope: 'provision',
  danger: 'disruptive',
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({ vm: vmRef, nic: deviceRef('The adapter', '4000'), wait: waitField }),
  output: TaskShape,
  examples: [{ title: 'By label', input: { vm: 'web-01', nic: 'Network adapter 2', wait: 30 } }],
})
  .plan(async (input, context) => {
    const hardware = await hardwareToChange(input.vm, context);
    const nic = resolveDevice(hardware.devices.filter(isNic), input.nic, 'network adapter');
    const changes = new DeviceChanges(hardware.devices);
    changes.remove(nic);
    return planReconfiguration(
      hardware,
      { deviceChange: changes.list },
      `'${hardware.vm.name}' loses '${labelOf(nic)}' (${nic.macAddress ?? 'no MAC address'}); its connections break.`,
    );
  })
  .run(reconfigure);
