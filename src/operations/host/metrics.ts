/** host.metrics: the last samples of a host and, when asked, the last hour. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { Samples, sampleFields, samplesOf } from '../metrics/samples.ts';
import { resolveOne } from '../resolve.ts';
import { reference } from '../shapes.ts';

export default operation({
  name: 'host.metrics',
  summary: 'Show performance counters of a host',
  description:
    "Shows the last 20-second sample of an ESXi host's performance counters and, with minutes, the series of up to the last hour. Values are in vSphere's own units, given beside them; null means that vSphere had no sample.",
  http: 'GET /v1/hosts/{host}/metrics',
  scope: 'read',
  danger: 'safe',
  toolset: 'metrics',
  availability: 'any',
  input: z.strictObject({ host: reference('The host'), ...sampleFields }),
  output: Samples,
  examples: [
    { title: 'The last sample', input: { host: 'esx-01.example.com' } },
    {
      title: 'Power of the last hour',
      input: { host: 'esx-01.example.com', minutes: 60, counters: ['power.power.average'] },
    },
  ],
}).run(({ host, ...input }, context) => samplesOf(resolveOne('host', host, context), input, context));
