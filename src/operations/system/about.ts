/** system.about: the gateway, and each vCenter behind it. */
import { z } from 'zod';
import { KINDS } from '../../live/model.ts';
import { operation } from '../../operation.ts';
import { nullableTime, time } from '../shapes.ts';

const counts = Object.fromEntries(
  KINDS.map((kind) => [kind, z.number().int().describe(`Objects of the kind ${kind}`)]),
);

const Vcenter = z.strictObject({
  name: z.string().describe('Name in the configuration; first part of every id'),
  url: z.string().describe('Where it is'),
  status: z.string().describe('connecting, connected, unavailable, auth_failed or tls_failed'),
  status_since: time('Since when'),
  reason: z.string().nullable().describe('Why it is not connected'),
  insecure: z.boolean().describe('True where TLS certificates are not verified: the configuration says so'),
  product: z.string().nullable().describe('Product in words; null before the first connection'),
  version: z.string().nullable().describe('Version'),
  build: z.string().nullable().describe('Build'),
  api_version: z.string().nullable().describe('Version of the API'),
  is_vcenter: z.boolean().nullable().describe('false for an ESXi host'),
  capabilities: z.record(z.string(), z.boolean()).describe('What this endpoint offers'),
  inventory: z
    .strictObject({
      ready: z.boolean().describe('The first load is complete'),
      stale: z.boolean().describe('It cannot be followed at the moment'),
      stale_since: nullableTime('Since when it is stale'),
      loaded_at: nullableTime('When it was last loaded as a whole'),
      age_seconds: z.number().nullable().describe('Seconds since the vCenter last said anything, "no change" included'),
      counts: z.strictObject(counts).describe('Objects'),
    })
    .describe('The live inventory'),
});

export default operation({
  name: 'system.about',
  summary: 'Show the gateway and its vCenters',
  description:
    'Shows the version of the gateway and, for each vCenter or ESXi host behind it: product, version, capabilities, state of the connection and age of the inventory.',
  http: 'GET /v1/about',
  scope: 'read',
  danger: 'safe',
  toolset: 'system',
  availability: 'any',
  input: z.strictObject({}),
  output: z.strictObject({
    name: z.string().describe('vsphere-gateway'),
    version: z.string().describe('Version of the gateway'),
    started_at: time('When the gateway started'),
    vcenters: z.array(Vcenter).describe('Each vCenter and ESXi host'),
  }),
  examples: [{ title: 'All of it', input: {} }],
}).run((_input, { version, startedAt, targets, inventory }) => ({
  name: 'vsphere-gateway',
  version,
  started_at: startedAt.toISOString(),
  vcenters: [...targets.values()].map((target) => {
    const about = target.about();
    const { is_vcenter, api_version, ...capabilities } = target.capabilities() ?? {};
    const { ready, stale, stale_since, loaded_at, last_contact_at, counts: objects } = inventory.status(target.name);
    return {
      name: target.name,
      url: target.config.url,
      status: target.state.status,
      status_since: target.state.since,
      reason: target.state.reason ?? null,
      insecure: target.state.insecure,
      product: about?.fullName ?? null,
      version: about?.version ?? null,
      build: about?.build ?? null,
      api_version: api_version ?? null,
      is_vcenter: is_vcenter ?? null,
      capabilities,
      inventory: {
        ready,
        stale,
        stale_since,
        loaded_at,
        age_seconds: last_contact_at === null ? null : Math.max(0, (Date.now() - Date.parse(last_contact_at)) / 1000),
        counts: objects,
      },
    };
  }),
}));
