/** From a request for a clone to the one CloneVM_Task that does it. */
import { z } from 'zod';
import type { Context } from '../../../context.ts';
import { GatewayError } from '../../../errors.ts';
import type { VmRecord } from '../../../live/model.ts';
import type { MoRef, VimMethods } from '../../../vsphere/vim25/types.ts';
import { customizationField } from '../../customization/shapes.ts';
import { chosenSpec } from '../../customization/stored.ts';
import { reference } from '../../shapes.ts';
import { resolveSnapshot, snapshotObject, snapshotRef } from '../snapshot/tree.ts';
import { customAttributes, planAttributes } from './attributes.ts';
import type { Making } from './make.ts';
import { newName, vmName } from './name.ts';
import { type Place, place } from './place.ts';

/** What a clone may be told, but for its source. */
export const cloneFields = {
  name: vmName.optional().describe('Name of the new VM; without one provisioning.name_pattern gives it'),
  folder: reference('Folder it goes into; that of the source if absent').optional(),
  pool: reference('Resource pool; that of the source if absent').optional(),
  cluster: reference('Cluster, whose root pool it goes into').optional(),
  host: reference('Host to run on').optional(),
  datastore: reference('Datastore or datastore cluster; that of the source if absent').optional(),
  cpu_count: z.number().int().min(1).max(768).optional().describe('Virtual CPUs; as the source if absent'),
  memory_mib: z
    .number()
    .int()
    .min(4)
    .max(25_165_824)
    .multipleOf(4)
    .optional()
    .describe('Memory, MiB, a multiple of 4; as the source if absent'),
  annotation: z.string().max(65_536).optional().describe('Notes; those of the source if absent'),
  custom_attributes: customAttributes.optional(),
  customization: customizationField.optional(),
  power_on: z.boolean().default(false).describe('Power the new VM on'),
};

export const linkedFields = {
  linked: z
    .boolean()
    .default(false)
    .describe('Share the disks of a snapshot instead of copying them; quick, but the source must stay'),
  snapshot: snapshotRef
    .optional()
    .describe('Snapshot to clone from: id, moref or name; for a linked clone the current one if absent'),
  template: z.boolean().default(false).describe('Make a template instead of a VM'),
};

const Fields = z.strictObject({ ...cloneFields, ...linkedFields });
export type CloneRequest = z.output<typeof Fields>;
export type CloneMaking = Making<'CloneVM_Task'> & { place: Place };

function snapshotOf(source: VmRecord, { linked, snapshot }: CloneRequest): MoRef<'VirtualMachineSnapshot'> | undefined {
  if (snapshot === undefined && !linked) return undefined;
  if (source.snapshots.length === 0) {
    throw new GatewayError(
      'invalid_state',
      `'${source.name}' has no snapshot to clone from; take one with vm.snapshot.create first${linked ? ', or make a full clone' : ''}.`,
    );
  }
  const { value } = snapshotObject(resolveSnapshot(source, snapshot ?? 'current'));
  return { $type: 'VirtualMachineSnapshot', value };
}

/** VirtualMachineCloneSpec.config: what differs from the source; undefined when nothing does. */
function configOf({
  cpu_count,
  memory_mib,
  annotation,
}: CloneRequest): VimMethods['CloneVM_Task']['args']['spec']['config'] {
  if (cpu_count === undefined && memory_mib === undefined && annotation === undefined) return undefined;
  return {
    ...(cpu_count === undefined ? {} : { numCPUs: cpu_count }),
    ...(memory_mib === undefined ? {} : { memoryMB: memory_mib }),
    ...(annotation === undefined ? {} : { annotation }),
  };
}

/**
 * Settles everything about a clone.
 * @throws GatewayError as the parts of it do, and `invalid_input` for a template that is to be powered on.
 */
export async function planClone(source: VmRecord, request: CloneRequest, context: Context): Promise<CloneMaking> {
  const { linked, template, power_on } = request;
  if (template && power_on)
    throw new GatewayError('invalid_input', 'A template cannot be powered on; leave template or power_on out.');
  const snapshot = snapshotOf(source, request);
  const destination = place(request, source, context);
  const name = newName(request.name, destination.folder, context);
  const byDefault = template ? undefined : (context.provisioning.customization ?? undefined);
  const customization = await chosenSpec(context, source, request.customization ?? byDefault);
  const { folder, pool, host, datastore } = destination;
  const config = configOf(request);
  const args: VimMethods['CloneVM_Task']['args'] = {
    folder: { $type: 'Folder', value: folder.moref },
    name,
    spec: {
      location: {
        ...(datastore === undefined ? {} : { datastore: { $type: 'Datastore', value: datastore.moref } }),
        ...(linked ? { diskMoveType: 'createNewChildDiskBacking' } : {}),
        pool: { $type: pool.type === 'VirtualApp' ? 'VirtualApp' : 'ResourcePool', value: pool.moref },
        ...(host === undefined ? {} : { host: { $type: 'HostSystem', value: host.moref } }),
      },
      template,
      ...(config === undefined ? {} : { config }),
      ...(customization === undefined ? {} : { customization }),
      powerOn: power_on,
      ...(snapshot === undefined ? {} : { snapshot }),
    },
  };
  const attributes = await planAttributes(context, source.vcenter, request.custom_attributes);
  return { on: source, method: 'CloneVM_Task', args, name, attributes, powerOn: false, place: destination };
}
