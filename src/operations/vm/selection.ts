/** Which VMs an operation over many works on: named one by one, or by the filters of vm.list. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { GatewayError } from '../../errors.ts';
import type { VmRecord } from '../../live/model.ts';
import { commonFilters, every } from '../page.ts';
import { resolveOne } from '../resolve.ts';
import { reference } from '../shapes.ts';
import { powerState } from './shapes.ts';

const FILTERS = {
  name: z.string().min(1).max(256).optional().describe('Name, exactly or as a glob: web-*'),
  vcenter: z.string().min(1).max(64).optional().describe('Only VMs of this vCenter'),
  folder: reference('Only VMs in this folder, at any depth').optional(),
  cluster: reference('Only VMs in this cluster').optional(),
  host: reference('Only VMs on this host').optional(),
  attribute: z
    .string()
    .regex(/^[^=]+=.*$/)
    .max(256)
    .optional()
    .describe('Only VMs with this custom attribute: owner=alice'),
  power_state: powerState.optional().describe('Only VMs in this power state'),
};

/** Either `ids`, or at least one of the filters: everything is not a selection. */
export const selectionFields = {
  ids: z
    .array(reference('A VM'))
    .min(1)
    .max(200)
    .optional()
    .describe('The VMs, each by id, inventory path, UUID or unique name; instead of filters'),
  ...FILTERS,
  limit: z
    .number()
    .int()
    .min(1)
    .max(200)
    .default(20)
    .describe('The call is refused when more VMs than this fit, 1 to 200'),
};

type Selection = z.output<z.ZodObject<typeof selectionFields>>;

const refuse = (pointer: string, detail: string, message: string): GatewayError =>
  new GatewayError('invalid_input', detail, { errors: [{ pointer, message }] });

function isUnder(vm: VmRecord, folder: string, { inventory }: Context): boolean {
  for (let at = vm.parent; at !== null; at = inventory.find(at)?.parent ?? null) if (at === folder) return true;
  return false;
}

function byFilters(selection: Selection, context: Context): VmRecord[] {
  const { inventory } = context;
  const folder = selection.folder === undefined ? undefined : resolveOne('folder', selection.folder, context).id;
  const cluster = selection.cluster === undefined ? undefined : resolveOne('cluster', selection.cluster, context).id;
  const host = selection.host === undefined ? undefined : resolveOne('host', selection.host, context).id;
  const { attribute, power_state } = selection;
  const [key, wanted] =
    attribute === undefined ? [] : [attribute.split('=', 1)[0] ?? '', attribute.slice(attribute.indexOf('=') + 1)];
  const fits = every<VmRecord>([
    ({ template }) => !template,
    ...commonFilters<VmRecord>({ name: selection.name, vcenter: selection.vcenter }, () => []),
    folder === undefined ? undefined : (vm) => isUnder(vm, folder, context),
    cluster === undefined ? undefined : (vm) => vm.host !== null && inventory.get('host', vm.host)?.cluster === cluster,
    host === undefined ? undefined : (vm) => vm.host === host,
    key === undefined ? undefined : (vm) => vm.custom_attributes[key] === wanted,
    power_state === undefined ? undefined : (vm) => vm.power_state === power_state,
  ]);
  return inventory.all('vm').filter((vm) => fits?.(vm) ?? true);
}

function byIds(ids: readonly string[], context: Context): VmRecord[] {
  const vms = ids.map((id) => resolveOne('vm', id, context));
  const template = vms.find((vm) => vm.template);
  if (template === undefined) return [...new Set(vms)];
  throw new GatewayError('invalid_state', `'${template.name}' is a template, which has no power state; leave it out.`);
}

/**
 * The VMs, templates left out where they are filtered, sorted by name.
 * @throws GatewayError invalid_input for no selection, two, or one that is larger than `limit`; not_found for an empty one.
 */
export function selectVms(selection: Selection, context: Context): VmRecord[] {
  const { ids, limit } = selection;
  const filtered = Object.keys(FILTERS).filter((field) => Reflect.get(selection, field) !== undefined);
  if (ids === undefined && filtered.length === 0) {
    throw refuse(
      '',
      `Say which VMs: ids, or at least one of ${Object.keys(FILTERS).join(', ')}.`,
      'Nothing is selected',
    );
  }
  const [filter] = filtered;
  if (ids !== undefined && filter !== undefined) {
    throw refuse(`/${filter}`, `Give ids or filters, not both: leave out ${filtered.join(', ')}.`, 'Not with ids');
  }
  const vms = ids === undefined ? byFilters(selection, context) : byIds(ids, context);
  if (vms.length === 0) {
    throw new GatewayError('not_found', 'No VM fits the filters; vm.list with the same filters shows what would.');
  }
  if (vms.length > limit) {
    throw refuse(
      '/limit',
      `${vms.length} VMs fit, more than limit ${limit}: narrow the selection, or raise limit (200 at most) once you are sure.`,
      `${vms.length} VMs fit`,
    );
  }
  return vms;
}
