/** vm.disk.remove: takes a disk from a VM, with or without its file, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { deviceRef, isDisk, labelOf, resolveDevice } from '../hardware/device.ts';
import { diskFileOf } from '../hardware/disk.ts';
import { inGib } from '../hardware/disk-slot.ts';
import { DeviceChanges } from '../hardware/spec.ts';

export default operation({
  name: 'vm.disk.remove',
  summary: 'Remove a disk from a virtual machine',
  description:
    'Takes a disk from a VM and deletes its file with all data in it; confirm is then the name of the VM. With keep_file the file stays on the datastore and vm.disk.attach can give it to a VM again. Unmount it in the guest first. Answers with the task.',
  http: 'DELETE /v1/vms/{vm}/disks/{disk}',
  scope: 'provision',
  danger: 'destructive',
  dangerOf: ({ keep_file }) => (keep_file ? 'disruptive' : 'destructive'),
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    disk: deviceRef('The disk', '2000'),
    keep_file: z.boolean().default(false).describe('Leave its file on the datastore'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'With its file', input: { vm: 'db-01', disk: 'Hard disk 2', confirm: 'db-01', wait: 30 } },
    { title: 'Only from the VM', input: { vm: 'db-01', disk: 2001, keep_file: true } },
  ],
})
  .plan(async (input, context) => {
    const hardware = await hardwareToChange(input.vm, context);
    const disk = resolveDevice(hardware.devices.filter(isDisk), input.disk, 'disk');
    const changes = new DeviceChanges(hardware.devices);
    changes.remove(disk, input.keep_file ? undefined : 'destroy');
    const file = `its file ${diskFileOf(disk) ?? ''}`.trim();
    const size = inGib(disk.capacityInBytes ?? disk.capacityInKB * 1024);
    const fate = input.keep_file ? `${file} stays` : `${file} is deleted with all data in it`;
    return planReconfiguration(
      hardware,
      { deviceChange: changes.list },
      `'${hardware.vm.name}' loses '${labelOf(disk)}' (${size}); ${fate}.`,
    );
  })
  .run(reconfigure);
