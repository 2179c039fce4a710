/** The simulated vCenter behind the demo and the tests: finding one, starting it, ending it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from 'node:tls';
import type { Logger } from 'pino';
import { packageRoot } from '../version.ts';
import { buildLab, cachedLab, defaultCacheDir, isExecutable } from './lab-binary.ts';
import { releasedVcsim } from './release.ts';

/** A program that simulates vSphere: the project's own lab, or govmomi's vcsim, which can less. */
export interface Simulator {
  kind: 'lab' | 'vcsim';
  path: string;
}

export interface FindOptions {
  log: Logger;
  /** Default: `$XDG_CACHE_HOME/vsphere-gateway`. */
  cacheDir?: string;
  /** Default: `lab/` of this package. */
  labDir?: string;
  /** Whether vcsim may be downloaded; default true. */
  download?: boolean;
}

const HOW_TO_GET_ONE = `No vSphere simulator was found. Any one of these is enough:
  1. install Go 1.25 or newer (https://go.dev/dl); the simulator in lab/ is then built by itself
  2. put govmomi's vcsim on the PATH (https://github.com/vmware/govmomi/tree/main/vcsim)
  3. allow HTTPS to github.com, from where the vcsim release for this platform is then fetched and verified`;

/** The lab from the cache, else built by Go, else `vcsim` on the PATH, else its release. Throws with the ways to get one. */
export async function findSimulator(options: FindOptions): Promise<Simulator> {
  const { log, cacheDir = defaultCacheDir(), labDir = join(packageRoot(), 'lab'), download = true } = options;
  let reason = '';
  try {
    const path = (await cachedLab(labDir, cacheDir)) ?? (await buildLab(labDir, cacheDir, log));
    if (path !== undefined) return { kind: 'lab', path };
  } catch (error) {
    reason = message(error);
    log.warn({ reason }, 'the lab could not be built');
  }
  const installed = await onPath('vcsim');
  if (installed !== undefined) return { kind: 'vcsim', path: installed };
  try {
    const path = download ? await releasedVcsim(cacheDir, log) : undefined;
    if (path !== undefined) return { kind: 'vcsim', path };
  } catch (error) {
    reason = `${reason}\n${message(error)}`.trim();
  }
  throw new Error(reason === '' ? HOW_TO_GET_ONE : `${HOW_TO_GET_ONE}\nWhat was tried: ${reason}`);
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function onPath(name: string): Promise<string | undefined> {
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    if (directory !== '' && (await isExecutable(join(directory, file)))) return join(directory, file);
  }
  return undefined;
}

/** What to simulate. What is left out is the simulator's own default. */
export interface StartOptions {
  simulator: Simulator;
  log: Logger;
  /** Address of the SOAP endpoint; default `127.0.0.1:0`, a free port. */
  listen?: string;
  /** Virtual machines in all (lab); per resource pool for vcsim. */
  vms?: number;
  /** Hosts per cluster. */
  hosts?: number;
  clusters?: number;
  datacenters?: number;
  /** One ESXi host in place of a vCenter. */
  esx?: boolean;
  /** Default true. */
  tls?: boolean;
  /** Where the simulator's PEM files go; default a temporary directory that is gone after `stop`. */
  directory?: string;
  /** PEM files to serve, in place of a fresh CA and certificate (lab only). */
  certificate?: { certFile: string; keyFile: string };
  username?: string;
  /** Default: a random one (lab), `pass` (vcsim). */
  password?: string;
  /** Further command-line arguments. */
  args?: readonly string[];
}

/** A simulator that answers. */
export interface RunningSimulator {
  /** `https://127.0.0.1:PORT/sdk`. */
  url: string;
  /** `http://127.0.0.1:PORT`, JSON (lab/README.md); the lab only. */
  control?: string;
  /** PEM file with the CA to trust; the lab only. */
  caFile?: string;
  /** PEM file with chain and private key, for a proxy that poses as the simulator; the lab only. */
  keyFile?: string;
  /** SHA-256 of the certificate, 64 hexadecimal digits; absent without TLS. */
  pin?: string;
  username: string;
  password: string;
  pid: number;
  vms?: number;
  hosts?: number;
  /** Settles when the process is gone, by itself or by `stop`. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stop(): Promise<void>;
  /** Ends it without a chance to tidy up. */
  kill(): Promise<void>;
}

