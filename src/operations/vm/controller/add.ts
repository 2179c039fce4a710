/** vm.controller.add: a further SCSI, SATA or NVMe controller, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { DISK_CONTROLLERS, freeBus, newController } from '../hardware/controller.ts';
import { DeviceChanges } from '../hardware/spec.ts';

export default operation({
  name: 'vm.controller.add',
  summary: 'Add a disk controller to a virtual machine',
  description:
    'Adds a SCSI, SATA or NVMe controller, to spread disks over several. vm.disk.add adds one by itself where it needs one, so this is only for a layout of your own: add the controller, then name it in vm.disk.add. At most four of each family. Answers with the task.',
  http: 'POST /v1/vms/{vm}/controllers',
  scope: 'provision',
  danger: 'safe',
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    kind: z.enum(DISK_CONTROLLERS).describe('Kind: pvscsi, lsilogic_sas and lsilogic are SCSI'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [{ title: 'For the logs of a database', input: { vm: 'db-01', kind: 'pvscsi', wait: 30 } }],
})
  .plan(async ({ vm: name, kind }, context) => {
    const hardware = await hardwareToChange(name, context);
    const bus = freeBus(hardware.devices, kind);
    if (bus === undefined) {
      throw new GatewayError(
        'invalid_state',
        `'${hardware.vm.name}' has as many controllers of the family of ${kind} as vSphere allows.`,
      );
    }
    const changes = new DeviceChanges(hardware.devices);
    changes.add(newController(kind, changes.newKey(), bus));
    return planReconfiguration(
      hardware,
      { deviceChange: changes.list },
      `'${hardware.vm.name}' gets a ${kind} controller with the bus number ${bus}.`,
    );
  })
  .run(reconfigure);
