/** customization.list: what vCenters have stored to customize guests with. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { vcenterField, vcenterOf } from './find.ts';
import { SpecRow } from './shapes.ts';
import { storedInfos } from './stored.ts';
import { specRow } from './view.ts';

export default operation({
  name: 'customization.list',
  summary: 'List stored customization specifications',
  description:
    'Lists the customization specifications that a vCenter stores: give one by name to vm.clone, template.deploy or vm.customize. customization.get shows one in full.',
  http: 'GET /v1/customizations',
  scope: 'read',
  danger: 'safe',
  toolset: 'provision',
  availability: 'vcenter',
  input: z.strictObject({ vcenter: vcenterField.describe('Only those of this vCenter') }),
  output: z.strictObject({ items: z.array(SpecRow).describe('The specifications, by vCenter and name') }),
  examples: [{ title: 'All', input: {} }],
}).run(async ({ vcenter }, context) => {
  const withVcenter = [...context.targets.keys()].filter(
    (name) => context.targets.get(name)?.capabilities()?.is_vcenter !== false,
  );
  const names = vcenter === undefined ? withVcenter : [vcenterOf(vcenter, context)];
  const lists = await Promise.all(
    names.map(async (name) => (await storedInfos(context, name)).map((info) => specRow(name, info))),
  );
  return { items: lists.flat().sort((a, b) => (a.vcenter + a.name < b.vcenter + b.name ? -1 : 1)) };
});
