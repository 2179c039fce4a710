/** vm.cdrom.eject: empties a drive, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import type { VirtualCdrom } from '../../../vsphere/vim25/types.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { isoOf, media } from '../hardware/cdrom.ts';
import { type Hardware, hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { deviceRef, isCdrom, labelOf, named, resolveDevice } from '../hardware/device.ts';
import { DeviceChanges } from '../hardware/spec.ts';

/** The drive that is named, else the only one that holds an image. */
function loadedDrive({ vm, devices }: Hardware, device: string | number | undefined): VirtualCdrom {
  const drives = devices.filter(isCdrom);
  const loaded = (device === undefined ? drives : [resolveDevice(drives, device, 'CD-ROM drive')]).filter(
    (drive) => isoOf(drive) !== null,
  );
  const [only, ...others] = loaded;
  if (only === undefined) {
    throw new GatewayError(
      'invalid_state',
      `No image is in ${device === undefined ? 'a' : 'that'} drive of '${vm.name}'.`,
    );
  }
  if (others.length === 0) return only;
  const detail = `Several drives hold an image; say which to empty: ${named(loaded)}.`;
  throw new GatewayError('invalid_input', detail, { errors: [{ pointer: '/device', message: detail }] });
}

export default operation({
  name: 'vm.cdrom.eject',
  summary: 'Take the ISO image out of a CD-ROM drive',
  description:
    'Takes the ISO image out of the CD-ROM drive of a VM; the drive stays, empty. A running guest that has locked the drive makes vSphere ask a question, which vm.get shows. Answers with the task.',
  http: 'POST /v1/vms/{vm}/cdrom/eject',
  scope: 'provision',
  danger: 'safe',
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    device: deviceRef('The drive; the only one that holds an image if absent', '16000').optional(),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [{ title: 'After an installation', input: { vm: 'web-01', wait: 30 } }],
})
  .plan(async (input, context) => {
    const hardware = await hardwareToChange(input.vm, context);
    const drive = loadedDrive(hardware, input.device);
    const changes = new DeviceChanges(hardware.devices);
    changes.edit({ ...drive, ...media(null, false) });
    return planReconfiguration(
      hardware,
      { deviceChange: changes.list },
      `${isoOf(drive)} is taken out of '${labelOf(drive)}' of '${hardware.vm.name}'.`,
    );
  })
  .run(reconfigure);
