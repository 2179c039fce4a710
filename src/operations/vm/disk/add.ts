/** vm.disk.add: a new, empty disk, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import { reference, TaskShape, vmRef, waitField } from '../../shapes.ts';
import { hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { checkReachable } from '../hardware/datastore-path.ts';
import { DISK_MODES, newDisk } from '../hardware/disk.ts';
import { bytesOfGib, controllerField, inGib, sizeGib, slotForDisk } from '../hardware/disk-slot.ts';
import { DeviceChanges } from '../hardware/spec.ts';
import { nearestDatastore } from '../provision/nearest.ts';

export default operation({
  name: 'vm.disk.add',
  summary: 'Add a new disk to a virtual machine',
  description:
    'Adds an empty disk; works while the VM runs. It takes the next free unit and lies with the VM unless a datastore is given. The guest must still partition and mount it. Answers with the task; vm.device.list then shows its key. For a disk file that exists use vm.disk.attach.',
  http: 'POST /v1/vms/{vm}/disks',
  scope: 'provision',
  danger: 'safe',
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    size_gib: sizeGib,
    datastore: reference('Datastore or datastore cluster of its file; that of the VM if absent').optional(),
    thin: z.boolean().default(true).describe('Take space when it is written; false: all at once'),
    controller: controllerField,
    mode: z
      .enum(DISK_MODES)
      .default('persistent')
      .describe('independent_*: left out of snapshots; nonpersistent: changes are lost at power off'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'A thin disk beside the others', input: { vm: 'db-01', size_gib: 100, wait: 30 } },
    {
      title: 'A thick disk on NVMe and another datastore',
      input: { vm: 'db-01', size_gib: 500, thin: false, controller: 'nvme', datastore: 'ssd-01' },
    },
  ],
})
  .plan(async (input, context) => {
    const hardware = await hardwareToChange(input.vm, context);
    const { vm, devices } = hardware;
    const datastore =
      input.datastore === undefined
        ? undefined
        : checkReachable(nearestDatastore(input.datastore, vm, context), vm, context);
    const changes = new DeviceChanges(devices);
    const capacityBytes = bytesOfGib(input.size_gib);
    const slot = slotForDisk(changes, hardware, input.controller);
    const provisioning = input.thin ? 'thin' : 'thick';
    changes.add(
      newDisk({ ...slot, key: changes.newKey(), capacityBytes, datastore, provisioning, mode: input.mode }),
      'create',
    );
    const place = datastore === undefined ? 'beside its other files' : `on '${datastore.name}'`;
    return planReconfiguration(
      hardware,
      { deviceChange: changes.list },
      `'${vm.name}' gets a new ${provisioning} disk of ${inGib(capacityBytes)} ${place}.`,
    );
  })
  .run(reconfigure);
