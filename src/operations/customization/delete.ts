/** customization.delete: takes a stored specification out of vCenter. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { targetOf } from '../start-task.ts';
import { specName, vcenterField, vcenterOf } from './find.ts';
import { managerOf, specId, storedSpec } from './stored.ts';

export default operation({
  name: 'customization.delete',
  summary: 'Delete a stored customization specification',
  description:
    'Deletes a customization specification that vCenter stores; VMs that were made with it stay as they are. Needs confirm with its name. Proved on a stub only.',
  http: 'DELETE /v1/customizations/{customization}',
  scope: 'provision',
  danger: 'destructive',
  toolset: 'provision',
  availability: 'vcenter',
  input: z.strictObject({ customization: specName, vcenter: vcenterField }),
  output: z.strictObject({
    name: z.string().describe('Name of the specification'),
    vcenter: z.string().describe('The vCenter that stored it'),
    deleted: z.literal(true).describe('It is gone'),
  }),
  examples: [{ title: 'By name', input: { customization: 'linux-dhcp', confirm: 'linux-dhcp' } }],
})
  .plan(async ({ customization: name, vcenter: given }, context) => {
    const vcenter = vcenterOf(given, context);
    await storedSpec(context, vcenter, name);
    const manager = await managerOf(context, vcenter);
    return {
      targets: [{ id: specId(vcenter, name), name }],
      calls: [{ method: 'DeleteCustomizationSpec', object: `${vcenter}:${manager.value}`, arguments: { name } }],
      impact: `The customization specification '${name}' of '${vcenter}' is deleted, its passwords with it.`,
      step: { vcenter, manager, name },
    };
  })
  .run(async ({ step: { vcenter, manager, name } }, _input, context) => {
    await targetOf(context, vcenter).session('requests').call('DeleteCustomizationSpec', manager, { name });
    return { name, vcenter, deleted: true };
  });
