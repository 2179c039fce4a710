/** customization.create: stores a specification in vCenter. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { operation } from '../../operation.ts';
import { targetOf } from '../start-task.ts';
import { specName, vcenterField, vcenterOf } from './find.ts';
import { InlineCustomization, SpecDetail } from './shapes.ts';
import { specOf } from './spec.ts';
import { managerOf, specId, storedInfos, storedSpec, withoutSecrets } from './stored.ts';
import { specDetail } from './view.ts';

export default operation({
  name: 'customization.create',
  summary: 'Store a customization specification',
  description:
    'Stores what is to become of guests under a name, to be used by vm.clone, template.deploy and vm.customize. Takes the same as their customization. Give one entry of nics for each network adapter that the VMs will have. Passwords never come back.',
  http: 'POST /v1/customizations',
  scope: 'provision',
  danger: 'safe',
  toolset: 'provision',
  availability: 'vcenter',
  input: z.strictObject({
    name: specName,
    description: z.string().max(4096).default('').describe('What it is for'),
    vcenter: vcenterField,
    ...InlineCustomization.shape,
  }),
  output: SpecDetail,
  examples: [
    {
      title: 'Linux with DHCP',
      input: { name: 'linux-dhcp', domain: 'example.com', nics: [{ ipv4: 'dhcp' }], linux: { utc_clock: true } },
    },
  ],
})
  .plan(async ({ name, description, vcenter: given, ...inline }, context) => {
    const vcenter = vcenterOf(given, context);
    if ((await storedInfos(context, vcenter)).some((info) => info.name === name)) {
      throw new GatewayError(
        'already_exists',
        `'${vcenter}' already has a specification '${name}'; choose another name, or delete that first.`,
      );
    }
    const type = inline.windows === undefined ? 'Linux' : 'Windows';
    const item = { info: { name, description, type }, spec: specOf(inline, undefined) };
    const manager = await managerOf(context, vcenter);
    return {
      targets: [{ id: specId(vcenter, name), name }],
      calls: [
        {
          method: 'CreateCustomizationSpec',
          object: `${vcenter}:${manager.value}`,
          arguments: { item: withoutSecrets(item) },
        },
      ],
      impact: `'${vcenter}' stores the specification '${name}'.`,
      step: { vcenter, manager, item },
    };
  })
  .run(async ({ step: { vcenter, manager, item } }, _input, context) => {
    await targetOf(context, vcenter).session('requests').call('CreateCustomizationSpec', manager, { item });
    return specDetail(vcenter, await storedSpec(context, vcenter, item.info.name));
  });
