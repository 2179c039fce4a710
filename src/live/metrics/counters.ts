/** The performance counters that are read of every VM and host, with vSphere's unit and the way to Prometheus' base unit. */

/** What has real-time counters and is polled. */
export type MetricKind = 'vm' | 'host';

export const METRIC_KINDS = ['vm', 'host'] as const satisfies readonly MetricKind[];

/** Length of a real-time sample of ESXi (PerfProviderSummary.refreshRate), in seconds; the same on every version. */
export const SAMPLE_SECONDS = 20;

/** Units as PerfCounterInfo.unitInfo.key spells them; `percent` is sent in hundredths. */
export type CounterUnit =
  | 'percent'
  | 'megaHertz'
  | 'millisecond'
  | 'kiloBytes'
  | 'kiloBytesPerSecond'
  | 'number'
  | 'watt'
  | 'second';

export interface CounterSpec {
  /** `group.name.rollup`, as vSphere's documentation names counters. */
  readonly name: string;
  /** Unit that the conversion expects; a counter that a target sends in another unit is not read. */
  readonly unit: CounterUnit;
  readonly kinds: readonly MetricKind[];
  /** Prometheus name without its prefix `vsphere_vm_` or `vsphere_host_`. */
  readonly metric: string;
  /** Factor from vSphere's unit to the base unit of `metric`. */
  readonly scale: number;
  /** Summed over the CPUs of the object, so the ratio is of all of them: divide by their number too. */
  readonly perCpu: boolean;
  readonly help: string;
}

const BOTH: readonly MetricKind[] = METRIC_KINDS;
const HUNDREDTHS_OF_PERCENT = 1 / 10_000;
const MEGA = 1_000_000;
const KIBI = 1_024;
const MILLI = 1 / 1_000;
const OF_SAMPLE = 1 / (SAMPLE_SECONDS * 1_000);
const PER_SECOND = 1 / SAMPLE_SECONDS;

function counter(
  name: string,
  unit: CounterUnit,
  metric: string,
  scale: number,
  help: string,
  { kinds = BOTH, perCpu = false }: { kinds?: readonly MetricKind[]; perCpu?: boolean } = {},
): CounterSpec {
  return { name, unit, kinds, metric, scale, perCpu, help };
}

