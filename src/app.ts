/** The composition root: makes every part, hands each what it needs, starts them in order and closes them in reverse. */
import { resolve } from 'node:path';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import { docsRoutes } from '../routes/docs.ts';
import { guard, PUBLIC_PATHS } from '../routes/guard.ts';
import { healthRoutes } from '../routes/health.ts';
import { mcpRoutes } from '../routes/mcp.ts';
import { metricsRoutes } from '../routes/metrics.ts';
import { onClientError, problems, sendProblem } from '../routes/problems.ts';
import { restRoutes } from '../routes/rest.ts';
import { rpcRoutes } from '../routes/rpc.ts';
import { streamRoutes } from '../routes/stream.ts';
import { AuditLog } from './access/audit.ts';
import { FileKeyStore, type KeyStore } from './access/keys.ts';
import { buildCatalogue, type Catalogue } from './catalogue.ts';
import type { Config } from './config/schema.ts';
import type { Services } from './context.ts';
import { createInvoke } from './invoke.ts';
import { feed, snapshotOf } from './live/feed.ts';
import { Hub } from './live/hub/hub.ts';
import { Inventory } from './live/inventory/inventory.ts';
import { Metrics } from './live/metrics/metrics.ts';
import { Tasks } from './live/tasks/tasks.ts';
import { createRegistry } from './observe/registry.ts';
import { openapi } from './openapi.ts';
import { operations } from './operations/index.ts';
import { rowOf } from './operations/rows.ts';
import { VERSION } from './version.ts';
import { Target } from './vsphere/target.ts';
import { settled } from './vsphere/waiting.ts';
import { vimWsdl } from './vsphere/wsdl.ts';

export interface App {
  readonly fastify: FastifyInstance;
  readonly services: Services;
  readonly catalogue: Catalogue;
  readonly keys: KeyStore;
  readonly hub: Hub;
  /** Starts every part and listens. @returns the address, e.g. `http://127.0.0.1:8080`. */
  start(): Promise<string>;
  /** Ends streams, finishes requests, logs every vCenter session out. Safe to call twice. */
  close(): Promise<void>;
}

export interface AppOptions {
  log: Logger;
  /** Parse what operations answer, too; the tests do. */
  checkOutput?: boolean;
}

/** How long requests under way may take to end once the gateway closes. */
const DRAIN_MS = 15_000;

function createFastify(config: Config, log: Logger): FastifyInstance {
  return Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    trustProxy: config.listen.trust_proxy,
    bodyLimit: config.limits.max_body_bytes,
    requestTimeout: 60_000,
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: 16_384 },
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : crypto.randomUUID();
    },
    // A child logger costs more than the rest of a read; the few lines that are written name their request themselves.
    childLoggerFactory: (logger) => logger,
    frameworkErrors: sendProblem,
    clientErrorHandler: onClientError,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  }) as unknown as FastifyInstance;
}

/** One line for each request: writes and failures at `info`, everything else, and what load balancers ask, at `debug`. */
function logRequests(app: FastifyInstance, log: Logger): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { url } = request.routeOptions;
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const quiet = (isRead && reply.statusCode < 400) || url === '/readyz' || url === '/healthz';
    if (quiet && !log.isLevelEnabled('debug')) return;
    const line = {
      request_id: request.id,
      method: request.method,
      path: request.url.split('?', 1)[0],
      status: reply.statusCode,
      key_id: request.caller?.key_id,
      ms: Math.round(reply.elapsedTime * 10) / 10,
    };
    request.log[quiet ? 'debug' : 'info'](line, 'request');
  });
}

/** Makes the whole gateway from its configuration. Nothing is contacted before `start`. */
export async function buildApp(config: Config, { log, checkOutput = false }: AppOptions): Promise<App> {
  const startedAt = new Date();
  const userAgent = `vsphere-gateway/${VERSION}`;
  const registry = createRegistry();
  const targets = config.vcenters.map(
    (vcenter) => new Target(vcenter, { log, userAgent, onCall: (name, call) => registry.observeSoap(name, call) }),
  );
  const inventory = new Inventory({ targets, settings: config.inventory, log });
  const metrics = new Metrics({ targets, inventory, settings: config.metrics, log });
  const tasks = new Tasks({ targets, log });
  const services: Services = {
    inventory,
    metrics,
    tasks,
    targets: new Map(targets.map((target) => [target.name, target])),
    provisioning: config.provisioning,
    version: VERSION,
    startedAt,
  };
  const row = (record: Parameters<typeof rowOf>[0]) => rowOf(record, services);
  const hub = new Hub(config.stream, snapshotOf({ inventory, metrics, rowOf: row }), log);
  const dataDir = resolve(config.data_dir);
  const keys = new FileKeyStore({
    file: resolve(dataDir, config.access.keys_file),
    bootstrapKey: config.access.bootstrap_key,
    log,
  });
  const audit = new AuditLog({ file: config.audit.file === null ? null : resolve(dataDir, config.audit.file), log });
  const catalogue = buildCatalogue(operations);
  const invoke = createInvoke({ services, audit, checkOutput, observe: (...call) => registry.observeCall(...call) });
  const fastify = createFastify(config, log);
  let closing: Promise<void> | undefined;

  logRequests(fastify, log);
  const otherMethods = problems(fastify);
  fastify.register(guard, {
    keys,
    limits: config.limits,
    log,
    publicPaths: config.metrics.public_endpoint ? [...PUBLIC_PATHS, '/metrics'] : PUBLIC_PATHS,
  });
  fastify.register(restRoutes, { catalogue, invoke, services });
  fastify.register(rpcRoutes, { catalogue, invoke, limits: config.limits });
  fastify.register(mcpRoutes, {
    catalogue,
    invoke,
    services,
    version: VERSION,
    settings: config.mcp,
    listenHost: config.listen.host,
    maxBodyBytes: config.limits.max_body_bytes,
    log,
  });
  fastify.register(streamRoutes, { hub });
  fastify.register(metricsRoutes, { services, registry, hub });
  fastify.register(healthRoutes, { services, isClosing: () => closing !== undefined });
  fastify.register(docsRoutes, { document: openapi(catalogue, VERSION) });
  fastify.register(otherMethods);

  const stops: (() => void)[] = [];
  // Streams never end by themselves; without this, closing would wait for their clients.
  fastify.addHook('preClose', async () => hub.close());

  async function shutDown(): Promise<void> {
    for (const stop of stops) stop();
    // Whoever still waits by then is cut off, so that there is time left to log out of vCenter.
    await settled(fastify.close(), DRAIN_MS);
    await Promise.all([metrics.close(), tasks.close(), inventory.close()]);
    await Promise.all(targets.map((target) => target.close()));
    await keys.close();
    await audit.close();
  }

  return {
    fastify,
    services,
    catalogue,
    keys,
    hub,
    start: async () => {
      // Reading the description of vSphere's methods holds the event loop for 0.2 s: better now than under somebody's request.
      await vimWsdl();
      await audit.start();
      await keys.start();
      stops.push(keys.onRevoked((keyId) => hub.endKey(keyId)));
      stops.push(feed(hub, { inventory, tasks, metrics, rowOf: row }, log));
      hub.start();
      inventory.start();
      metrics.start();
      tasks.start();
      return fastify.listen({ host: config.listen.host, port: config.listen.port });
    },
    close: () => {
      closing ??= shutDown();
      return closing;
    },
  };
}
