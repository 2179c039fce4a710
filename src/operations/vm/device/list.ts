/** vm.device.list: config.hardware.device of one VM. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import { Ref, vmRef } from '../../shapes.ts';
import { readHardware } from '../hardware/change.ts';
import { DEVICE_KINDS, deviceKind } from '../hardware/device.ts';
import { Device, deviceRow } from './shapes.ts';

export default operation({
  name: 'vm.device.list',
  summary: 'List the virtual hardware of a VM',
  description:
    'Lists the devices of one VM: disks with size, file and datastore, network adapters with MAC and network, CD-ROM drives with their ISO, controllers and the rest. Read from vCenter at once. The keys and labels are what the other hardware operations take.',
  http: 'GET /v1/vms/{vm}/devices',
  scope: 'read',
  danger: 'safe',
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    kind: z.enum(DEVICE_KINDS).optional().describe('Only devices of this kind'),
  }),
  output: z.strictObject({
    vm: Ref.describe('The VM'),
    change_version: z.string().describe('Version of the configuration that this is'),
    items: z.array(Device).describe('The devices, by key'),
    total: z.number().int().describe('Devices in the answer'),
  }),
  examples: [
    { title: 'Everything', input: { vm: 'web-01' } },
    { title: 'Its disks', input: { vm: 'web-01', kind: 'disk' } },
  ],
}).run(async ({ vm: reference, kind }, context) => {
  const { vm, devices, changeVersion } = await readHardware(reference, context);
  const items = devices
    .filter((device) => kind === undefined || deviceKind(device) === kind)
    .map((device) => deviceRow(device, vm, context))
    .sort((a, b) => a.key - b.key);
  return { vm: { id: vm.id, name: vm.name }, change_version: changeVersion, items, total: items.length };
});
