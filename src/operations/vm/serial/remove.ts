/** vm.serial.remove: takes a serial port from a VM, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { deviceRef, isSerial, labelOf, resolveDevice } from '../hardware/device.ts';
import { DeviceChanges } from '../hardware/spec.ts';

export default operation({
  name: 'vm.serial.remove',
  summary: 'Remove a serial port from a virtual machine',
  description:
    'Takes a serial port from a VM, which must be off. A file that it wrote stays on the datastore. Answers with the task.',
  http: 'DELETE /v1/vms/{vm}/serial_ports/{serial}',
  scope: 'provision',
  danger: 'disruptive',
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({ vm: vmRef, serial: deviceRef('The serial port', '9000'), wait: waitField }),
  output: TaskShape,
  examples: [{ title: 'By label', input: { vm: 'web-01', serial: 'Serial port 1', wait: 30 } }],
})
  .plan(async (input, context) => {
    const hardware = await hardwareToChange(input.vm, context);
    const serial = resolveDevice(hardware.devices.filter(isSerial), input.serial, 'serial port');
    const changes = new DeviceChanges(hardware.devices);
    changes.remove(serial);
    return planReconfiguration(
      hardware,
      { deviceChange: changes.list },
      `'${hardware.vm.name}' loses '${labelOf(serial)}'.`,
    );
  })
  .run(reconfigure);
