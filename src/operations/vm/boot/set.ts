/** vm.boot.set: firmware and boot options, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { bootOptionsOf, bootOrder } from './order.ts';

export default operation({
  name: 'vm.boot.set',
  summary: 'Change how a virtual machine boots',
  description:
    'Sets boot order, delay, firmware, secure boot, or that the next start enters the setup; takes effect at the next start. What is not given stays. Firmware and secure boot need the VM off, and a guest installed for the other firmware no longer boots. Answers with the task.',
  http: 'PATCH /v1/vms/{vm}/boot',
  scope: 'provision',
  danger: 'disruptive',
  dangerOf: ({ firmware, secure_boot }) => (firmware === undefined && secure_boot !== true ? 'safe' : 'disruptive'),
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    order: z
      .array(z.union([z.string().min(1).max(128), z.number().int().min(0)]))
      .max(64)
      .optional()
      .describe(
        "In order: disk, nic, cdrom, floppy (all of that kind), or the key or label of one device; [] for the firmware's own order",
      ),
    firmware: z.enum(['bios', 'efi']).optional().describe('Firmware; the VM must be off'),
    secure_boot: z.boolean().optional().describe('UEFI Secure Boot; needs the firmware efi'),
    delay_ms: z.number().int().min(0).max(600_000).optional().describe('Wait before booting, milliseconds'),
    enter_setup: z.boolean().optional().describe('Enter the firmware setup at the next start, once'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'From the network first, then from disk', input: { vm: 'web-01', order: ['nic', 'disk'], wait: 30 } },
    { title: 'Secure boot', input: { vm: 'web-01', firmware: 'efi', secure_boot: true } },
  ],
})
  .plan(async (input, context) => {
    const { order, firmware, secure_boot: secureBoot, delay_ms: delay, enter_setup: enterSetup } = input;
    const read = ['config.firmware', 'config.bootOptions'];
    const hardware = await hardwareToChange(input.vm, context, read);
    const [firmwareNow, options] = read.map((path) => hardware.properties[path]);
    const secure = secureBoot ?? bootOptionsOf(options).efiSecureBootEnabled ?? false;
    if (secure && (firmware ?? firmwareNow) !== 'efi' && (firmware !== undefined || secureBoot !== undefined)) {
      const detail =
        secureBoot === undefined
          ? 'Secure Boot is on, which needs the firmware efi; give secure_boot: false as well.'
          : "Secure Boot needs the firmware efi; give firmware: 'efi' as well.";
      throw new GatewayError('invalid_input', detail, { errors: [{ pointer: '/secure_boot', message: detail }] });
    }
    const bootOptions = {
      ...(delay === undefined ? {} : { bootDelay: delay }),
      ...(enterSetup === undefined ? {} : { enterBIOSSetup: enterSetup }),
      ...(secureBoot === undefined ? {} : { efiSecureBootEnabled: secureBoot }),
      ...(order === undefined ? {} : { bootOrder: bootOrder(order, hardware.devices) }),
    };
    const effects = [
      order === undefined ? [] : order.length === 0 ? "the firmware's own order" : `the order ${order.join(', ')}`,
      firmware === undefined ? [] : `the firmware ${firmware}`,
      secureBoot === undefined ? [] : `secure boot ${secureBoot ? 'on' : 'off'}`,
      delay === undefined ? [] : `a delay of ${delay} ms`,
      enterSetup === undefined ? [] : `${enterSetup ? 'the' : 'no'} firmware setup at the next start`,
    ].flat();
    if (effects.length === 0) {
      const detail = 'There is nothing to change; give order, firmware, secure_boot, delay_ms or enter_setup.';
      throw new GatewayError('invalid_input', detail, { errors: [{ pointer: '', message: detail }] });
    }
    return planReconfiguration(
      hardware,
      {
        ...(Object.keys(bootOptions).length === 0 ? {} : { bootOptions }),
        ...(firmware === undefined ? {} : { firmware }),
      },
      `'${hardware.vm.name}' gets ${effects.join(', ')}.`,
    );
  })
  .run(reconfigure);
