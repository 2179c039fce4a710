/** The whole gateway in front of a lab, listening on loopback: what most tests look at. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import type { Scope } from '../../src/access/caller.ts';
import { newKey } from '../../src/access/key-format.ts';
import { type App, buildApp } from '../../src/app.ts';
import { type Config, configSchema, type VcenterConfig } from '../../src/config/schema.ts';

export interface Gateway {
  app: App;
  url: string;
  /** Admin. */
  key: string;
  /** A request with the admin key, or with `key`; JSON in and out. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  get(path: string, options?: RequestOptions): Promise<Answer>;
  post(path: string, body: unknown, options?: RequestOptions): Promise<Answer>;
  rpc(method: string, params?: object, key?: string): Promise<Record<string, unknown>>;
  newKey(scopes: Scope[]): Promise<string>;
  close(): Promise<void>;
}

export interface RequestOptions {
  key?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of every shape, and fail where it is not as they think.
type Json = any;

export interface Answer {
  status: number;
  headers: Headers;
  body: Json;
}

interface GatewayOptions {
  vcenters: VcenterConfig[];
  /** Sections of the configuration. */
  config?: Record<string, unknown>;
  /** What a configuration file may not say, such as polling more often than vSphere has samples. */
  adjust?: (config: Config) => void;
  /** Wait until every inventory is loaded; default true. */
  ready?: boolean;
  /** For those who look at what is logged. */
  log?: Logger;
}

/** Polls a condition; fails after `ms`. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function startGateway({
  vcenters,
  config = {},
  adjust,
  ready = true,
  log = pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
}: GatewayOptions): Promise<Gateway> {
  const dataDir = await mkdtemp(join(tmpdir(), 'vsphere-gateway-test-'));
  const { key } = newKey();
  const unlimited = { requests: null };
  const settings = configSchema.parse({
    listen: { port: 0 },
    data_dir: dataDir,
    vcenters,
    access: { bootstrap_key: key },
    limits: { per_address: unlimited, per_key: unlimited },
    ...config,
  });
  adjust?.(settings);
  const app = await buildApp(settings, { log, checkOutput: true });
  const url = await app.start();
  const statuses = () => app.services.inventory.statuses();
  if (ready) await until('the inventory is loaded', () => statuses().every((status) => status.ready), 30_000);

  async function request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const used = options.key === undefined ? key : options.key;
    const answer = await fetch(url + path, {
      method,
      headers: {
        ...(used === null ? {} : { authorization: `Bearer ${used}` }),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined
        ? {}
        : { body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
    return { status: answer.status, headers: answer.headers, body: isJson && text !== '' ? JSON.parse(text) : text };
  }

  return {
    app,
    url,
    key,
    request,
    get: (path, options) => request('GET', path, options),
    post: (path, body, options) => request('POST', path, { ...options, body }),
    rpc: async (method, params = {}, as) => {
      const { body } = await request('POST', '/rpc', {
        body: { jsonrpc: '2.0', id: 1, method, params },
        ...(as === undefined ? {} : { key: as }),
      });
      return body;
    },
    newKey: async (scopes) => (await app.keys.create({ owner: scopes.join('-'), scopes, expires_at: null })).key,
    close: async () => {
      await app.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
