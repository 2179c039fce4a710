/** vm.create: a new VM from nothing, with its disks, network adapters and CD-ROM drive. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { TaskShape, waitField } from '../shapes.ts';
import { createFields, planCreate } from './provision/create-plan.ts';
import { makeVm, plannedCalls } from './provision/make.ts';
import { shown } from './settings/spec.ts';

export default operation({
  name: 'vm.create',
  summary: 'Create a virtual machine',
  description:
    'Makes a VM from nothing: CPU, memory, disks, network adapters and an ISO to install from. Its guest is empty; to get a working one use vm.clone on a template. Give cluster, host or pool, and a datastore, unless defaults are configured. Answers with the task, whose result is the new VM.',
  http: 'POST /v1/vms',
  scope: 'provision',
  danger: 'safe',
  toolset: 'provision',
  availability: 'any',
  input: z.strictObject({ ...createFields, wait: waitField }),
  output: TaskShape,
  examples: [
    {
      title: 'A small Linux VM with an ISO to install from',
      input: {
        name: 'web-01',
        guest_id: 'ubuntu64Guest',
        cpu_count: 2,
        memory_mib: 4096,
        cluster: 'DC0_C0',
        datastore: 'LocalDS_0',
        disks: [{ size_gib: 40 }],
        nics: [{ network: 'VM Network' }],
        iso: '[LocalDS_0] iso/ubuntu.iso',
        power_on: true,
        wait: 60,
      },
    },
    {
      title: 'Two disks on controllers of their own, hot-add',
      input: {
        name: 'db-01',
        guest_id: 'rhel9_64Guest',
        cpu_count: 8,
        cores_per_socket: 4,
        memory_mib: 32768,
        firmware: 'efi',
        cluster: 'DC0_C0',
        datastore: 'ssd-01',
        disks: [{ size_gib: 60 }, { size_gib: 500, thin: false, controller: 'nvme' }],
        nics: [{ network: 'db-net', mac: '00:50:56:01:02:03' }],
        cpu_hot_add: true,
        memory_hot_add: true,
      },
    },
  ],
})
  .plan(async ({ wait: _wait, ...request }, context) => {
    const making = await planCreate(request, context);
    const { folder, pool, host, datastore } = making.place;
    const { inventory } = context;
    const started = request.power_on ? ' and powered on' : '';
    return {
      targets: [folder, pool, host, datastore]
        .filter((record) => record !== undefined)
        .map(({ id, name }) => ({ id, name })),
      calls: plannedCalls(making, { ...making.args, config: shown(making.args.config) }),
      impact: `'${making.name}' is made in the folder '${inventory.path(folder.id)}' and the pool '${inventory.path(pool.id)}'${started}.`,
      step: making,
    };
  })
  .run(({ step }, { wait }, context) => makeVm(context, step, wait));
