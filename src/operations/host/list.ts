/** host.list: hosts that fit the filters, from the live inventory. */
import { z } from 'zod';
import type { HostRecord } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { commonFilters, every, page } from '../page.ts';
import { resolveOne } from '../resolve.ts';
import { pageFields, pageOf, reference } from '../shapes.ts';
import { HostSummary, hostSummary } from './shapes.ts';

export default operation({
  name: 'host.list',
  summary: 'List hosts',
  description: 'Lists ESXi hosts with state, cluster, hypervisor, size and number of VMs. host.get shows one in full.',
  http: 'GET /v1/hosts',
  scope: 'read',
  danger: 'safe',
  toolset: 'host',
  availability: 'any',
  input: z.strictObject({
    ...pageFields,
    cluster: reference('Only hosts of this cluster').optional(),
    connection_state: z
      .enum(['connected', 'disconnected', 'notResponding'])
      .optional()
      .describe('Only hosts in this state'),
    maintenance_mode: z.boolean().optional().describe('Only hosts that are, or are not, in maintenance mode'),
  }),
  output: pageOf(HostSummary, 'hosts'),
  examples: [
    { title: 'All hosts', input: {} },
    { title: 'Hosts in maintenance', input: { maintenance_mode: true } },
  ],
}).run((filters, context) => {
  const { connection_state, maintenance_mode } = filters;
  const cluster = filters.cluster === undefined ? undefined : resolveOne('cluster', filters.cluster, context).id;
  return page(filters, context, {
    records: context.inventory.all('host'),
    toRow: (host) => hostSummary(host, context),
    shape: HostSummary,
    filter: every<HostRecord>([
      ...commonFilters<HostRecord>(filters, (host) => [host.name, host.vendor, host.model, host.product]),
      cluster === undefined ? undefined : (host) => host.cluster === cluster,
      connection_state === undefined ? undefined : (host) => host.connection_state === connection_state,
      maintenance_mode === undefined ? undefined : (host) => host.maintenance_mode === maintenance_mode,
    ]),
  });
});
