/** Any managed object that an id names: one of the inventory, a singleton of vCenter, a task, or whatever its type is given for. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { GatewayError } from '../../errors.ts';
import { fromId } from '../../live/model.ts';
import { checkManagedType, typeTeller } from '../../vsphere/raw.ts';
import type { Target } from '../../vsphere/target.ts';
import type { MoRef } from '../../vsphere/vim25/types.ts';
import { targetOf } from '../start-task.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: no id of vSphere's holds any.
const ID = /^[^:\u0000-\u001f\u007f]+:[^\u0000-\u001f\u007f]+$/;

/** How an object that need not be in the inventory is named. */
export const objectFields = {
  object: z
    .string()
    .max(320)
    .regex(ID, 'Not an id: <vcenter>:<reference>, such as lab:vm-61')
    .describe('Id of any managed object: lab:vm-61, lab:task-1, lab:ServiceInstance, lab:PerfMgr'),
  type: z
    .string()
    .regex(/^[A-Za-z]\w{0,63}$/, 'Not the name of a type')
    .optional()
    .describe('Its managed type, e.g. HostNetworkSystem; needed where the id does not tell'),
};

export interface ManagedObject {
  target: Target;
  ref: MoRef;
  /** For people: the name where the inventory has one, else the reference. */
  name: string;
  /** Any other object of the same vCenter. @throws Error whose message says what is wrong with the id. */
  refer(id: string, declared: string): MoRef;
}

const noType = (object: string): GatewayError =>
  new GatewayError(
    'invalid_input',
    `The id '${object}' does not tell its type; give it as type, e.g. HostNetworkSystem.`,
    { errors: [{ pointer: '/type', message: 'Needed for this object' }] },
  );

/** Asks vCenter for its singletons, nothing else. */
export async function managedObject(
  { object, type }: { object: string; type?: string | undefined },
  context: Context,
): Promise<ManagedObject> {
  const { vcenter = '', moref = '' } = fromId(object) ?? {};
  const target = targetOf(context, vcenter);
  if (type !== undefined) checkManagedType(type, '/type');
  const record = context.inventory.find(object);
  if (record !== undefined && type !== undefined && type !== record.type) {
    throw new GatewayError('invalid_input', `'${record.name}' is a ${record.type}, not a ${type}; leave type out.`, {
      errors: [{ pointer: '/type', message: `The object is a ${record.type}` }],
    });
  }
  const typeOf = await typeTeller(target, context.signal);
  const $type = record?.type ?? type ?? typeOf(moref);
  if ($type === undefined) throw noType(object);
  return {
    target,
    ref: { $type, value: moref },
    name: record?.name ?? moref,
    refer: (id, declared) => {
      const named = fromId(id);
      if (named?.vcenter !== vcenter) throw new Error(`an id of '${vcenter}' is needed, such as ${object}`);
      return { $type: context.inventory.find(id)?.type ?? typeOf(named.moref) ?? declared, value: named.moref };
    },
  };
}
