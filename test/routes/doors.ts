/** The RPC and MCP doors on a listening server, over a catalogue of a few operations that need no vSphere. */
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { z } from 'zod';
import { guard } from '../../routes/guard.ts';
import { mcpRoutes } from '../../routes/mcp.ts';
import { problems } from '../../routes/problems.ts';
import { rpcRoutes } from '../../routes/rpc.ts';
import { AuditLog } from '../../src/access/audit.ts';
import type { Caller, Scope } from '../../src/access/caller.ts';
import { buildCatalogue } from '../../src/catalogue.ts';
import { type Config, configSchema } from '../../src/config/schema.ts';
import type { Services } from '../../src/context.ts';
import { GatewayError } from '../../src/errors.ts';
import { createInvoke } from '../../src/invoke.ts';
import type { Polled, VmRecord } from '../../src/live/model.ts';
import type { Task } from '../../src/live/tasks/task.ts';
import { operation } from '../../src/operation.ts';
import { TaskShape } from '../../src/operations/shapes.ts';

const text = z.string().describe('Text');
const thing = z.strictObject({ id: text, name: text, state: text, tags: z.array(text).describe('Tags') });

const common = { toolset: 'thing', availability: 'any', examples: [] } as const;

function taskOf(origin: Task['origin'], changes: Partial<Task>): Task {
  return {
    id: 'lab:task-1',
    vcenter: 'lab',
    moref: 'task-1',
    name: 'Thing.turn',
    description: 'Turn a thing',
    state: 'running',
    progress: null,
    cancelable: true,
    target: 'lab:thing-1',
    target_name: 'one',
    result: null,
    error: null,
    user: null,
    queued_at: '2026-01-01T00:00:00Z',
    started_at: null,
    completed_at: null,
    origin,
    ...changes,
  };
}

/** Tells its listeners of changes of tasks; nothing more of `Tasks` is asked for here. */
export class TaskNews {
  readonly listeners = new Set<(task: Task) => void>();

