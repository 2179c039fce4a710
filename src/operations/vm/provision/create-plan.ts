/** From a request for a VM from nothing to the one CreateVM_Task that does it. */
import { z } from 'zod';
import type { Context } from '../../../context.ts';
import { GatewayError } from '../../../errors.ts';
import type { DatastoreRecord, PoolRecord } from '../../../live/model.ts';
import type { VimMethods, VirtualDeviceConfigSpec } from '../../../vsphere/vim25/types.ts';
import { reference } from '../../shapes.ts';
import { ISO_PATH, newCdrom } from '../hardware/cdrom.ts';
import { DISK_CONTROLLERS, defaultController } from '../hardware/controller.ts';
import { newDisk } from '../hardware/disk.ts';
import { nicBacking } from '../hardware/network.ts';
import { ADAPTERS, MAC, newNic } from '../hardware/nic.ts';
import { DeviceChanges } from '../hardware/spec.ts';
import { customAttributes, planAttributes } from './attributes.ts';
import type { Making } from './make.ts';
import { newName, vmName } from './name.ts';
import { nearest, nearestDatastore, nearestDefault } from './nearest.ts';
import { datastoreNeeded, type Place, place } from './place.ts';

const GIB = 1024 ** 3;

const disk = z.strictObject({
  size_gib: z.number().min(0.001).max(63_488).describe('Size, GiB'),
  thin: z.boolean().default(true).describe('Take space when it is written; false: all at once'),
  datastore: reference("Datastore of this disk; the VM's if absent").optional(),
  controller: z
    .enum(DISK_CONTROLLERS)
    .optional()
    .describe('Controller it hangs on; pvscsi if absent, lsilogic for guests too old for that'),
});

const nic = z.strictObject({
  network: reference('Network or distributed port group').optional(),
  adapter: z.enum(ADAPTERS).default('vmxnet3').describe('Adapter type'),
  mac: z.string().regex(MAC, 'A unicast MAC address with colons').optional().describe('MAC address; given if absent'),
  connected: z.boolean().default(true).describe('Connected when the VM starts'),
});

/** What vm.create may be told. */
export const createFields = {
  name: vmName.optional().describe('Name of the VM; without one provisioning.name_pattern gives it'),
  guest_id: z
    .string()
    .regex(/^\w+$/)
    .max(80)
    .describe('Guest operating system as vSphere calls it: ubuntu64Guest, rhel9_64Guest, windows2022srvNext_64Guest'),
  cpu_count: z.number().int().min(1).max(768).describe('Virtual CPUs'),
  cores_per_socket: z.number().int().min(1).max(768).optional().describe('Cores of a socket; must divide cpu_count'),
  memory_mib: z.number().int().min(4).max(25_165_824).multipleOf(4).describe('Memory, MiB, a multiple of 4'),
  firmware: z.enum(['bios', 'efi']).optional().describe("Firmware; the guest's usual one if absent"),
  folder: reference('Folder it goes into; the root folder for VMs of the datacenter if absent').optional(),
  pool: reference('Resource pool').optional(),
  cluster: reference('Cluster, whose root pool it goes into').optional(),
  host: reference('Host to run on').optional(),
  datastore: reference('Datastore or datastore cluster of its files').optional(),
  disks: z.array(disk).max(60).default([]).describe('Disks, in their order'),
  nics: z.array(nic).max(10).optional().describe('Network adapters; one on the configured network, if any, if absent'),
  iso: z
    .string()
    .regex(ISO_PATH, "As '[datastore] folder/file.iso'")
    .max(1024)
    .optional()
    .describe("ISO image in its CD-ROM drive: '[datastore] folder/file.iso'; no drive if absent"),
  annotation: z.string().max(65_536).optional().describe('Notes'),
  custom_attributes: customAttributes.optional(),
  extra_config: z
    .record(z.string().min(1).max(256), z.string().max(4096))
    .optional()
    .describe('Further settings of the VM (extraConfig), e.g. guestinfo.role. May hold secrets: not logged')
    .meta({ secret: true }),
  cpu_hot_add: z.boolean().optional().describe('Whether CPUs can be added while it runs'),
  memory_hot_add: z.boolean().optional().describe('Whether memory can be added while it runs'),
  power_on: z.boolean().default(false).describe('Power the VM on'),
};

const Fields = z.strictObject(createFields);
export type CreateRequest = z.output<typeof Fields>;
export type CreateMaking = Making<'CreateVM_Task'> & { place: Place };

