/** vm.customize: what the guest of a VM that is off becomes at its next start. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { operation } from '../../operation.ts';
import { customizationField } from '../customization/shapes.ts';
import { chosenSpec, withoutSecrets } from '../customization/stored.ts';
import { resolveOne } from '../resolve.ts';
import { TaskShape, vmRef, waitField } from '../shapes.ts';
import { finish, startTask } from '../start-task.ts';

export default operation({
  name: 'vm.customize',
  summary: 'Customize the guest of a VM at its next start',
  description:
    'Sets host name, addresses, DNS and identity that the guest of a powered-off VM gets when it next starts (VMware Tools do it). Takes the name of a stored specification or one written out. For a new VM give customization to vm.clone instead. Answers with the task.',
  http: 'POST /v1/vms/{vm}/customize',
  scope: 'provision',
  danger: 'disruptive',
  toolset: 'provision',
  availability: 'vcenter',
  input: z.strictObject({ vm: vmRef, customization: customizationField, wait: waitField }),
  output: TaskShape,
  examples: [
    { title: 'By a stored specification', input: { vm: 'web-01', customization: 'linux-dhcp', wait: 10 } },
    {
      title: 'Another address',
      input: {
        vm: 'web-01',
        customization: {
          hostname: 'web-01',
          nics: [{ ipv4: { address: '10.0.0.21', prefix: 24, gateway: '10.0.0.1' } }],
        },
      },
    },
  ],
})
  .plan(async ({ vm: name, customization }, context) => {
    const vm = resolveOne('vm', name, context);
    if (vm.template || vm.power_state !== 'off') {
      throw new GatewayError(
        'invalid_power_state',
        vm.template
          ? `'${vm.name}' is a template; give customization to template.deploy.`
          : `'${vm.name}' is ${vm.power_state}; a guest is customized while its VM is off. Shut it down with vm.power first.`,
      );
    }
    const spec = await chosenSpec(context, vm, customization);
    if (spec === undefined) throw new GatewayError('invalid_input', 'Give a customization.');
    return {
      targets: [{ id: vm.id, name: vm.name }],
      calls: [{ method: 'CustomizeVM_Task', object: vm.id, arguments: { spec: withoutSecrets(spec) } }],
      impact: `The guest of '${vm.name}' takes on another identity when it is next powered on.`,
      step: { vm, spec },
    };
  })
  .run(async ({ step: { vm, spec } }, { wait }, context) =>
    finish(context, await startTask(context, vm, 'CustomizeVM_Task', { spec }), wait),
  );
