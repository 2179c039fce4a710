/** vm.clone: a new VM or template from a VM or template. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { withoutSecrets } from '../customization/stored.ts';
import { resolveOne } from '../resolve.ts';
import { reference, TaskShape, waitField } from '../shapes.ts';
import { cloneFields, linkedFields, planClone } from './provision/clone-plan.ts';
import { makeVm, plannedCalls } from './provision/make.ts';

export default operation({
  name: 'vm.clone',
  summary: 'Clone a virtual machine or template',
  description:
    "Makes a VM from a VM or template: a full copy, or linked to a snapshot. Folder, pool and datastore are the source's unless given. Guest name and addresses come from customization. Answers with the task, whose result is the new VM. To build a VM from nothing use vm.create.",
  http: 'POST /v1/vms/{vm}/clone',
  scope: 'provision',
  danger: 'safe',
  toolset: 'provision',
  availability: 'vcenter',
  input: z.strictObject({
    vm: reference('The VM or template to clone'),
    ...cloneFields,
    ...linkedFields,
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'A copy beside the original', input: { vm: 'web-01', name: 'web-02', wait: 60 } },
    {
      title: 'From a template, with a static address, started',
      input: {
        vm: 'ubuntu-template',
        name: 'web-03',
        folder: '/DC0/vm/Prod/Web',
        cpu_count: 4,
        memory_mib: 8192,
        custom_attributes: { owner: 'alice' },
        customization: {
          hostname: 'web-03',
          domain: 'example.com',
          dns_servers: ['10.0.0.53'],
          nics: [{ ipv4: { address: '10.0.0.13', prefix: 24, gateway: '10.0.0.1' } }],
          linux: { time_zone: 'Europe/Berlin' },
        },
        power_on: true,
      },
    },
    { title: 'Linked to the current snapshot', input: { vm: 'web-01', name: 'web-test', linked: true } },
  ],
})
  .plan(async ({ vm: name, wait: _wait, ...request }, context) => {
    const source = resolveOne('vm', name, context);
    const making = await planClone(source, request, context);
    const { folder, pool, host, datastore } = making.place;
    const kind = `${request.linked ? 'A linked clone' : 'A full clone'} of '${source.name}'`;
    const where = `in the folder '${context.inventory.path(folder.id)}' and the pool '${context.inventory.path(pool.id)}'`;
    return {
      targets: [source, folder, pool, host, datastore]
        .filter((record) => record !== undefined)
        .map((record) => ({ id: record.id, name: record.name })),
      calls: plannedCalls(making, { ...making.args, spec: withoutSecrets(making.args.spec) }),
      impact: `${kind} is made as '${making.name}' ${where}${request.power_on ? ' and powered on' : ''}.`,
      step: making,
    };
  })
  .run(({ step }, { wait }, context) => makeVm(context, step, wait));
