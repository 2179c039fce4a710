/** template.deploy: a VM from a template; vm.clone without what makes no sense there. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { operation } from '../../operation.ts';
import { withoutSecrets } from '../customization/stored.ts';
import { resolveOne } from '../resolve.ts';
import { reference, TaskShape, waitField } from '../shapes.ts';
import { cloneFields, planClone } from '../vm/provision/clone-plan.ts';
import { makeVm, plannedCalls } from '../vm/provision/make.ts';

export default operation({
  name: 'template.deploy',
  summary: 'Deploy a VM from a template',
  description:
    'Makes a VM from a template: a full copy in the pool, cluster or host given, by default the only one. Guest name and addresses come from customization. Answers with the task, whose result is the new VM. template.list shows the templates.',
  http: 'POST /v1/templates/{template}/deploy',
  scope: 'provision',
  danger: 'safe',
  toolset: 'provision',
  availability: 'vcenter',
  input: z.strictObject({ template: reference('The template'), ...cloneFields, wait: waitField }),
  output: TaskShape,
  examples: [
    {
      title: 'Into a cluster, started',
      input: { template: 'ubuntu-24.04', name: 'web-04', cluster: 'Prod', power_on: true, wait: 60 },
    },
  ],
})
  .plan(async ({ template: name, wait: _wait, ...request }, context) => {
    const template = resolveOne('vm', name, context);
    if (!template.template) {
      throw new GatewayError(
        'invalid_state',
        `'${template.name}' is a VM, not a template; vm.clone makes copies of VMs.`,
      );
    }
    const making = await planClone(template, { ...request, linked: false, template: false }, context);
    const { folder, pool, host, datastore } = making.place;
    const { inventory } = context;
    return {
      targets: [template, folder, pool, host, datastore]
        .filter((record) => record !== undefined)
        .map((record) => ({ id: record.id, name: record.name })),
      calls: plannedCalls(making, { ...making.args, spec: withoutSecrets(making.args.spec) }),
      impact: `'${making.name}' is made from '${template.name}' in '${inventory.path(folder.id)}' and '${inventory.path(pool.id)}'${request.power_on ? ' and powered on' : ''}.`,
      step: making,
    };
  })
  .run(({ step }, { wait }, context) => makeVm(context, step, wait));
