/** `demo`: a vSphere simulator and a gateway in front of it, with a generated configuration and key. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { newKey } from '../access/key-format.ts';
import { type App, buildApp } from '../app.ts';
import { type Config, configSchema, type VcenterConfig } from '../config/schema.ts';
import { createLog } from '../log.ts';
import { banner } from './banner.ts';
import { findSimulator, type RunningSimulator, startSimulator } from './simulator.ts';

const USAGE = `npm run demo -- [options]

  --port N        port of the gateway (8080)
  --lab-port N    port of the simulator (8989)
  --vms N         virtual machines (50)
  --hosts N       hosts in each cluster (4)
  --clusters N    clusters (1)
  --key-file PATH write the generated key there, too (mode 0600)
  --no-tls-lab    simulator and gateway speak plain HTTP with each other
`;

const HOST = '127.0.0.1';

class UsageError extends Error {}

interface DemoOptions {
  port: { wanted: number; chosen: boolean };
  labPort: { wanted: number; chosen: boolean };
  vms: number;
  hosts: number;
  clusters: number;
  keyFile: string | undefined;
  tls: boolean;
}

function numberOf(name: string, text: string | undefined, fallback: number, least: number, most: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`--${name} takes a whole number from ${least} to ${most}, not '${text}'.`);
}

function parse(argv: string[]): DemoOptions | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: argv,
    options: {
      port: text,
      'lab-port': text,
      vms: text,
      hosts: text,
      clusters: text,
      'key-file': text,
      'no-tls-lab': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    port: { wanted: numberOf('port', values.port, 8080, 0, 65_535), chosen: values.port !== undefined },
    labPort: {
      wanted: numberOf('lab-port', values['lab-port'], 8989, 0, 65_535),
      chosen: values['lab-port'] !== undefined,
    },
    vms: numberOf('vms', values.vms, 50, 0, 50_000),
    hosts: numberOf('hosts', values.hosts, 4, 1, 1_000),
    clusters: numberOf('clusters', values.clusters, 1, 1, 100),
    keyFile: values['key-file'],
    tls: !values['no-tls-lab'],
  };
}

/** Whether the port can be listened on; 0 always can. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}

/** The wanted port, or any when a default is taken. A port that was asked for is not quietly replaced. */
async function portFor(flag: string, what: string, { wanted, chosen }: DemoOptions['port']): Promise<number> {
  if (await isFree(wanted)) return wanted;
  if (chosen) throw new UsageError(`Port ${wanted} is taken; choose another for the ${what} with --${flag}.`);
  process.stdout.write(`Port ${wanted} is taken, so the ${what} uses another; --${flag} chooses one.\n`);
  return 0;
}

/** The lab has a CA to verify by; vcsim's own certificate is pinned. */
function trustOf({ caFile, pin }: RunningSimulator): Partial<VcenterConfig> {
  if (caFile !== undefined) return { ca_file: caFile };
  return pin === undefined ? { insecure: true } : { pins: [pin] };
}

/** What a user would write by hand, except that a demo on loopback needs no limits against guessing. */
function configFor(simulator: RunningSimulator, port: number, key: string, dataDir: string): Config {
  const unlimited = { requests: null };
  return configSchema.parse({
    listen: { host: HOST, port },
    data_dir: dataDir,
    vcenters: [
      {
        name: 'lab',
        url: simulator.url,
        username: simulator.username,
        password: simulator.password,
        ...trustOf(simulator),
      },
    ],
    access: { bootstrap_key: key },
    limits: { per_address: unlimited, per_key: unlimited },
    log: { level: 'warn' },
  });
}

/** Resolves when the first load of the inventory is complete. */
function untilReady({ services: { inventory } }: App): Promise<void> {
  const isReady = () => inventory.statuses().every((status) => status.ready);
  if (isReady()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = inventory.onStatus(() => {
      if (!isReady()) return;
      stop();
      resolve();
    });
  });
}

/** Resolves on Ctrl-C, SIGTERM, or when the npm that started us is gone: some shells pass no signal on. */
function untilStopped(): Promise<void> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    const timer = setInterval(() => process.ppid !== parent && stop(), 500);
    timer.unref();
    const stop = () => {
      clearInterval(timer);
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    process.once('SIGHUP', stop);
  });
}

async function run(options: DemoOptions): Promise<number> {
  const port = await portFor('port', 'gateway', options.port);
  const labPort = await portFor('lab-port', 'simulator', options.labPort);
  const stopped = untilStopped();
  const directory = await mkdtemp(join(tmpdir(), 'vsphere-gateway-demo-'));
  const { key } = newKey();
  let simulator: RunningSimulator | undefined;
  let app: App | undefined;
  try {
    const { vms, hosts, clusters, tls } = options;
    const log = createLog({ level: 'info', format: 'pretty' });
    const found = await findSimulator({ log });
    simulator = await startSimulator({
      simulator: found,
      log,
      listen: `${HOST}:${labPort}`,
      vms,
      hosts,
      clusters,
      tls,
      ...(found.kind === 'lab' ? { args: ['-standalone-host', '0'] } : {}),
    });
    const config = configFor(simulator, port, key, directory);
    app = await buildApp(config, { log: createLog(config.log) });
    const url = await app.start();
    if (options.keyFile !== undefined) await writeFile(options.keyFile, `${key}\n`, { mode: 0o600 });
    await Promise.race([untilReady(app), stopped]);
    process.stdout.write(banner({ url, key, simulator, inventory: app.services.inventory }));
    await stopped;
    process.stdout.write('\nStopping: logging out of vCenter, ending the simulator.\n');
    return 0;
  } finally {
    await app?.close();
    await simulator?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** @returns the exit code. */
export async function runDemo(argv: string[]): Promise<number> {
  try {
    const options = parse(argv);
    if (options !== undefined) return await run(options);
    process.stdout.write(USAGE);
    return 0;
  } catch (error) {
    const known = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
    process.stderr.write(
      known ? `${error.message}\n\n${USAGE}` : `${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 1;
  }
}
