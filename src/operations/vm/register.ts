/** vm.register: Folder.RegisterVM_Task. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { operation } from '../../operation.ts';
import { reference, TaskShape, waitField } from '../shapes.ts';
import { finish, startTask, untilInventory } from '../start-task.ts';
import { computeArgs } from './compute-args.ts';
import { newName, vmName } from './provision/name.ts';
import { place } from './provision/place.ts';

/** No way out of the datastore, and nothing that is another path once it is decoded. */
const VMX_PATH = /^\[[^\]\p{Cc}]+\] (?!\/)(?!(?:.*\/)?\.\.?\/)[^\\\p{Cc}]+\.vmx$/iu;

export default operation({
  name: 'vm.register',
  summary: 'Add a virtual machine from its files to the inventory',
  description:
    'Adds a VM whose files are on a datastore to the inventory, as after vm.unregister or on a restored datastore. Give pool, cluster or host. Answers with the task; its result is the id of the VM, which is a new one.',
  http: 'POST /v1/vms/register',
  scope: 'provision',
  danger: 'safe',
  toolset: 'vm',
  availability: 'any',
  input: z.strictObject({
    path: z
      .string()
      .max(1024)
      .regex(VMX_PATH, "As '[datastore] folder/name.vmx', without . and ..")
      .describe('Its configuration file: [datastore1] web-01/web-01.vmx'),
    name: vmName.optional().describe('Name in the inventory; the one in the file if absent'),
    folder: reference('Folder it goes into; the configured one, or the root for VMs, if absent').optional(),
    pool: reference('Resource pool; the root pool of cluster or host if absent').optional(),
    cluster: reference('Cluster, whose root pool it goes into').optional(),
    host: reference('Host to run on; vSphere chooses if absent').optional(),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    {
      title: 'Into a folder, on a host',
      input: { path: '[datastore1] web-01/web-01.vmx', folder: '/DC0/vm/Prod', host: 'esx-01', wait: 20 },
    },
  ],
})
  .plan((input, context) => {
    const { inventory } = context;
    const { path, name } = input;
    const { folder, pool, host } = place(input, undefined, context);
    const datastore = path.slice(1, path.indexOf(']'));
    if (!inventory.resolve('datastore', datastore).some(({ vcenter }) => vcenter === folder.vcenter)) {
      throw new GatewayError(
        'not_found',
        `'${folder.vcenter}' has no datastore '${datastore}'. datastore.list shows what there is.`,
      );
    }
    if (name !== undefined) newName(name, folder, context);
    const args = {
      path,
      ...(name === undefined ? {} : { name }),
      asTemplate: false,
      ...computeArgs({ pool, host }),
    };
    return {
      targets: [folder, pool, ...(host === undefined ? [] : [host])].map((each) => ({ id: each.id, name: each.name })),
      calls: [{ method: 'RegisterVM_Task', object: folder.id, arguments: { ...args } }],
      impact: `The VM at '${path}' appears in '${inventory.path(folder.id)}', off, in the resource pool '${pool.name}'.`,
      step: { folder, args },
    };
  })
  .run(async ({ step: { folder, args } }, { wait }, context) => {
    const latest = await finish(context, await startTask(context, folder, 'RegisterVM_Task', args), wait);
    const made = latest.state === 'success' ? latest.result?.id : undefined;
    if (made !== undefined) await untilInventory(context, () => context.inventory.get('vm', made) !== undefined);
    return latest;
  });
