/** The simulated vCenter that tests talk to: started on free ports, ended with the test process. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { VcenterConfig } from '../../src/config/schema.ts';
import { findSimulator, type StartOptions, startSimulator } from '../../src/demo/simulator.ts';

/** What the lab counted since it was ready or since `resetStats`. A call counts when it arrives. */
export interface LabStats {
  calls: number;
  /** By SOAP method; other requests as `GET /path`. */
  method: Record<string, number>;
  bytes_in: number;
  bytes_out: number;
  cpu_seconds: number;
  sessions: number;
  /** Logins that were accepted. */
  logins: number;
  /** Logins that were refused. */
  bad_logins: number;
}

/** A rule by which a method fails; see lab/README.md. */
export interface LabFault {
  /** `PowerOnVM_Task`, `*`; with `task: true` the description id, `VirtualMachine.powerOn`. */
  method: string;
  /** Managed type of the object. */
  type?: string;
  moid?: string;
  /** Let the call pass and the task that it starts fail. */
  task?: boolean;
  /** vim25 type of the fault: `InvalidState`. */
  fault: string;
  fields?: Record<string, unknown>;
  message?: string;
  count?: number;
  skip?: number;
  probability?: number;
  /** Milliseconds before the answer. */
  delay?: number;
}

export interface LabSession {
  key: string;
  username: string;
  user_agent: string;
  address: string;
  login_at: string;
  last_active_at: string;
  calls: number;
}

/** A change behind the gateway's back; see lab/README.md. `vm` is a moref value, a name, or absent for any VM. */
export type LabChange =
  | { op: 'rename'; vm?: string; name: string }
  | { op: 'power'; vm?: string; state: 'poweredOn' | 'poweredOff' | 'suspended' }
  | { op: 'annotate'; vm?: string; text: string }
  | { op: 'create'; name?: string; count?: number }
  | { op: 'destroy'; vm?: string; count?: number }
  | { op: 'move'; vm?: string; folder: string }
  | { op: 'storm'; count: number };

export interface Lab {
  /** `https://127.0.0.1:PORT/sdk`. */
  url: string;
  username: string;
  password: string;
  /** PEM file to trust. */
  caFile: string;
  /** Its content. */
  ca: string;
  /** PEM file with certificate chain and private key, for a proxy that poses as the lab. */
  keyFile: string;
  /** SHA-256 of the server certificate, hexadecimal. */
  pin: string;
  vms: number;
  hosts: number;
  stats(): Promise<LabStats>;
  resetStats(): Promise<void>;
  /** Latency in milliseconds: of every call, of single methods, of tasks. */
  set(options: {
    delay?: number;
    method_delay?: Record<string, number>;
    task?: number;
    /** What one QueryPerf may ask for; -1 for any number. */
    max_query_metrics?: number;
  }): Promise<void>;
  /** Answers with the id of the rule. */
  fault(rule: LabFault): Promise<string>;
  clearFaults(): Promise<void>;
  sessions(): Promise<LabSession[]>;
  /** Ends sessions as an administrator would; answers with how many. */
  terminateSessions(filter?: { key?: string; user_agent?: string }): Promise<number>;
  /** Answers with the moref values of the objects that were changed. */
  change(spec: LabChange): Promise<string[]>;
  /** Ends the process as a power cut would: no logout, connections break. */
  down(): Promise<void>;
  /** Starts it again: the same address, certificate, credentials and object ids, as vCenter after a restart. */
  up(): Promise<void>;
  stop(): Promise<void>;
  /** The settings with which a gateway reaches this lab. */
  config(name?: string): VcenterConfig;
}

export interface LabOptions {
  vms?: number;
  hosts?: number;
  clusters?: number;
  datacenters?: number;
  esx?: boolean;
  port?: number;
  tls?: boolean;
  /** Further command-line arguments of the lab, such as `-still`. */
  args?: readonly string[];
}

const log = pino({ level: process.env['LAB_LOG'] ?? 'silent' });

/** Starts a lab: 20 VMs on one cluster of two hosts unless told otherwise. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const directory = await mkdtemp(join(tmpdir(), 'vsphere-lab-'));
  const start = (again: Partial<StartOptions> = {}) =>
    startSimulator({
      simulator,
      log,
      directory,
      listen: `127.0.0.1:${options.port ?? 0}`,
      vms: options.vms ?? 20,
      hosts: options.hosts ?? 2,
      clusters: options.clusters ?? 1,
      args: ['-standalone-host', '0', ...(options.args ?? [])],
      ...(options.datacenters !== undefined && { datacenters: options.datacenters }),
      ...(options.esx !== undefined && { esx: options.esx }),
      ...(options.tls !== undefined && { tls: options.tls }),
      ...again,
    });

  const simulator = await findSimulator({ log, download: false });
  if (simulator.kind !== 'lab') throw new Error('the tests need the simulator of lab/, so they need Go');
  let running = await start();
  const { url, username, password, caFile = '', keyFile = '', pin = '', vms = 0, hosts = 0 } = running;
  const ca = caFile === '' ? '' : await readFile(caFile, 'utf8');

  async function ask<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
    const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(`${running.control}${path}`, init);
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`lab ${path}: ${JSON.stringify(answer)}`);
    return answer as T; // the lab is ours and README.md fixes its answers
  }

  return {
    url,
    username,
    password,
    caFile,
    ca,
    keyFile,
    pin,
    vms,
    hosts,
    stats: () => ask<LabStats>('GET', '/stats'),
    resetStats: async () => void (await ask('POST', '/reset')),
    set: async (latency) => void (await ask('POST', '/set', latency)),
    fault: async (rule) => (await ask<{ id: string }>('POST', '/fault', rule)).id,
    clearFaults: async () => void (await ask('DELETE', '/faults')),
    sessions: () => ask<LabSession[]>('GET', '/sessions'),
    terminateSessions: async (filter = {}) =>
      (await ask<{ ended: number }>('POST', '/sessions/terminate', filter)).ended,
    change: async (spec) => (await ask<{ objects: string[] }>('POST', '/change', spec)).objects,
    down: () => running.kill(),
    up: async () => {
      const certificate = caFile === '' ? {} : { certificate: { certFile: keyFile, keyFile } };
      running = await start({ listen: new URL(url).host, username, password, ...certificate });
    },
    stop: async () => {
      await running.stop();
      await rm(directory, { recursive: true, force: true });
    },
    config: (name = 'lab') => ({
      name,
      url,
      username,
      password,
      ...(caFile === '' ? { insecure: true } : { ca_file: caFile, insecure: false }),
      pins: [],
      request_timeout: 30,
      connect_timeout: 10,
      max_connections: 6,
    }),
  };
}
