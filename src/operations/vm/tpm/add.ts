/** vm.tpm.add: a virtual TPM 2.0, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { deviceKind } from '../hardware/device.ts';
import { DeviceChanges } from '../hardware/spec.ts';

export default operation({
  name: 'vm.tpm.add',
  summary: 'Add a virtual TPM to a virtual machine',
  description:
    'Adds a virtual TPM 2.0, which Windows 11 and disk encryption in guests need. The VM must be off and have EFI firmware (vm.boot.set), and vCenter needs a default key provider, with whose key it encrypts the home of the VM. Answers with the task.',
  http: 'POST /v1/vms/{vm}/tpm',
  scope: 'provision',
  danger: 'safe',
  toolset: 'hardware',
  availability: 'vcenter',
  input: z.strictObject({ vm: vmRef, wait: waitField }),
  output: TaskShape,
  examples: [{ title: 'For Windows 11', input: { vm: 'win-01', wait: 60 } }],
})
  .plan(async (input, context) => {
    const hardware = await hardwareToChange(input.vm, context, ['config.firmware']);
    const { vm, devices, properties } = hardware;
    if (devices.some((device) => deviceKind(device) === 'tpm'))
      throw new GatewayError('already_exists', `'${vm.name}' has a virtual TPM already; vSphere allows one.`);
    if (properties['config.firmware'] !== 'efi') {
      throw new GatewayError(
        'invalid_state',
        `A virtual TPM needs EFI firmware and '${vm.name}' has BIOS; vm.boot.set changes that, but a guest installed for BIOS no longer boots.`,
      );
    }
    if (vm.power_state !== 'off') {
      throw new GatewayError(
        'invalid_power_state',
        `'${vm.name}' is ${vm.power_state}; a virtual TPM can only be added while it is off.`,
      );
    }
    const changes = new DeviceChanges(devices);
    changes.add({ $type: 'VirtualTPM', key: changes.newKey() });
    return planReconfiguration(
      hardware,
      { deviceChange: changes.list },
      `'${vm.name}' gets a virtual TPM, and its home is encrypted with the key of the default key provider.`,
    );
  })
  .run(reconfigure);
