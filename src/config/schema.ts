/** Every setting of the gateway: its type, unit, default and meaning. `config.yaml` lists the same; a test keeps them equal. */

import { z } from 'zod';
import { isKey } from '../access/key-format.ts';

const seconds = (low: number, high: number) => z.number().min(low).max(high);
const count = (low: number, high: number) => z.int().min(low).max(high);
const path = () => z.string().min(1);

/** Marks a value that is never shown in an error, a summary or a log. Each has a sibling `<name>_file`. */
const secret = { secret: true } as const;

const listen = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 or :: for all interfaces.'),
  port: count(0, 65_535).default(8080).describe('TCP port; 0 takes any free one.'),
  trust_proxy: z
    .union([z.boolean(), z.array(z.string().min(1))])
    .default(false)
    .describe(
      'Whose X-Forwarded-For to believe: false for nobody, a list of addresses or networks, true for everybody (then any client can forge its address).',
    )
    .meta({ example: ['10.0.0.0/8'] }),
});

const HTTPS_URL =
  'an address such as vc1.example.com or https://vc1.example.com/sdk, without user name and password in it';

/** A bare host, or an address without a path, as the full address of the SOAP endpoint. */
function completeUrl(text: string): string {
  const withScheme = text.includes('://') ? text : `https://${text}`;
  if (!URL.canParse(withScheme)) return text;
  const url = new URL(withScheme);
  if (url.pathname === '/') url.pathname = '/sdk';
  return url.href.replace(/\/$/, '');
}

function isSdkUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username + password + search + hash === '';
}

const vcenter = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'at most 32 lower-case letters, digits and inner hyphens')
      .default('vcenter')
      .describe('Short name, unique; the ids of all objects begin with it (lab:vm-61), so keep it.'),
    url: z
      .string()
      .overwrite(completeUrl)
      .refine(isSdkUrl, HTTPS_URL)
      .describe('Address of a vCenter or an ESXi host; a bare host name is completed to https://HOST/sdk.')
      .meta({ example: 'vc1.example.com' }),
    username: z.string().min(1).describe('vSphere account of the gateway.').meta({ example: 'gateway@vsphere.local' }),
    password: z
      .string()
      .min(1)
      .describe('Its password. Better given by password_file or VSG_VCENTERS__0__PASSWORD.')
      .meta(secret),
    password_file: path()
      .optional()
      .describe('File that holds the password, in place of `password`; a line break at its end is dropped.')
      .meta({ example: '/run/secrets/vcenter-password' }),
    ca_file: path()
      .optional()
      .describe("PEM file with the certificates to trust for this vCenter, in place of the system's.")
      .meta({ example: './vcenter-ca.pem' }),
    pins: z
      .array(
        z
          .string()
          .overwrite((pin) => pin.replaceAll(':', '').toLowerCase())
          .regex(/^[0-9a-f]{64}$/, 'a SHA-256 fingerprint: 64 hexadecimal digits, colons allowed'),
      )
      .default([])
      .describe('SHA-256 fingerprints of certificates to trust; give the next one too before a renewal.'),
    insecure: z
      .boolean()
      .default(false)
      .describe('Trust any certificate, or speak http://: whoever is in between reads the password. Only for a lab.'),
    request_timeout: seconds(1, 3_600).default(30).describe('Seconds that one SOAP call may take.'),
    connect_timeout: seconds(0.1, 300).default(10).describe('Seconds that connecting, TLS included, may take.'),
    max_connections: count(1, 64).default(6).describe('Connections for calls of users, at most.'),
  })
  .superRefine((target, context) => {
    const clash = target.pins.length > 0 ? 'pins' : target.ca_file === undefined ? undefined : 'ca_file';
    if (target.insecure && clash !== undefined) {
      context.addIssue({ code: 'custom', path: ['insecure'], message: `false when ${clash} is given` });
    }
    if (!target.insecure && target.url.startsWith('http:')) {
      context.addIssue({ code: 'custom', path: ['url'], message: 'https:// (http:// needs insecure: true)' });
    }
  });

const rate = (requests: number, whom: string) =>
  z
    .strictObject({
      requests: count(1, 1_000_000_000)
        .nullable()
        .default(requests)
        .describe(`Requests that one ${whom} may make in a window; null for no limit.`),
      window: count(1, 86_400).default(60).describe('Seconds of the window.'),
    })
    .prefault({});

const limits = z.strictObject({
  per_address: rate(3_000, 'address').describe('Counted before the key is looked at, so that keys cannot be guessed.'),
  per_key: rate(3_000, 'key').describe('Counted by key; each item of a JSON-RPC batch counts.'),
  max_body_bytes: count(1_024, 1_073_741_824).default(1_048_576).describe('Bytes of a request body, at most.'),
  batch_items: count(1, 1_000).default(50).describe('Items of a JSON-RPC batch, at most.'),
  batch_concurrency: count(1, 100).default(8).describe('Items of one batch that run side by side.'),
});

const access = z.strictObject({
  keys_file: path().default('keys.json').describe('Hashes of the API keys; relative to data_dir.'),
  bootstrap_key: z
    .string()
    .refine(isKey, 'a whole key as `keys generate` prints it')
    .optional()
    .describe('One key with admin scope that needs no keys file; made by `keys generate`.')
    .meta(secret),
  bootstrap_key_file: path()
    .optional()
    .describe('File that holds the bootstrap key, in place of `bootstrap_key`.')
    .meta({ example: '/run/secrets/gateway-key' }),
});

