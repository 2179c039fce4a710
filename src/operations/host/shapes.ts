/** What a host looks like: the row of a list and the whole of one. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import type { HostRecord } from '../../live/model.ts';
import { memo } from '../memo.ts';
import { Health, nullableTime, Ref } from '../shapes.ts';

/** A row of `host.list`. */
export const HostSummary = z.strictObject({
  id: z.string().describe('Id, <vcenter>:<moref>'),
  name: z.string().describe('Name'),
  vcenter: z.string().describe('The vCenter it belongs to'),
  connection_state: z.string().describe('connected, disconnected or notResponding'),
  power_state: z.string().describe('poweredOn, poweredOff, standBy or unknown'),
  maintenance_mode: z.boolean().describe('In maintenance mode'),
  cluster: z.string().nullable().describe('Id of its cluster; null for a host that stands alone'),
  cluster_name: z.string().nullable().describe('Name of that cluster'),
  product: z.string().nullable().describe('Hypervisor, e.g. VMware ESXi 8.0.2 build-22380479'),
  cpu_cores: z.number().int().describe('Physical cores'),
  cpu_mhz: z.number().int().describe('Clock of a core, MHz'),
  memory_bytes: z.number().describe('Memory, bytes'),
  vm_count: z.number().int().describe('VMs on it, powered on or not'),
});

/** The answer of `host.get`. */
export const HostDetail = HostSummary.extend({
  path: z.string().describe('Inventory path'),
  vendor: z.string().nullable().describe('Maker'),
  model: z.string().nullable().describe('Model'),
  uuid: z.string().nullable().describe('Hardware UUID'),
  cpu_model: z.string().nullable().describe('Processor'),
  cpu_sockets: z.number().int().describe('Sockets'),
  cpu_threads: z.number().int().describe('Hardware threads'),
  nic_count: z.number().int().describe('Physical network adapters'),
  product_version: z.string().nullable().describe('Version of the hypervisor'),
  product_build: z.string().nullable().describe('Build of the hypervisor'),
  boot_time: nullableTime('When it booted'),
  custom_attributes: z.record(z.string(), z.string()).describe('Custom attributes by name'),
  datastores: z.array(Ref).describe('Datastores it has mounted'),
  networks: z.array(Ref).describe('Networks it offers'),
  overall_status: Health,
  quick_stats: z
    .strictObject({
      cpu_usage_mhz: z.number().nullable().describe('MHz in use'),
      memory_usage_mib: z.number().nullable().describe('Memory in use, MiB'),
      uptime_seconds: z.number().nullable().describe('Uptime, seconds'),
    })
    .nullable()
    .describe('summary.quickStats, read once a minute'),
  sampled_at: nullableTime('When overall_status and quick_stats were read'),
  unreadable: z.array(z.string()).describe('vSphere properties that our account may not read'),
  version: z.string().describe('Version of the inventory that answered'),
  stale: z.boolean().describe('True while the vCenter cannot be followed'),
});

type Reads = Pick<Context, 'inventory'>;

const rows = memo<HostRecord, z.output<typeof HostSummary>>();

/** The row of a host: the same frozen object until the host, its cluster or the number of its VMs changes. */
export function hostSummary(host: HostRecord, { inventory }: Reads): z.output<typeof HostSummary> {
  const cluster = host.cluster === null ? undefined : inventory.get('cluster', host.cluster);
  const vmCount = inventory.vmsOf(host.id).length;
  return rows(host, [cluster, vmCount], () => ({
    id: host.id,
    name: host.name,
    vcenter: host.vcenter,
    connection_state: host.connection_state,
    power_state: host.power_state,
    maintenance_mode: host.maintenance_mode,
    cluster: host.cluster,
    cluster_name: cluster?.name ?? null,
    product: host.product,
    cpu_cores: host.cpu_cores,
    cpu_mhz: host.cpu_mhz,
    memory_bytes: host.memory_bytes,
    vm_count: vmCount,
  }));
}

const details = memo<HostRecord, z.output<typeof HostDetail>>();

/** The whole of a host: the same frozen object until the inventory has another version. */
export function hostDetail(host: HostRecord, context: Reads): z.output<typeof HostDetail> {
  const { inventory } = context;
  const { version } = inventory;
  const { stale } = inventory.status(host.vcenter);
  return details(host, [version, stale], () => {
    const polled = inventory.polled(host.id);
    const quick = polled?.quick_stats ?? null;
    const named = (ids: readonly string[]) => ids.map((id) => ({ id, name: inventory.find(id)?.name ?? id }));
    return {
      ...hostSummary(host, context),
      path: inventory.path(host.id),
      vendor: host.vendor,
      model: host.model,
      uuid: host.uuid,
      cpu_model: host.cpu_model,
      cpu_sockets: host.cpu_sockets,
      cpu_threads: host.cpu_threads,
      nic_count: host.nic_count,
      product_version: host.product_version,
      product_build: host.product_build,
      boot_time: host.boot_time,
      custom_attributes: { ...host.custom_attributes },
      datastores: named(host.datastores),
      networks: named(host.networks),
      overall_status: polled?.overall_status ?? null,
      quick_stats: quick && {
        cpu_usage_mhz: quick.cpu_usage_mhz,
        memory_usage_mib: quick.memory_usage_mib,
        uptime_seconds: quick.uptime_seconds,
      },
      sampled_at: polled?.sampled_at ?? null,
      unreadable: [...(host.unreadable ?? [])],
      version,
      stale,
    };
  });
}
