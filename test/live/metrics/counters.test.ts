/** The table of counters: units, names and conversions. */
import { describe, expect, test } from 'vitest';
import { COLUMNS, COUNTERS, METRIC_KINDS, prometheusName, toBaseUnit } from '../../../src/live/metrics/counters.ts';

/** As vSphere sends it for an object with 4 CPUs, and what Prometheus gets. */
const CONVERSIONS: Record<string, [sent: number, metric: string, exported: number]> = {
  'cpu.usage.average': [1_234, 'cpu_usage_ratio', 0.1234],
  'cpu.usagemhz.average': [2_500, 'cpu_usage_hertz', 2.5e9],
  'cpu.ready.summation': [8_000, 'cpu_ready_ratio', 0.1],
  'cpu.costop.summation': [80_000, 'cpu_costop_ratio', 1],
  'cpu.latency.average': [50, 'cpu_latency_ratio', 0.005],
  'cpu.demand.average': [300, 'cpu_demand_hertz', 3e8],
  'mem.usage.average': [9_999, 'memory_usage_ratio', 0.9999],
  'mem.active.average': [1, 'memory_active_bytes', 1_024],
  'mem.consumed.average': [4_194_304, 'memory_consumed_bytes', 4_294_967_296],
  'mem.granted.average': [2, 'memory_granted_bytes', 2_048],
  'mem.vmmemctl.average': [3, 'memory_balloon_bytes', 3_072],
  'mem.swapped.average': [4, 'memory_swapped_bytes', 4_096],
  'mem.swapused.average': [5, 'memory_swapped_bytes', 5_120],
  'mem.swapinRate.average': [6, 'memory_swap_in_bytes_per_second', 6_144],
  'mem.swapoutRate.average': [7, 'memory_swap_out_bytes_per_second', 7_168],
  'mem.latency.average': [100, 'memory_latency_ratio', 0.01],
  'disk.usage.average': [8, 'disk_usage_bytes_per_second', 8_192],
  'disk.read.average': [9, 'disk_read_bytes_per_second', 9_216],
  'disk.write.average': [10, 'disk_write_bytes_per_second', 10_240],
  'disk.maxTotalLatency.latest': [15, 'disk_max_latency_seconds', 0.015],
  'disk.deviceLatency.average': [2, 'disk_device_latency_seconds', 0.002],
  'disk.kernelLatency.average': [1, 'disk_kernel_latency_seconds', 0.001],
  'net.usage.average': [11, 'network_usage_bytes_per_second', 11_264],
  'net.received.average': [12, 'network_receive_bytes_per_second', 12_288],
  'net.transmitted.average': [13, 'network_transmit_bytes_per_second', 13_312],
  'net.droppedRx.summation': [40, 'network_receive_dropped_packets_per_second', 2],
  'net.droppedTx.summation': [1, 'network_transmit_dropped_packets_per_second', 0.05],
  'net.errorsRx.summation': [20, 'network_receive_errors_per_second', 1],
  'net.errorsTx.summation': [10, 'network_transmit_errors_per_second', 0.5],
  'power.power.average': [180, 'power_watts', 180],
  'sys.uptime.latest': [86_400, 'uptime_seconds', 86_400],
};

describe('the table of counters', () => {
  test.each(COUNTERS)('$name is exported in the base unit of its name', (spec) => {
    const [sent, metric, exported] = CONVERSIONS[spec.name] ?? [Number.NaN, '', 0];
    expect(spec.metric).toBe(metric);
    expect(toBaseUnit(spec, sent, 4)).toBeCloseTo(exported, 9);
  });

  test('a host or VM whose number of CPUs is unknown does not divide by zero', () => {
    const ready = COUNTERS.find((spec) => spec.name === 'cpu.ready.summation')!;
    expect(toBaseUnit(ready, 20_000, 0)).toBe(1);
  });

  test('no two counters of a kind share a name in Prometheus', () => {
    for (const kind of METRIC_KINDS) {
      const names = COLUMNS[kind].map((spec) => prometheusName(spec, kind));
      expect(new Set(names).size).toBe(names.length);
    }
  });

  test('swap is another counter on hosts, under the same name', () => {
    const swapped = (kind: 'vm' | 'host') => COLUMNS[kind].find((spec) => spec.metric === 'memory_swapped_bytes')?.name;
    expect(swapped('vm')).toBe('mem.swapped.average');
    expect(swapped('host')).toBe('mem.swapused.average');
  });
});
