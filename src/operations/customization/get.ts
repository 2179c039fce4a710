/** customization.get: one stored specification, without its secrets. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { specName, vcenterField, vcenterOf } from './find.ts';
import { SpecDetail } from './shapes.ts';
import { storedSpec } from './stored.ts';
import { specDetail } from './view.ts';

export default operation({
  name: 'customization.get',
  summary: 'Show a stored customization specification',
  description:
    'Shows what a stored specification makes of a guest: host name, domain, addresses, DNS. Passwords, keys and scripts are never shown.',
  http: 'GET /v1/customizations/{customization}',
  scope: 'read',
  danger: 'safe',
  toolset: 'provision',
  availability: 'vcenter',
  input: z.strictObject({ customization: specName, vcenter: vcenterField }),
  output: SpecDetail,
  examples: [{ title: 'By name', input: { customization: 'linux-dhcp' } }],
}).run(async ({ customization, vcenter: given }, context) => {
  const vcenter = vcenterOf(given, context);
  return specDetail(vcenter, await storedSpec(context, vcenter, customization));
});