/** Starts a simulator and waits until it answers. Throws with its last words if it ends before. */
export async function startSimulator(options: StartOptions): Promise<RunningSimulator> {
  const files = options.directory ?? (await mkdtemp(join(tmpdir(), 'vsphere-simulator-')));
  const { simulator, password } = options;
  const args = simulator.kind === 'lab' ? labArguments(options, files) : vcsimArguments(options);
  const child = spawn(simulator.path, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TMPDIR: files, // its datastores go with them, however it ends
      // Not on the command line, where every user of the machine could read it.
      ...(password !== undefined && { VSPHERE_LAB_PASSWORD: password }),
    },
  });
  // The lab ends by itself when its standard input does.
  const onParentExit = (): void => void (simulator.kind === 'vcsim' && child.kill('SIGKILL'));
  process.once('exit', onParentExit);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
    // A process that it has left behind may hold its output open; its last words have arrived by then.
    child.once('exit', (code, signal) => setTimeout(() => resolve({ code, signal }), 200));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  const exited = ended.then(async (how) => {
    process.off('exit', onParentExit);
    if (options.directory === undefined) await rm(files, { recursive: true, force: true }).catch(() => undefined);
    return how;
  });
  child.stdin.on('error', () => undefined); // the simulator may be gone before its standard input is closed

  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const stop = async (): Promise<void> => {
    child.stdin.end();
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await exited;
    clearTimeout(killer);
  };
  try {
    const ready = await readyLine(child, exited, options);
    return { ...ready, ...(simulator.kind === 'vcsim' && (await vcsimPin(ready.url))), exited, stop, kill };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Ready = Omit<RunningSimulator, 'exited' | 'stop' | 'kill'>;

function labArguments(options: StartOptions, files: string): string[] {
  const { certificate } = options;
  const args = ['-exit-on-eof', '-ctl', '127.0.0.1:0', '-l', options.listen ?? '127.0.0.1:0'];
  args.push('-cert-out', join(files, 'ca.pem'), '-key-out', join(files, 'key.pem'));
  if (options.tls === false) args.push('-tls=false');
  if (certificate !== undefined) args.push('-tlscert', certificate.certFile, '-tlskey', certificate.keyFile);
  if (options.username !== undefined) args.push('-username', options.username);
  return [...args, ...inventoryArguments(options)];
}

function vcsimArguments(options: StartOptions): string[] {
  const { username = 'user', password = 'pass' } = options;
  const args = ['-l', options.listen ?? '127.0.0.1:0', '-username', username, '-password', password];
  if (options.tls === false) args.push('-tls=false');
  return [...args, ...inventoryArguments(options)];
}

function inventoryArguments(options: StartOptions): string[] {
  const numbers = { vm: options.vms, host: options.hosts, cluster: options.clusters, dc: options.datacenters };
  const args = options.esx === true ? ['-esx'] : [];
  for (const [name, value] of Object.entries(numbers)) if (value !== undefined) args.push(`-${name}`, String(value));
  return [...args, ...(options.args ?? [])];
}

/** Reads standard output up to the line that says where the simulator listens; keeps reading, so that it never blocks. */
async function readyLine(child: ChildProcess, exited: Promise<unknown>, options: StartOptions): Promise<Ready> {
  const { log, simulator } = options;
  const lastWords: string[] = [];
  const lines = child.stderr === null ? undefined : createInterface({ input: child.stderr });
  lines?.on('line', (line) => {
    lastWords.push(line);
    if (lastWords.length > 20) lastWords.shift();
    log.debug({ line }, 'simulator');
  });
  const ready = new Promise<Ready>((resolve) => {
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = simulator.kind === 'lab' ? parseLabLine(line) : parseVcsimLine(line, child.pid ?? 0, options);
      if (found !== undefined) resolve(found);
    });
  });
  const failed = exited.then(() => {
    throw new Error(
      `${simulator.path} ended before it was ready: ${lastWords.join('\n') || 'it could not be started'}`,
    );
  });
  return Promise.race([ready, failed]);
}

/** The shape of the lab's ready line (lab/README.md). */
interface LabLine {
  url: string;
  control: string;
  vms: number;
  hosts: number;
  pid: number;
  ca_file?: string;
  sha256?: string;
  username: string;
  password: string;
}

function parseLabLine(line: string): Ready | undefined {
  if (!line.startsWith('{')) return undefined;
  const { ca_file, sha256, ...rest }: LabLine = JSON.parse(line);
  const files = ca_file === undefined ? {} : { caFile: ca_file, keyFile: ca_file.replace(/ca\.pem$/, 'key.pem') };
  return { ...rest, ...files, ...(sha256 !== undefined && { pin: sha256 }) };
}

function parseVcsimLine(line: string, pid: number, options: StartOptions): Ready | undefined {
  const [, address] = /GOVC_URL=(\S+)/.exec(line) ?? [];
  if (address === undefined || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  const { username = 'user', password = 'pass' } = options;
  return { url: `${url.protocol}//${url.host}${url.pathname}`, username, password, pid };
}

/** vcsim serves a certificate of its own and writes it nowhere, so its fingerprint is taken from a connection to it. */
async function vcsimPin(address: string): Promise<{ pin?: string }> {
  const { protocol, hostname, port } = new URL(address);
  if (protocol !== 'https:') return {};
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve({ pin: socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase() });
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