const inventory = z.strictObject({
  poll_interval: seconds(5, 3_600)
    .default(60)
    .describe('Seconds between two reads of properties that vSphere does not announce (usage, storage).'),
  resync_hours: z.number().min(0.1).max(720).default(24).describe('Hours between two full reads of the inventory.'),
});

const metrics = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether performance counters of VMs and hosts are read.'),
  interval: count(20, 3_600)
    .multipleOf(20)
    .default(20)
    .describe('Seconds between two reads; a multiple of 20, the interval of vSphere itself.'),
  retention: count(60, 86_400).default(3_600).describe('Seconds of samples kept in memory.'),
  max_query_metrics: count(1, 10_000)
    .nullable()
    .default(null)
    .describe('Counters in one query, at most; null for as many as vCenter allows.'),
  concurrency: count(1, 16).default(2).describe('Queries side by side, for each vCenter.'),
  public_endpoint: z.boolean().default(false).describe('Whether /metrics answers without a key.'),
});

const stream = z.strictObject({
  heartbeat: seconds(1, 300).default(15).describe('Seconds of silence after which a stream sends a ping.'),
  ring: count(16, 1_048_576).default(1_024).describe('Messages kept of each topic for clients that come back.'),
  max_subscribers: count(1, 100_000).default(5_000).describe('Open streams, at most.'),
  max_per_key: count(1, 100_000).default(200).describe('Open streams of one key, at most.'),
  stall_timeout: seconds(1, 3_600).default(30).describe('Seconds that a client may leave a full connection unread.'),
  max_age: seconds(60, 86_400).default(3_600).describe('Seconds after which a stream ends; clients reconnect.'),
});

const mcp = z.strictObject({
  allowed_hosts: z
    .array(z.string().min(1))
    .default([])
    .describe('Host names that MCP answers to, beside localhost and the address it listens on.')
    .meta({ example: ['gateway.example.com'] }),
  allowed_origins: z
    .array(z.string().min(1))
    .default([])
    .describe('Origins of web pages that may call MCP.')
    .meta({ example: ['https://agent.example.com'] }),
  session_idle: seconds(10, 86_400).default(1_800).describe('Seconds after which an unused MCP session ends.'),
  max_sessions_per_key: count(1, 10_000).default(20).describe('MCP sessions of one key, at most.'),
});

const reference = (what: string, example: string) =>
  z.string().min(1).max(1_024).nullable().default(null).describe(what).meta({ example });

const provisioning = z.strictObject({
  folder: reference('Folder that new VMs go into: id, inventory path or name.', '/DC0/vm/Gateway'),
  pool: reference('Resource pool that they run in, unless a request names a pool, cluster or host.', 'Resources'),
  datastore: reference('Datastore or datastore cluster that holds their files.', 'ssd-01'),
  network: reference('Network of a VM that is created without network adapters being named.', 'VM Network'),
  customization: reference('Customization specification of vCenter that clones get.', 'linux-dhcp'),
  custom_attributes: z
    .record(z.string().min(1).max(80), z.string().max(4_096))
    .nullable()
    .default(null)
    .describe('Custom attributes of new VMs, by name; those of a request come on top.')
    .meta({ example: { owner: 'platform' } }),
  name_pattern: z
    .string()
    .regex(/^[^#/\\%]*#{1,6}[^#/\\%]*$/, 'a name with one row of # for the number, such as vm-###')
    .max(80)
    .nullable()
    .default(null)
    .describe('Name of VMs for which a request gives none; # stands for the first free number: vm-### is vm-001.')
    .meta({ example: 'vm-###' }),
});

const audit = z.strictObject({
  file: path()
    .nullable()
    .default('audit.jsonl')
    .describe('One JSON line for the begin and the end of each write; relative to data_dir; null for none.'),
  reads: z.boolean().default(false).describe('Whether reads are recorded too.'),
});

const log = z.strictObject({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('The least severe level that is written.'),
  format: z
    .enum(['auto', 'json', 'pretty'])
    .default('auto')
    .describe('json lines, pretty for people, or auto: pretty in a terminal.'),
});

/** The whole configuration; relative paths are those of the directory that the file is in. */
export const configSchema = z.strictObject({
  listen: listen.prefault({}).describe('Where clients connect.'),
  data_dir: path().default('./data').describe('Directory of everything the gateway keeps; made when missing.'),
  vcenters: z
    .array(vcenter)
    .superRefine((targets, context) => {
      targets.forEach(({ name }, index) => {
        if (targets.findIndex((other) => other.name === name) < index) {
          context.addIssue({ code: 'custom', path: [index, 'name'], message: 'a name that no other vCenter has' });
        }
      });
    })
    .default([])
    .describe('The vCenters and ESXi hosts behind the gateway, at least one.'),
  access: access.prefault({}).describe('API keys.'),
  limits: limits.prefault({}).describe('How much a client may ask for.'),
  inventory: inventory.prefault({}).describe('How the copy of the inventory is kept fresh.'),
  metrics: metrics.prefault({}).describe('Performance counters.'),
  stream: stream.prefault({}).describe('Server-sent events.'),
  mcp: mcp.prefault({}).describe('The Model Context Protocol, at /mcp.'),
  provisioning: provisioning.prefault({}).describe('What new VMs get where a request does not say.'),
  audit: audit.prefault({}).describe('The record of writes.'),
  log: log.prefault({}).describe("The gateway's log."),
});

/** Everything set: defaults filled in, secrets read, paths absolute. */
export type Config = z.output<typeof configSchema>;

/** One vCenter or ESXi host, as its part of the file reads. */
export type VcenterConfig = Config['vcenters'][number];
