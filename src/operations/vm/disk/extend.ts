/** vm.disk.extend: a larger disk, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { deviceRef, isDisk, labelOf, resolveDevice } from '../hardware/device.ts';
import { diskModeOf } from '../hardware/disk.ts';
import { bytesOfGib, inGib, sizeGib } from '../hardware/disk-slot.ts';
import { DeviceChanges } from '../hardware/spec.ts';

export default operation({
  name: 'vm.disk.extend',
  summary: 'Make a disk of a virtual machine larger',
  description:
    'Gives a disk a new, larger size; works while the VM runs. vSphere cannot make disks smaller, nor extend one of a VM with snapshots. The guest must still grow its partition and file system. Answers with the task.',
  http: 'POST /v1/vms/{vm}/disks/{disk}/extend',
  scope: 'provision',
  danger: 'safe',
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    disk: deviceRef('The disk', '2000'),
    size_gib: sizeGib.describe('Size that it shall have, not what is added, GiB; rounded up to whole MiB'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'By label', input: { vm: 'db-01', disk: 'Hard disk 1', size_gib: 80, wait: 30 } },
    { title: 'By key', input: { vm: 'db-01', disk: 2001, size_gib: 200 } },
  ],
})
  .plan(async (input, context) => {
    const hardware = await hardwareToChange(input.vm, context);
    const { vm } = hardware;
    const disk = resolveDevice(hardware.devices.filter(isDisk), input.disk, 'disk');
    const now = disk.capacityInBytes ?? disk.capacityInKB * 1024;
    const capacityInBytes = bytesOfGib(input.size_gib);
    if (capacityInBytes <= now) {
      const detail = `'${labelOf(disk)}' has ${inGib(now)} already; a disk can only become larger.`;
      throw new GatewayError('invalid_input', detail, { errors: [{ pointer: '/size_gib', message: detail }] });
    }
    if (vm.snapshots.length > 0 && !diskModeOf(disk).startsWith('independent')) {
      throw new GatewayError(
        'invalid_state',
        `'${vm.name}' has snapshots, under which vSphere extends no disk; remove them first (vm.snapshot.remove_all).`,
      );
    }
    const changes = new DeviceChanges(hardware.devices);
    changes.edit({ ...disk, capacityInBytes, capacityInKB: capacityInBytes / 1024 });
    return planReconfiguration(
      hardware,
      { deviceChange: changes.list },
      `'${labelOf(disk)}' of '${vm.name}' grows from ${inGib(now)} to ${inGib(capacityInBytes)}, and cannot shrink again.`,
    );
  })
  .run(reconfigure);
