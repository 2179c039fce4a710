/** vm.metrics: the last samples of a VM and, when asked, the last hour. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { Samples, sampleFields, samplesOf } from '../metrics/samples.ts';
import { resolveOne } from '../resolve.ts';
import { vmRef } from '../shapes.ts';

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
  input: z.strictObject({ vm: vmRef, ...sampleFields }),
  output: Samples,
  examples: [
    { title: 'The last sample', input: { vm: 'web-01' } },
    { title: 'CPU of the last ten minutes', input: { vm: 'web-01', minutes: 10, counters: ['cpu.usage.average'] } },
  ],
}).run(({ vm, ...input }, context) => samplesOf(resolveOne('vm', vm, context), input, context));
