/** vm.controller.remove: an empty controller goes, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { isDiskController } from '../hardware/controller.ts';
import { deviceRef, labelOf, named, resolveDevice } from '../hardware/device.ts';
import { DeviceChanges } from '../hardware/spec.ts';

export default operation({
  name: 'vm.controller.remove',
  summary: 'Remove an empty disk controller from a VM',
  description:
    'Takes a SCSI, SATA or NVMe controller that nothing hangs on from a VM. Remove or move its disks and drives first. Answers with the task.',
  http: 'DELETE /v1/vms/{vm}/controllers/{controller}',
  scope: 'provision',
  danger: 'safe',
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({ vm: vmRef, controller: deviceRef('The controller', '1001'), wait: waitField }),
  output: TaskShape,
  examples: [{ title: 'By label', input: { vm: 'db-01', controller: 'SCSI controller 1', wait: 30 } }],
})
  .plan(async (input, context) => {
    const hardware = await hardwareToChange(input.vm, context);
    const { vm, devices } = hardware;
    const controller = resolveDevice(devices.filter(isDiskController), input.controller, 'disk controller');
    const hanging = devices.filter(({ controllerKey }) => controllerKey === controller.key);
    if (hanging.length > 0) {
      throw new GatewayError(
        'in_use',
        `'${labelOf(controller)}' of '${vm.name}' is not empty: ${named(hanging)} hang on it; remove them first.`,
      );
    }
    const changes = new DeviceChanges(devices);
    changes.remove(controller);
    return planReconfiguration(
      hardware,
      { deviceChange: changes.list },
      `'${vm.name}' loses '${labelOf(controller)}', which nothing hangs on.`,
    );
  })
  .run(reconfigure);