  onChange(listener: (task: Task) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(task: Task): void {
    for (const listener of this.listeners) listener(task);
  }
}

/** What the operations have seen. */
export interface Seen {
  requestIds: string[];
  ran: string[];
  /** Signals of `thing.wait`, in the order of its calls. */
  waiting: AbortSignal[];
  /** Calls of `thing.slow` at this moment, and the most there ever were. */
  running: number;
  most: number;
}

function operationsOf(seen: Seen, news: TaskNews) {
  return [
    operation({
      ...common,
      name: 'thing.list',
      summary: 'List things',
      description: 'Lists things.',
      http: 'GET /v1/things',
      scope: 'read',
      danger: 'safe',
      input: z.strictObject({
        limit: z.number().int().min(1).max(10_000).default(2).describe('Rows'),
        length: z.number().int().default(1).describe('Characters of a name'),
      }),
      output: z.strictObject({ items: z.array(thing).describe('Things'), total: z.number().describe('All') }),
    }).run(({ limit, length }, { requestId }) => {
      seen.requestIds.push(requestId);
      const items = Array.from({ length: limit }, (_, at) =>
        Object.freeze({ id: `lab:thing-${at}`, name: 'x'.repeat(length), state: 'on', tags: ['a', 'b'] }),
      );
      return { items, total: limit };
    }),
    operation({
      ...common,
      name: 'thing.get',
      summary: 'Show a thing',
      description: 'Shows a thing.',
      http: 'GET /v1/things/{name}',
      scope: 'read',
      danger: 'safe',
      input: z.strictObject({ name: z.string().describe('Its name') }),
      output: thing,
    }).run(({ name }) => {
      seen.ran.push(`get ${name}`);
      if (name === 'broken') throw new Error('secret: the stack and the SOAP text');
      if (name !== 'one') {
        const candidates = [{ id: 'lab:thing-1', name: 'one' }];
        throw new GatewayError('not_found', `No thing is called '${name}'.`, { candidates });
      }
      return { id: 'lab:thing-1', name, state: 'on', tags: [] };
    }),
    operation({
      ...common,
      name: 'thing.turn',
      summary: 'Turn a thing',
      description: 'Turns a thing.',
      http: 'POST /v1/things/{name}/turn',
      scope: 'operate',
      danger: 'disruptive',
      input: z.strictObject({
        name: z.string().describe('Its name'),
        wait: z.number().default(0).describe('Seconds'),
      }),
      output: TaskShape,
    })
      .plan(({ name }) => ({
        targets: [{ id: 'lab:thing-1', name }],
        calls: [{ method: 'Turn_Task', object: 'lab:thing-1', arguments: {} }],
        impact: `'${name}' turns.`,
        step: name,
      }))
      .run(async (_plan, { wait }, { requestId, caller, operation: name }) => {
        seen.ran.push('turn');
        const origin = { operation: name, key_id: caller.key_id, request_id: requestId };
        if (wait > 0) {
          news.tell(taskOf({ ...origin, request_id: 'another request' }, { progress: 98 }));
          news.tell(taskOf({ ...origin, key_id: 'another key' }, { progress: 99 }));
          for (const progress of [null, 40, 40, 20, 80]) {
            news.tell(taskOf(origin, { progress }));
            await new Promise((resolve) => setImmediate(resolve));
          }
        }
        return taskOf(origin, wait > 0 ? { state: 'success', progress: 100 } : {});
      }),
    operation({
      ...common,
      name: 'thing.wait',
      summary: 'Wait for a thing',
      description: 'Waits until the caller leaves.',
      http: 'GET /v1/things/wait',
      scope: 'read',
      danger: 'safe',
      input: z.strictObject({}),
      output: z.strictObject({}),
    }).run(async (_input, { signal }) => {
      seen.waiting.push(signal);
      await new Promise((resolve) => {
        if (signal.aborted) resolve(undefined);
        else signal.addEventListener('abort', resolve, { once: true });
      });
      return {};
    }),
    operation({
      ...common,
      name: 'thing.slow',
      summary: 'Be slow',
      description: 'Takes a few turns of the event loop.',
      http: 'GET /v1/things/slow',
      scope: 'read',
      danger: 'safe',
      input: z.strictObject({}),
      output: z.strictObject({}),
    }).run(async () => {
      seen.most = Math.max(seen.most, ++seen.running);
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      seen.running--;
      return {};
    }),
  ];
}

const VM_ID = 'lab:vm 6/1';

/** One VM with a moref that has to be percent-encoded, and its numbers. */
function facts(): Pick<Services, 'targets' | 'version' | 'startedAt'> & { inventory: object; metrics: object } {
  const vm: Pick<VmRecord, 'id' | 'vcenter' | 'name' | 'power_state'> = {
    id: VM_ID,
    vcenter: 'lab',
    name: 'web-01',
    power_state: 'on',
  };
  const polled: Pick<Polled, 'sampled_at' | 'quick_stats'> = { sampled_at: '2026-01-01T00:01:00Z', quick_stats: null };
  return {
    inventory: {
      get: (kind: string, id: string) => (kind === 'vm' && id === VM_ID ? vm : undefined),
      polled: () => polled,
      status: () => ({ stale: false }),
    },
    metrics: {
      last: () => ({ at: '2026-01-01T00:00:40Z', values: { 'cpu.usage.average': 1234 } }),
      counters: () => [
        { name: 'cpu.usage.average', label: 'Usage', unit: 'percent' },
        { name: 'mem.usage.average', label: 'Usage', unit: 'percent' },
      ],
    },
    targets: new Map(),
    version: '0.0.0-test',
    startedAt: new Date(),
  };
}

const CALLERS = new Map<string, Caller>(
  (['read', 'operate', 'none'] as const).map((name) => {
    const scopes = new Set<Scope>(name === 'none' ? [] : [name]);
    return [name, { key_id: name, owner: 'tests', scopes }];
  }),
);

export interface Doors {
  app: FastifyInstance;
  /** Without a path. */
  url: string;
  news: TaskNews;
  seen: Seen;
  log: string[];
}

export interface DoorSettings {
  mcp?: Partial<Config['mcp']>;
  limits?: Partial<Config['limits']>;
}

/** Keys are the names of the scopes that they have: `read`, `operate`; `none` has none. */
export async function openDoors(settings: DoorSettings = {}): Promise<Doors> {
  const { mcp, limits } = configSchema.parse({ limits: settings.limits });
  const log: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => log.push(line) });
  const news = new TaskNews();
  const seen: Seen = { requestIds: [], ran: [], waiting: [], running: 0, most: 0 };
  // The doors and these operations use only what is here.
  const services = { ...facts(), tasks: news } as unknown as Services;
  const catalogue = buildCatalogue(operationsOf(seen, news));
  const audit = new AuditLog({ file: null, log: logger });
  const invoke = createInvoke({ services, audit, observe: () => {}, checkOutput: true });
  const app = Fastify({ loggerInstance: logger, forceCloseConnections: true }) as unknown as FastifyInstance;
  const otherMethods = problems(app);
  await app.register(guard, { keys: { verify: (key) => CALLERS.get(key) ?? null }, limits, log: logger });
  await app.register(rpcRoutes, { catalogue, invoke, limits });
  await app.register(mcpRoutes, {
    catalogue,
    invoke,
    services,
    settings: { ...mcp, ...settings.mcp },
    listenHost: '127.0.0.1',
    maxBodyBytes: limits.max_body_bytes,
    version: services.version,
    log: logger,
  });
  await app.register(otherMethods);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { app, url: `http://127.0.0.1:${port}`, news, seen, log };
}
