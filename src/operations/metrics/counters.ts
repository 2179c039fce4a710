/** metrics.counters: the performance counters that are read, with their units. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { targetOf } from '../start-task.ts';

const metricKind = z.enum(['vm', 'host']);

const Counter = z.strictObject({
  name: z.string().describe('group.name.rollup, as vm.metrics and host.metrics take it'),
  unit: z.string().describe('Unit of its values as vSphere sends them; percent comes as hundredths'),
  label: z.string().describe('What it is, in the words of vSphere'),
  summary: z.string().describe('The same in a sentence'),
  level: z.number().int().nullable().describe('Statistics level from which vCenter keeps it for longer than an hour'),
  kinds: z.array(metricKind).describe('Kinds of object that it is read of'),
  vcenters: z.array(z.string()).describe('The vCenters that have it'),
});

export default operation({
  name: 'metrics.counters',
  summary: 'List performance counters',
  description:
    'Lists the performance counters that are read of VMs and hosts, with unit, meaning and the vCenters that have them. Names go into the counters field of vm.metrics and host.metrics. Empty until the first samples have been read, and where metrics are switched off.',
  http: 'GET /v1/metrics/counters',
  scope: 'read',
  danger: 'safe',
  toolset: 'metrics',
  availability: 'any',
  input: z.strictObject({
    vcenter: z.string().min(1).max(64).optional().describe('Only counters of this vCenter'),
    kind: metricKind.optional().describe('Only counters of this kind of object'),
  }),
  output: z.strictObject({ items: z.array(Counter).describe('The counters, in the order of the samples') }),
  examples: [{ title: 'What is known of hosts', input: { kind: 'host' } }],
}).run(({ vcenter, kind }, context) => {
  const names = vcenter === undefined ? [...context.targets.keys()] : [targetOf(context, vcenter).name];
  const counters = new Map<string, z.output<typeof Counter>>();
  for (const name of names) {
    for (const { kinds, ...counter } of context.metrics.counters(name)) {
      if (kind !== undefined && !kinds.includes(kind)) continue;
      const known = counters.get(counter.name);
      if (known === undefined) counters.set(counter.name, { ...counter, kinds: [...kinds], vcenters: [name] });
      else known.vcenters.push(name);
    }
  }
  return { items: [...counters.values()] };
});
