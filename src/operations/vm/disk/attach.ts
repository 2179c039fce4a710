/** vm.disk.attach: a disk file that exists becomes a disk of a VM, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { datastorePath } from '../hardware/datastore-path.ts';
import { isDisk } from '../hardware/device.ts';
import { DISK_MODES, diskFileOf, existingDisk } from '../hardware/disk.ts';
import { controllerField, slotForDisk } from '../hardware/disk-slot.ts';
import { DeviceChanges } from '../hardware/spec.ts';

export default operation({
  name: 'vm.disk.attach',
  summary: 'Attach an existing disk file to a virtual machine',
  description:
    'Makes a .vmdk file that lies on a datastore a disk of the VM, as after vm.disk.remove with keep_file. The file must not be in use by another running VM. Works while the VM runs. Answers with the task; vm.device.list then shows its key.',
  http: 'POST /v1/vms/{vm}/disks/attach',
  scope: 'provision',
  danger: 'safe',
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    path: z.string().min(1).max(1024).describe("The file: '[datastore] folder/disk.vmdk'"),
    controller: controllerField,
    mode: z
      .enum(DISK_MODES)
      .default('persistent')
      .describe('independent_*: left out of snapshots; nonpersistent: changes are lost at power off'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'A disk kept of another VM', input: { vm: 'db-02', path: '[ssd-01] db-01/data.vmdk', wait: 30 } },
  ],
})
  .plan(async (input, context) => {
    const hardware = await hardwareToChange(input.vm, context);
    const { vm, devices } = hardware;
    const path = datastorePath(input.path, '.vmdk', vm, context);
    if (devices.filter(isDisk).some((disk) => diskFileOf(disk) === path))
      throw new GatewayError('already_exists', `'${path}' is a disk of '${vm.name}' already.`);
    const changes = new DeviceChanges(devices);
    const slot = slotForDisk(changes, hardware, input.controller);
    changes.add(existingDisk({ ...slot, key: changes.newKey(), mode: input.mode }, path));
    return planReconfiguration(
      hardware,
      { deviceChange: changes.list },
      `'${vm.name}' gets the disk ${path} and may write to it.`,
    );
  })
  .run(reconfigure);
