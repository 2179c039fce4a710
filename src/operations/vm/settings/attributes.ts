/** Custom attributes of a VM: CustomFieldsManager.SetField, one call each. */
import type { Context } from '../../../context.ts';
import { GatewayError } from '../../../errors.ts';
import { toId, type VmRecord } from '../../../live/model.ts';
import type { PlannedCall } from '../../../operation.ts';
import type { CustomFieldDef, MoRef, VimMethods } from '../../../vsphere/vim25/types.ts';
import { targetOf } from '../../start-task.ts';

/** One value to set. */
export interface AttributeChange {
  name: string;
  manager: MoRef<'CustomFieldsManager'>;
  args: VimMethods['SetField']['args'];
}

/**
 * The calls that set attributes, after reading which the vCenter has.
 * @throws GatewayError `not_supported` on a bare ESXi; `invalid_input` that names the known ones.
 */
export async function attributeChanges(
  vm: VmRecord,
  wanted: Readonly<Record<string, string>>,
  context: Context,
): Promise<AttributeChange[]> {
  const names = Object.keys(wanted);
  if (names.length === 0) return [];
  const session = targetOf(context, vm.vcenter).session('requests');
  const { signal } = context;
  const { customFieldsManager: manager } = (await session.ready(signal)).content;
  if (manager === undefined) {
    throw new GatewayError('not_supported', `'${vm.vcenter}' has no custom attributes: it is an ESXi host.`, {
      details: { reason: 'not_supported_on_esxi' },
    });
  }
  const { field = [] } = await session.read(manager, ['field'], { signal });
  const keys = new Map(
    (field as CustomFieldDef[]) // CustomFieldsManager.field; absent where none is defined
      .filter(({ managedObjectType: type }) => type === undefined || type === 'VirtualMachine')
      .map(({ name, key }) => [name, key]),
  );
  const unknown = names.filter((name) => !keys.has(name));
  if (unknown.length > 0) {
    const known = keys.size === 0 ? 'it has none for VMs' : `there are ${[...keys.keys()].sort().join(', ')}`;
    throw new GatewayError(
      'invalid_input',
      `'${vm.vcenter}' has no custom attribute '${unknown.join("', '")}'; ${known}.`,
      { errors: unknown.map((name) => ({ pointer: pointerOf(name), message: 'Unknown custom attribute' })) },
    );
  }
  const entity = { $type: 'VirtualMachine', value: vm.moref } as const;
  return Object.entries(wanted).map(([name, value]) => ({
    name,
    manager,
    args: { entity, key: keys.get(name)!, value }, // all names are known by now
  }));
}

const pointerOf = (name: string): string => `/custom_attributes/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

export function plannedChange(vm: VmRecord, { manager, args }: AttributeChange): PlannedCall {
  return { method: 'SetField', object: toId(vm.vcenter, manager.value), arguments: { ...args } };
}

export async function setAttribute(context: Context, vm: VmRecord, { manager, args }: AttributeChange): Promise<void> {
  await targetOf(context, vm.vcenter).session('requests').call('SetField', manager, args);
}
