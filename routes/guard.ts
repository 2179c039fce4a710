/** What every request passes before its route: the limit of its address, its key, the limit of its key. */

import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Caller } from '../src/access/caller.ts';
import type { KeyStore } from '../src/access/keys.ts';
import type { Config } from '../src/config/schema.ts';
import { GatewayError } from '../src/errors.ts';

const REPLY = Symbol('reply of a request that counts');

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; null only on public paths. */
    caller: Caller | null;
    /** Counts one request more against the key, for each further item of a batch. Throws `rate_limited`. */
    countAgainstKey(): Promise<void>;
    [REPLY]: FastifyReply | null;
  }
}

export interface GuardOptions {
  keys: Pick<KeyStore, 'verify'>;
  limits: Pick<Config['limits'], 'per_address' | 'per_key'>;
  log: Logger;
  /** Paths that need no key, as their routes are written; `/docs/*` stands for `/docs` and all below it. */
  publicPaths?: readonly string[];
}

/** What anybody may read; `/metrics` joins them when it is configured so. */
export const PUBLIC_PATHS: readonly string[] = ['/healthz', '/readyz', '/openapi.yaml', '/openapi.json', '/docs/*'];

/** A load balancer's probes come from the same address as its clients' requests: a flood must not look like an outage. */
const UNCOUNTED = new Set<string | undefined>(['/healthz', '/readyz']);

type Rate = Config['limits']['per_key'];
type Count = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

async function register(app: FastifyInstance, options: GuardOptions): Promise<void> {
  const { keys, limits, log, publicPaths = PUBLIC_PATHS } = options;
  // Only its counters are used: its own hooks allow one limiter a request, and count nothing that a key check refuses.
  await app.register(rateLimit, { global: false });
  const countAddress = counter(app, limits.per_address, 'address', addressOf(), false);
  const countKey = counter(app, limits.per_key, 'key', (request) => request.caller?.key_id ?? '', true);
  const isPublic = pathMatcher(publicPaths);

  app.decorateRequest('caller', null);
  app.decorateRequest(REPLY, null);
  app.decorateRequest('countAgainstKey', async function (this: FastifyRequest) {
    if (this[REPLY] !== null) await countKey?.(this, this[REPLY]);
  });

  app.addHook('onRequest', async (request, reply) => {
    const route = request.routeOptions.url;
    if (UNCOUNTED.has(route)) return;
    if (countAddress !== undefined) await countAddress(request, reply);
    if (isPublic(route)) return;
    const { bearer, apiKey } = keysOf(request);
    const key = bearer ?? apiKey;
    const agree = bearer === undefined || apiKey === undefined || bearer === apiKey;
    request.caller = key !== undefined && agree ? keys.verify(key) : null;
    if (request.caller === null) {
      log.info({ request_id: request.id, address: request.ip, key_given: key !== undefined }, 'authentication failed');
      reply.header('www-authenticate', 'Bearer realm="vsphere-gateway"');
      throw new GatewayError('unauthenticated', key === undefined ? NO_KEY : agree ? WRONG_KEY : TWO_KEYS);
    }
    request[REPLY] = reply;
    if (countKey !== undefined) await countKey(request, reply);
  });
}

/** The guard, for the whole application: registered once, before any route. */
export const guard = fp(register, { name: 'guard', fastify: '5.x' });

/** Undefined where the limit is off. `advertise`: tell the caller how much is left, not only when nothing is. */
function counter(
  app: FastifyInstance,
  { requests, window }: Rate,
  name: 'address' | 'key',
  keyGenerator: (request: FastifyRequest) => string,
  advertise: boolean,
): Count | undefined {
  if (requests === null) return undefined;
  const take = app.createRateLimit({ max: requests, timeWindow: window * 1000, keyGenerator });
  const policy = `"${name}";q=${requests};w=${window}`;
  return async (request, reply) => {
    const use = await take(request);
    if (use.isAllowed) return;
    if (advertise || use.isExceeded) {
      reply.header('ratelimit-policy', policy);
      reply.header('ratelimit', `"${name}";r=${use.remaining};t=${use.ttlInSeconds}`);
    }
    if (!use.isExceeded) return;
    reply.header('retry-after', use.ttlInSeconds);
    throw new GatewayError(
      'rate_limited',
      `This ${name} may make ${requests} requests in ${window} s; repeat in ${use.ttlInSeconds} s.`,
      { retry_after: use.ttlInSeconds },
    );
  };
}

/** One count for an IPv4 address and for an IPv6 /64; the text of an IPv6 address costs 8 µs to normalise, so it is kept. */
function addressOf(): (request: FastifyRequest) => string {
  const known = new LRUCache<string, string>({ max: 5_000, memoMethod: (address) => normalizeIP(address) });
  return ({ ip }) => (ip.includes(':') ? known.memo(ip) : ip);
}

function pathMatcher(paths: readonly string[]): (route: string | undefined) => boolean {
  const below = paths.filter((path) => path.endsWith('/*')).map((path) => path.slice(0, -1));
  const exact = new Set([...paths, ...below.map((path) => path.slice(0, -1))]);
  return (route) => route !== undefined && (exact.has(route) || below.some((path) => route.startsWith(path)));
}

/** Another scheme in Authorization (a proxy's Basic) is not ours to judge; the key may then come in X-API-Key. */
function keysOf({ headers }: FastifyRequest): { bearer: string | undefined; apiKey: string | undefined } {
  const { authorization, 'x-api-key': apiKey } = headers;
  const bearer = authorization === undefined ? undefined : /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  return { bearer, apiKey: Array.isArray(apiKey) ? apiKey.join() : apiKey };
}

const NO_KEY = "Send a key as 'Authorization: Bearer vsg_…' or as 'X-API-Key: vsg_…'.";
const TWO_KEYS = 'Authorization and X-API-Key hold different keys; send one of them.';
const WRONG_KEY = 'The key is unknown, expired or revoked; `keys create` makes a new one.';
