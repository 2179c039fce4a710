/** vm.metrics: the last samples of a VM and, when asked, the last hour. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { nullableTime, vmRef } from '../shapes.ts';

const values = z.record(z.string(), z.number().nullable());

export default operation({
  name: 'vm.metrics',
  summary: 'Show performance counters of a virtual machine',
  description:
    "Shows the last 20-second sample of a VM's performance counters and, with minutes, the series of up to the last hour. Values are in vSphere's own units, given beside them; null means that vSphere had no sample.",
  http: 'GET /v1/vms/{vm}/metrics',
  scope: 'read',
  danger: 'safe',
  toolset: 'metrics',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    minutes: z
      .number()
      .int()
      .min(0)
      .max(60)
      .default(0)
      .describe('How far back the series goes, minutes; 0: the last sample only'),
    counters: z
      .array(z.string().min(1).max(128))
      .min(1)
      .max(64)
      .optional()
      .describe('Only these counters, e.g. cpu.usage.average'),
  }),
  output: z.strictObject({
    id: z.string().describe('Id of the VM'),
    name: z.string().describe('Name of the VM'),
    sampled_at: nullableTime("vCenter's time of the last sample"),
    last: values.describe('Last value of each counter'),
    units: z
      .record(z.string(), z.string())
      .describe('Unit of each counter as vSphere sends it; percent comes as hundredths'),
    interval_seconds: z.number().describe('Seconds between samples'),
    at: z.array(z.string()).describe('Times of the series, oldest first'),
    series: z.record(z.string(), z.array(z.number().nullable())).describe('For each counter a value for each time'),
  }),
  examples: [
    { title: 'The last sample', input: { vm: 'web-01' } },
    { title: 'CPU of the last ten minutes', input: { vm: 'web-01', minutes: 10, counters: ['cpu.usage.average'] } },
  ],
}).run(({ vm: name, minutes, counters }, { inventory, metrics }) => {
  const vm = resolveOne('vm', name, { inventory });
  const known = new Map(metrics.counters(vm.vcenter).map((counter) => [counter.name, counter]));
  const unknown = counters?.find((counter) => known.size > 0 && !known.has(counter));
  if (unknown !== undefined) {
    throw new GatewayError(
      'invalid_input',
      `There is no counter '${unknown}'; there are ${[...known.keys()].join(', ')}.`,
      {
        errors: [{ pointer: '/counters', message: `Unknown counter ${unknown}` }],
      },
    );
  }
  const wanted = (counter: string) => counters === undefined || counters.includes(counter);
  const sample = metrics.last(vm.id);
  const last = Object.fromEntries(Object.entries(sample?.values ?? {}).filter(([counter]) => wanted(counter)));
  const history = minutes === 0 ? undefined : metrics.series(vm.id, counters, minutes * 60_000);
  const named = new Set([...Object.keys(last), ...Object.keys(history?.series ?? {})]);
  return {
    id: vm.id,
    name: vm.name,
    sampled_at: sample?.at ?? null,
    last,
    units: Object.fromEntries([...named].map((counter) => [counter, known.get(counter)?.unit ?? ''])),
    interval_seconds: 20,
    at: history?.at ?? [],
    series: history?.series ?? {},
  };
});
