/** GET /metrics: the gateway's own metrics and vSphere's counters, in Prometheus' text format. */
import { pipeline, Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { constants, createGzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { CONTENT_TYPE } from '../src/observe/exposition.ts';
import { follow, type Observed, type StreamCounts } from '../src/observe/gauges.ts';
import type { GatewayRegistry } from '../src/observe/registry.ts';
import { vsphereGauges } from '../src/observe/vsphere.ts';

export interface MetricsRouteOptions {
  services: Omit<Observed, 'hub'>;
  registry: GatewayRegistry;
  hub: StreamCounts;
}

/** One scrape, piece by piece, with a turn of the event loop after each. */
async function* exposition({ services, registry }: MetricsRouteOptions): AsyncGenerator<string> {
  yield await registry.prom.metrics();
  for (const piece of vsphereGauges(services)) {
    yield piece;
    await turn();
  }
}

/** Prometheus takes gzip, and at ten thousand VMs a scrape is tens of megabytes. `q=0` is a refusal. */
function takesGzip(acceptEncoding: string | string[] | undefined): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0+)?\s*(?:,|$))/i.test(String(acceptEncoding ?? ''));
}

/** A scrape shows what the pollers have read; it never asks vCenter. The guard decides who may look. */
export async function metricsRoutes(app: FastifyInstance, options: MetricsRouteOptions): Promise<void> {
  follow(options.registry.prom, { ...options.services, hub: options.hub });
  app.get('/metrics', (request, reply) => {
    reply.header('content-type', CONTENT_TYPE).header('vary', 'accept-encoding');
    const plain = Readable.from(exposition(options), { objectMode: false });
    if (!takesGzip(request.headers['accept-encoding'])) return reply.send(plain);
    const packed = createGzip({ level: constants.Z_BEST_SPEED });
    // Either end takes the other with it; Fastify sees the error on the stream that it sends.
    pipeline(plain, packed, () => undefined);
    return reply.header('content-encoding', 'gzip').send(packed);
  });
}
