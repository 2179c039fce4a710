/** The three doors as one function each: an operation and its input in, the result or the error out. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { toolName } from '../../src/catalogue.ts';
import type { Operation } from '../../src/operation.ts';
import type { Gateway } from './gateway.ts';

// biome-ignore lint/suspicious/noExplicitAny: results of all operations, compared as JSON.
type Json = any;

export interface Result {
  ok: boolean;
  /** The result, or the problem. */
  value: Json;
}

export interface DoorClient {
  call(operation: Operation, input: Record<string, unknown>): Promise<Result>;
  close(): Promise<void>;
}

/** REST as a client would build it from the OpenAPI document: path, then query or body. */
function rest(gateway: Gateway, key: string): DoorClient {
  return {
    call: async (operation, input) => {
      const [method = '', template = ''] = operation.http.split(' ');
      const rest = { ...input };
      const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
        const value = String(rest[name]);
        delete rest[name];
        return encodeURIComponent(value);
      });
      const byQuery = method === 'GET' || method === 'DELETE';
      const query = byQuery
        ? `?${new URLSearchParams(Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)])))}`
        : '';
      const answer = await gateway.request(method, path + query, { key, ...(byQuery ? {} : { body: rest }) });
      return { ok: answer.status < 300, value: answer.body };
    },
    close: async () => {},
  };
}

function rpc(gateway: Gateway, key: string): DoorClient {
  return {
    call: async (operation, input) => {
      const answer: Json = await gateway.rpc(operation.name, input, key);
      return answer.error === undefined ? { ok: true, value: answer.result } : { ok: false, value: answer.error.data };
    },
    close: async () => {},
  };
}

async function mcp(gateway: Gateway, key: string): Promise<DoorClient> {
  const client = new Client({ name: 'parity', version: '1' });
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', gateway.url), { requestInit }));
  return {
    call: async (operation, input) => {
      const answer: Json = await client.callTool({ name: toolName(operation.name), arguments: input });
      if (answer.isError !== true) return { ok: true, value: answer.structuredContent };
      return { ok: false, value: answer._meta['vsphere-gateway/problem'] };
    },
    close: () => client.close(),
  };
}

export const DOORS = ['rest', 'rpc', 'mcp'] as const;
export type DoorName = (typeof DOORS)[number];

/** A client of one door, with the admin key unless another is given. */
export async function openDoor(door: DoorName, gateway: Gateway, key = gateway.key): Promise<DoorClient> {
  if (door === 'rest') return rest(gateway, key);
  return door === 'rpc' ? rpc(gateway, key) : mcp(gateway, key);
}
