/** host.get: everything the live inventory holds of one host. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { reference } from '../shapes.ts';
import { HostDetail, hostDetail } from './shapes.ts';

export default operation({
  name: 'host.get',
  summary: 'Show one host',
  description:
    'Shows one ESXi host in full: hardware, hypervisor, datastores, networks, custom attributes and quick statistics.',
  http: 'GET /v1/hosts/{host}',
  scope: 'read',
  danger: 'safe',
  toolset: 'host',
  availability: 'any',
  input: z.strictObject({ host: reference('The host') }),
  output: HostDetail,
  examples: [{ title: 'By name', input: { host: 'esx-01.example.com' } }],
}).run(({ host }, context) => hostDetail(resolveOne('host', host, context), context));
