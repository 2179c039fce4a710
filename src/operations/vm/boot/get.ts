/** vm.boot.get: config.firmware and config.bootOptions of one VM. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import { Ref, vmRef } from '../../shapes.ts';
import { readHardware } from '../hardware/change.ts';
import { BOOT_KINDS, bootOptionsOf, orderOf } from './order.ts';

const Entry = z.strictObject({
  kind: z.enum(BOOT_KINDS).describe('Kind of device'),
  key: z.number().int().nullable().describe('Key of the disk or adapter; null for drives, which vSphere does not name'),
  label: z.string().nullable().describe('Its label; null also when the device is gone'),
});

export default operation({
  name: 'vm.boot.get',
  summary: 'Show how a virtual machine boots',
  description:
    'Shows firmware, secure boot, boot order, delay and whether the next start enters the setup of one VM. Read from vCenter at once. vm.boot.set changes it.',
  http: 'GET /v1/vms/{vm}/boot',
  scope: 'read',
  danger: 'safe',
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({ vm: vmRef }),
  output: z.strictObject({
    vm: Ref.describe('The VM'),
    firmware: z.string().nullable().describe('bios or efi'),
    secure_boot: z.boolean().nullable().describe('UEFI Secure Boot; null where vSphere does not say'),
    delay_ms: z.number().int().nullable().describe('Wait before booting, milliseconds'),
    enter_setup: z.boolean().nullable().describe('Whether the next start enters the firmware setup'),
    order: z.array(Entry).describe("What it boots from, in order; empty: the firmware's own order"),
  }),
  examples: [{ title: 'By name', input: { vm: 'web-01' } }],
}).run(async ({ vm: reference }, context) => {
  const { vm, devices, properties } = await readHardware(reference, context, ['config.firmware', 'config.bootOptions']);
  const { 'config.firmware': firmware, 'config.bootOptions': read } = properties;
  const options = bootOptionsOf(read);
  return {
    vm: { id: vm.id, name: vm.name },
    firmware: typeof firmware === 'string' && firmware !== '' ? firmware : null,
    secure_boot: options.efiSecureBootEnabled ?? null,
    delay_ms: options.bootDelay ?? null,
    enter_setup: options.enterBIOSSetup ?? null,
    order: orderOf(options, devices),
  };
});
