/** vm.cdrom.mount: an ISO image into a drive, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import type { VirtualCdrom } from '../../../vsphere/vim25/types.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { isoOf, media, newCdrom } from '../hardware/cdrom.ts';
import { hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { datastorePath } from '../hardware/datastore-path.ts';
import { deviceRef, isCdrom, labelOf, named, resolveDevice } from '../hardware/device.ts';
import { DeviceChanges } from '../hardware/spec.ts';

/** The drive to use: the one named, else the only one, else the first empty one; undefined when there is none at all. */
function driveFor(drives: readonly VirtualCdrom[], device: string | number | undefined): VirtualCdrom | undefined {
  if (device !== undefined) return resolveDevice(drives, device, 'CD-ROM drive');
  if (drives.length <= 1) return drives[0];
  const empty = drives.find((drive) => isoOf(drive) === null);
  if (empty !== undefined) return empty;
  const detail = `All drives hold an image; say which to use: ${named(drives)}.`;
  throw new GatewayError('invalid_input', detail, { errors: [{ pointer: '/device', message: detail }] });
}

export default operation({
  name: 'vm.cdrom.mount',
  summary: 'Put an ISO image into a CD-ROM drive',
  description:
    'Puts an ISO image from a datastore into the CD-ROM drive of a VM, in place of what is in it, and connects it. A VM without a drive gets one. A running guest that has locked the drive makes vSphere ask a question, which vm.get shows. Answers with the task.',
  http: 'POST /v1/vms/{vm}/cdrom/mount',
  scope: 'provision',
  danger: 'safe',
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    path: z.string().min(1).max(1024).describe("The image: '[datastore] folder/file.iso'"),
    device: deviceRef('The drive; the only one, or the first empty one, if absent', '16000').optional(),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'To install from', input: { vm: 'web-01', path: '[iso-store] linux/ubuntu-24.04.iso', wait: 30 } },
  ],
})
  .plan(async (input, context) => {
    const hardware = await hardwareToChange(input.vm, context);
    const { vm, devices } = hardware;
    const iso = datastorePath(input.path, '.iso', vm, context);
    const drive = driveFor(devices.filter(isCdrom), input.device);
    const changes = new DeviceChanges(devices);
    if (drive !== undefined) changes.edit({ ...drive, ...media(iso, vm.power_state === 'on') });
    else changes.add(newCdrom({ ...changes.slot('sata', 'ide'), key: changes.newKey(), iso }));
    const place = drive === undefined ? 'a new drive' : `'${labelOf(drive)}'`;
    const before = drive === undefined ? null : isoOf(drive);
    return planReconfiguration(
      hardware,
      { deviceChange: changes.list },
      `${place} of '${vm.name}' gets ${iso}${before === null ? '' : ` in place of ${before}`}.`,
    );
  })
  .run(reconfigure);
