/** Custom attributes of a VM that is about to be made: vCenter sets them in calls of their own. */
import { z } from 'zod';
import type { Context } from '../../../context.ts';
import { GatewayError } from '../../../errors.ts';
import { toId } from '../../../live/model.ts';
import type { PlannedCall } from '../../../operation.ts';
import { fromVsphere } from '../../../vsphere/faults.ts';
import type { CustomFieldDef, MoRef } from '../../../vsphere/vim25/types.ts';
import { targetOf } from '../../start-task.ts';

export const customAttributes = z
  .record(z.string().min(1).max(80), z.string().max(4096))
  .describe('Custom attributes by name; one that vCenter does not know yet is defined first');

/** How a plan calls the object that its first call makes. */
export const THE_NEW_VM = '(the new VM)';

export interface AttributePlan {
  values: Readonly<Record<string, string>>;
  /** Names that CustomFieldsManager does not define yet. */
  undefinedNames: string[];
  manager: MoRef<'CustomFieldsManager'> | undefined;
  calls: PlannedCall[];
}

const NOTHING: AttributePlan = { values: {}, undefinedNames: [], manager: undefined, calls: [] };

/**
 * What sets the attributes of a request on top of the configured ones. Reads which are defined.
 * @throws GatewayError `not_supported` on a host without vCenter, where a request asks for them.
 */
export async function planAttributes(
  context: Context,
  vcenter: string,
  wanted: Readonly<Record<string, string>> | undefined,
): Promise<AttributePlan> {
  const values = { ...context.provisioning.custom_attributes, ...wanted };
  if (Object.keys(values).length === 0) return NOTHING;
  const session = targetOf(context, vcenter).session('requests');
  const { signal } = context;
  const { customFieldsManager: manager } = (await session.ready(signal)).content;
  if (manager === undefined) {
    if (wanted === undefined) return NOTHING;
    throw new GatewayError('not_supported', `'${vcenter}' has no custom attributes: only a vCenter has them.`);
  }
  const { field } = await session.read(manager, ['field'], { signal });
  const defined = new Set(
    ((field ?? []) as CustomFieldDef[]) // CustomFieldsManager.field
      .filter(({ managedObjectType }) => managedObjectType === undefined || managedObjectType === 'VirtualMachine')
      .map(({ name }) => name),
  );
  const undefinedNames = Object.keys(values).filter((name) => !defined.has(name));
  const calls = [
    ...undefinedNames.map((name) => ({
      method: 'AddCustomFieldDef',
      object: toId(vcenter, manager.value),
      arguments: { name, moType: 'VirtualMachine' },
    })),
    ...Object.entries(values).map(([key, value]) => ({
      method: 'setCustomValue',
      object: THE_NEW_VM,
      arguments: { key, value },
    })),
  ];
  return { values, undefinedNames, manager, calls };
}

/** Carries the plan out on a VM. */
export async function setAttributes(
  context: Context,
  vcenter: string,
  vm: MoRef<'VirtualMachine'>,
  { values, undefinedNames, manager }: AttributePlan,
): Promise<void> {
  if (manager === undefined) return;
  const session = targetOf(context, vcenter).session('requests');
  for (const name of undefinedNames) {
    await session.call('AddCustomFieldDef', manager, { name, moType: 'VirtualMachine' }).catch((error: unknown) => {
      // Another VM that was made at the same time has defined it.
      if (fromVsphere(error).code !== 'already_exists') throw error;
    });
  }
  for (const [key, value] of Object.entries(values)) await session.call('setCustomValue', vm, { key, value });
}