function addDisks(
  changes: DeviceChanges,
  { disks, guest_id }: CreateRequest,
  pool: PoolRecord,
  context: Context,
): void {
  for (const { size_gib, thin, datastore, controller = defaultController(guest_id) } of disks) {
    const place = datastore === undefined ? undefined : nearestDatastore(datastore, pool, context);
    changes.add(
      newDisk({
        ...changes.slot(controller),
        key: changes.newKey(),
        // Whole MiB: vSphere rounds everything else.
        capacityBytes: Math.ceil(size_gib * 1024) * (GIB / 1024),
        datastore: place,
        provisioning: thin ? 'thin' : 'thick',
      }),
      'create',
    );
  }
}

async function addNics(
  changes: DeviceChanges,
  { nics }: CreateRequest,
  pool: PoolRecord,
  context: Context,
): Promise<void> {
  const byDefault = nearestDefault('network', context.provisioning.network, pool, context);
  const wanted: z.output<typeof nic>[] =
    nics ?? (byDefault === undefined ? [] : [{ adapter: 'vmxnet3', connected: true }]);
  for (const [index, { network, ...own }] of wanted.entries()) {
    const record = network === undefined ? byDefault : nearest('network', network, pool, context);
    if (record === undefined) {
      throw new GatewayError('invalid_input', 'Name the network of the adapter; network.list shows what there is.', {
        errors: [{ pointer: `/nics/${index}/network`, message: 'Needed' }],
      });
    }
    changes.add(newNic({ key: changes.newKey(), backing: await nicBacking(context, record), ...own }));
  }
}

async function devicesOf(
  request: CreateRequest,
  pool: PoolRecord,
  context: Context,
): Promise<VirtualDeviceConfigSpec[]> {
  const changes = new DeviceChanges();
  addDisks(changes, request, pool, context);
  await addNics(changes, request, pool, context);
  if (request.iso !== undefined)
    changes.add(newCdrom({ ...changes.slot('sata'), key: changes.newKey(), iso: request.iso }));
  return changes.list;
}

type ConfigSpec = VimMethods['CreateVM_Task']['args']['config'];

/** What of the request is one field of VirtualMachineConfigSpec. */
function settingsOf(request: CreateRequest): ConfigSpec {
  const { cores_per_socket, firmware, annotation, cpu_hot_add, memory_hot_add, extra_config } = request;
  return {
    guestId: request.guest_id,
    numCPUs: request.cpu_count,
    memoryMB: request.memory_mib,
    ...(cores_per_socket === undefined ? {} : { numCoresPerSocket: cores_per_socket }),
    ...(firmware === undefined ? {} : { firmware }),
    ...(annotation === undefined ? {} : { annotation }),
    ...(cpu_hot_add === undefined ? {} : { cpuHotAddEnabled: cpu_hot_add }),
    ...(memory_hot_add === undefined ? {} : { memoryHotAddEnabled: memory_hot_add }),
    ...(extra_config === undefined
      ? {}
      : { extraConfig: Object.entries(extra_config).map(([key, value]) => ({ key, value })) }),
  };
}

/**
 * Settles everything about a new VM.
 * @throws GatewayError as the parts of it do, and `invalid_input` without a datastore or for cores that do not fit.
 */
export async function planCreate(request: CreateRequest, context: Context): Promise<CreateMaking> {
  const { cpu_count, cores_per_socket = 1 } = request;
  if (cpu_count % cores_per_socket !== 0) {
    throw new GatewayError('invalid_input', `${cores_per_socket} cores a socket do not divide ${cpu_count} CPUs.`, {
      errors: [{ pointer: '/cores_per_socket', message: 'Must divide cpu_count' }],
    });
  }
  const destination = place(request, undefined, context);
  const { folder, pool, host } = destination;
  const datastore: DatastoreRecord | undefined = destination.datastore;
  if (datastore === undefined) throw datastoreNeeded(pool, context);
  const name = newName(request.name, folder, context);
  const args: VimMethods['CreateVM_Task']['args'] = {
    config: {
      name,
      ...settingsOf(request),
      files: { vmPathName: `[${datastore.name}]` },
      deviceChange: await devicesOf(request, pool, context),
    },
    pool: { $type: pool.type === 'VirtualApp' ? 'VirtualApp' : 'ResourcePool', value: pool.moref },
    ...(host === undefined ? {} : { host: { $type: 'HostSystem', value: host.moref } }),
  };
  const attributes = await planAttributes(context, folder.vcenter, request.custom_attributes);
  return { on: folder, method: 'CreateVM_Task', args, name, attributes, powerOn: request.power_on, place: destination };
}