/** Aggregates over all instances only. Order is the order of values in memory and of families in the exposition. */
export const COUNTERS: readonly CounterSpec[] = [
  counter('cpu.usage.average', 'percent', 'cpu_usage_ratio', HUNDREDTHS_OF_PERCENT, 'CPU used, of what is configured.'),
  counter('cpu.usagemhz.average', 'megaHertz', 'cpu_usage_hertz', MEGA, 'CPU used.'),
  counter('cpu.ready.summation', 'millisecond', 'cpu_ready_ratio', OF_SAMPLE, 'Time ready to run without a CPU.', {
    perCpu: true,
  }),
  counter('cpu.costop.summation', 'millisecond', 'cpu_costop_ratio', OF_SAMPLE, 'Time stopped for co-scheduling.', {
    perCpu: true,
  }),
  counter('cpu.latency.average', 'percent', 'cpu_latency_ratio', HUNDREDTHS_OF_PERCENT, 'Time denied a physical CPU.'),
  counter('cpu.demand.average', 'megaHertz', 'cpu_demand_hertz', MEGA, 'CPU that would be used without contention.'),
  counter('mem.usage.average', 'percent', 'memory_usage_ratio', HUNDREDTHS_OF_PERCENT, 'Memory used, of the total.'),
  counter('mem.active.average', 'kiloBytes', 'memory_active_bytes', KIBI, 'Memory touched recently.'),
  counter('mem.consumed.average', 'kiloBytes', 'memory_consumed_bytes', KIBI, 'Host memory consumed.'),
  counter('mem.granted.average', 'kiloBytes', 'memory_granted_bytes', KIBI, 'Memory backed by host memory.'),
  counter('mem.vmmemctl.average', 'kiloBytes', 'memory_balloon_bytes', KIBI, 'Memory reclaimed by the balloon driver.'),
  counter('mem.swapped.average', 'kiloBytes', 'memory_swapped_bytes', KIBI, 'Memory swapped out by the host.', {
    kinds: ['vm'],
  }),
  counter('mem.swapused.average', 'kiloBytes', 'memory_swapped_bytes', KIBI, 'Swap space in use.', { kinds: ['host'] }),
  counter('mem.swapinRate.average', 'kiloBytesPerSecond', 'memory_swap_in_bytes_per_second', KIBI, 'Swapped in.'),
  counter('mem.swapoutRate.average', 'kiloBytesPerSecond', 'memory_swap_out_bytes_per_second', KIBI, 'Swapped out.'),
  counter('mem.latency.average', 'percent', 'memory_latency_ratio', HUNDREDTHS_OF_PERCENT, 'Time waiting for memory.'),
  counter('disk.usage.average', 'kiloBytesPerSecond', 'disk_usage_bytes_per_second', KIBI, 'Disk reads and writes.'),
  counter('disk.read.average', 'kiloBytesPerSecond', 'disk_read_bytes_per_second', KIBI, 'Disk reads.'),
  counter('disk.write.average', 'kiloBytesPerSecond', 'disk_write_bytes_per_second', KIBI, 'Disk writes.'),
  counter('disk.maxTotalLatency.latest', 'millisecond', 'disk_max_latency_seconds', MILLI, 'Latency, slowest disk.'),
  counter('disk.deviceLatency.average', 'millisecond', 'disk_device_latency_seconds', MILLI, 'Latency of devices.', {
    kinds: ['host'],
  }),
  counter('disk.kernelLatency.average', 'millisecond', 'disk_kernel_latency_seconds', MILLI, 'Latency in VMkernel.', {
    kinds: ['host'],
  }),
  counter('net.usage.average', 'kiloBytesPerSecond', 'network_usage_bytes_per_second', KIBI, 'Network, both ways.'),
  counter('net.received.average', 'kiloBytesPerSecond', 'network_receive_bytes_per_second', KIBI, 'Network, received.'),
  counter('net.transmitted.average', 'kiloBytesPerSecond', 'network_transmit_bytes_per_second', KIBI, 'Network, sent.'),
  counter('net.droppedRx.summation', 'number', 'network_receive_dropped_packets_per_second', PER_SECOND, 'Rx dropped.'),
  counter(
    'net.droppedTx.summation',
    'number',
    'network_transmit_dropped_packets_per_second',
    PER_SECOND,
    'Tx dropped.',
  ),
  counter('net.errorsRx.summation', 'number', 'network_receive_errors_per_second', PER_SECOND, 'Receive errors.', {
    kinds: ['host'],
  }),
  counter('net.errorsTx.summation', 'number', 'network_transmit_errors_per_second', PER_SECOND, 'Transmit errors.', {
    kinds: ['host'],
  }),
  counter('power.power.average', 'watt', 'power_watts', 1, 'Power drawn.'),
  counter('sys.uptime.latest', 'second', 'uptime_seconds', 1, 'Time since the start.'),
];

/** The counters of a kind; a counter's index here is its column in memory. */
export const COLUMNS: Readonly<Record<MetricKind, readonly CounterSpec[]>> = {
  vm: COUNTERS.filter((spec) => spec.kinds.includes('vm')),
  host: COUNTERS.filter((spec) => spec.kinds.includes('host')),
};

/**
 * A value in the base unit of the counter's Prometheus metric.
 * @param cpus vCPUs of a VM, logical CPUs of a host; matters for `perCpu` counters alone.
 */
export function toBaseUnit(spec: CounterSpec, value: number, cpus: number): number {
  return (value * spec.scale) / (spec.perCpu ? Math.max(1, cpus) : 1);
}

/** Full name of a counter's Prometheus metric. */
export function prometheusName(spec: CounterSpec, kind: MetricKind): string {
  return `vsphere_${kind}_${spec.metric}`;
}
