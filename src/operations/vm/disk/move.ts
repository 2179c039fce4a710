/** vm.disk.move: one disk to another datastore, by VirtualMachine.RelocateVM_Task. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import type { VimMethods } from '../../../vsphere/vim25/types.ts';
import { reference, TaskShape, vmRef, waitField } from '../../shapes.ts';
import { finish, startTask } from '../../start-task.ts';
import { hardwareToChange } from '../hardware/change.ts';
import { checkReachable } from '../hardware/datastore-path.ts';
import { deviceRef, isDisk, labelOf, resolveDevice } from '../hardware/device.ts';
import { diskDatastoreOf } from '../hardware/disk.ts';
import { nearestDatastore } from '../provision/nearest.ts';

export default operation({
  name: 'vm.disk.move',
  summary: 'Move one disk to another datastore',
  description:
    'Moves the file of one disk to another datastore; the VM keeps running and its other files stay. To move the whole VM use vm.migrate. Copying can take hours: follow the task with task.get. Proved on a stub only.',
  http: 'POST /v1/vms/{vm}/disks/{disk}/move',
  scope: 'provision',
  danger: 'safe',
  toolset: 'hardware',
  availability: 'vcenter',
  input: z.strictObject({
    vm: vmRef,
    disk: deviceRef('The disk', '2000'),
    datastore: reference('Datastore or datastore cluster it goes to'),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [{ title: 'To faster storage', input: { vm: 'db-01', disk: 'Hard disk 2', datastore: 'ssd-01' } }],
})
  .plan(async (input, context) => {
    const { vm, devices } = await hardwareToChange(input.vm, context);
    const disk = resolveDevice(devices.filter(isDisk), input.disk, 'disk');
    const datastore = checkReachable(nearestDatastore(input.datastore, vm, context), vm, context);
    if (diskDatastoreOf(disk) === datastore.moref) {
      throw new GatewayError(
        'invalid_state',
        `'${labelOf(disk)}' of '${vm.name}' lies on '${datastore.name}' already.`,
      );
    }
    const args: VimMethods['RelocateVM_Task']['args'] = {
      // No datastore of the whole: what is not listed stays where it is.
      spec: { disk: [{ diskId: disk.key, datastore: { $type: 'Datastore', value: datastore.moref } }] },
    };
    return {
      targets: [vm, datastore].map(({ id, name }) => ({ id, name })),
      calls: [{ method: 'RelocateVM_Task', object: vm.id, arguments: { ...args } }],
      impact: `'${labelOf(disk)}' of '${vm.name}' is copied to '${datastore.name}' and removed where it is now.`,
      step: { vm, args },
    };
  })
  .run(async ({ step: { vm, args } }, { wait }, context) =>
    finish(context, await startTask(context, vm, 'RelocateVM_Task', args), wait),
  );
