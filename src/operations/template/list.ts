/** template.list: the VMs that are templates, from the live inventory. */
import { z } from 'zod';
import type { VmRecord } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { commonFilters, every, page } from '../page.ts';
import { pageFields, pageOf } from '../shapes.ts';
import { VmSummary, vmSummary } from '../vm/shapes.ts';

export default operation({
  name: 'template.list',
  summary: 'List templates',
  description: 'Lists the templates that vm.clone and template.deploy make VMs from, with their size and guest.',
  http: 'GET /v1/templates',
  scope: 'read',
  danger: 'safe',
  toolset: 'provision',
  availability: 'any',
  input: z.strictObject(pageFields),
  output: pageOf(VmSummary, 'templates'),
  examples: [{ title: 'Templates for Ubuntu', input: { q: 'ubuntu' } }],
}).run((filters, context) =>
  page(filters, context, {
    records: context.inventory.all('vm'),
    toRow: (vm) => vmSummary(vm, context),
    shape: VmSummary,
    filter: every<VmRecord>([
      ({ template }) => template,
      ...commonFilters<VmRecord>(filters, (vm) => [vm.name, vm.annotation, vm.guest_full_name]),
    ]),
  }),
);
