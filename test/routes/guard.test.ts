import Fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { guard, PUBLIC_PATHS } from '../../routes/guard.ts';
import type { Caller } from '../../src/access/caller.ts';
import { toGatewayError, toProblem } from '../../src/errors.ts';

const ALICE: Caller = { key_id: 'alice', owner: 'alice', scopes: new Set(['read']) };
const BOB: Caller = { key_id: 'bob', owner: 'bob', scopes: new Set(['admin']) };
const callers = new Map([
  ['alice-key', ALICE],
  ['bob-key', BOB],
]);
const FREE = { requests: null, window: 60 };

let app: FastifyInstance;
let checked: string[];
let logged: string;
afterEach(() => app.close());

interface Setup {
  per_address?: { requests: number | null; window: number };
  per_key?: { requests: number | null; window: number };
  publicPaths?: string[];
}

async function start({ per_address = FREE, per_key = FREE, publicPaths }: Setup = {}): Promise<void> {
  app = Fastify({ routerOptions: { maxParamLength: 1_000 }, trustProxy: true });
  checked = [];
  logged = '';
  const log = pino(
    {
      level: 'info',
    },
    {
      write: (line: string) => {
        logged += line;
      },
    },
  );
  app.setErrorHandler((error, request, reply) => {
    const known = toGatewayError(error);
    return reply
      .status(known.status)
      .type('application/problem+json')
      .send(toProblem(known, request.id, request.url));
  });
  const keys = {
    verify: (key: string) => {
      checked.push(key);
      return callers.get(key) ?? null;
    },
  };
  await app.register(guard, { keys, limits: { per_address, per_key }, log, ...(publicPaths && { publicPaths }) });
  app.get('/v1/vms/:vm', (request) => ({ caller: request.caller?.key_id ?? null }));
  app.get('/metrics', () => 'metrics');
  for (const path of [
    '/healthz',
    '/readyz',
    '/openapi.yaml',
    '/openapi.json',
    '/docs',
    '/docs/static/*',
    '/docsearch',
  ]) {
    app.get(path, (request) => ({ caller: request.caller }));
  }
  app.post<{ Body: unknown[] }>('/rpc', async (request) => {
    for (let n = 1; n < request.body.length; n++) await request.countAgainstKey();
    return { items: request.body.length };
  });
}

const get = (url: string, headers: Record<string, string> = {}, remoteAddress = '192.0.2.1') =>
  app.inject({ url, headers, remoteAddress });
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('the key', () => {
  test.each([
    ['as a bearer token', bearer('alice-key')],
    ['as a bearer token, whatever the case of the scheme', { authorization: 'bearer  alice-key' }],
    ['as X-API-Key', { 'x-api-key': 'alice-key' }],
    ['in both headers', { ...bearer('alice-key'), 'x-api-key': 'alice-key' }],
    ["beside another scheme's credentials", { authorization: 'Basic abc', 'x-api-key': 'alice-key' }],
  ])('is taken %s', async (_how, headers) => {
    await start();
    const answer = await get('/v1/vms/x', headers);
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ caller: 'alice' });
    expect(answer.headers).not.toHaveProperty('www-authenticate');
  });

  test.each([
    ['is missing', {}, 'Send a key'],
    ['is empty', { 'x-api-key': '' }, 'unknown, expired or revoked'],
    ['is wrong', bearer('carol-key'), 'unknown, expired or revoked'],
    ['comes in another scheme', { authorization: 'Basic YWxpY2Uta2V5' }, 'Send a key'],
    ['comes without a scheme', { authorization: 'alice-key' }, 'Send a key'],
    ['is two in one header', bearer('alice-key, bob-key'), 'Send a key'],
    ['differs between the headers', { ...bearer('alice-key'), 'x-api-key': 'bob-key' }, 'different keys'],
  ])('is refused when it %s', async (_how, headers, detail) => {
    await start();
    const answer = await get('/v1/vms/x', headers);
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="vsphere-gateway"');
    expect(answer.json()).toMatchObject({ code: 'unauthenticated', status: 401, retryable: false });
    expect(answer.json().detail).toContain(detail);
    expect(answer.body + logged).not.toMatch(/(alice|bob|carol)-key|YWxpY2Uta2V5/);
    expect(logged).toContain('authentication failed');
  });

  test('is needed to learn that a path does not exist', async () => {
    await start();
    expect((await get('/nothing')).statusCode).toBe(401);
    expect((await get('/nothing', bearer('alice-key'))).statusCode).toBe(404);
  });

  test.each([...PUBLIC_PATHS.filter((path) => !path.includes('*')), '/docs', '/docs/static/index.css'])(
    'is neither needed nor looked at for %s',
    async (path) => {
      await start();
      const answer = await get(path, bearer('carol-key'));
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toEqual({ caller: null });
      expect(checked).toEqual([]);
    },
  );

  test('is needed for /metrics unless it is public, and for what only begins like a public path', async () => {
    await start();
    expect((await get('/metrics')).statusCode).toBe(401);
    expect((await get('/docsearch')).statusCode).toBe(401);
    await app.close();
    await start({ publicPaths: [...PUBLIC_PATHS, '/metrics'] });
    expect((await get('/metrics')).statusCode).toBe(200);
  });
});

describe('the limit of an address', () => {
  const tight = { per_address: { requests: 3, window: 60 } };

  test('counts wrong keys, unknown paths and public ones, and then looks at no key', async () => {
    await start(tight);
    await get('/v1/vms/x', bearer('carol-key'));
    await get('/nothing');
    await get('/openapi.yaml');
    const answer = await get('/v1/vms/x', bearer('alice-key'));
    expect(answer.statusCode).toBe(429);
    expect(answer.json()).toMatchObject({ code: 'rate_limited', retryable: true });
    expect(Number(answer.headers['retry-after'])).toBe(answer.json().retry_after);
    expect(answer.headers['ratelimit-policy']).toBe('"address";q=3;w=60');
    expect(answer.headers['ratelimit']).toMatch(/^"address";r=0;t=\d+$/);
    expect(checked).toEqual(['carol-key']);
  });

  test('leaves other addresses and the health checks alone', async () => {
    await start(tight);
    for (let n = 0; n < 5; n++) await get('/v1/vms/x');
    expect((await get('/v1/vms/x')).statusCode).toBe(429);
    expect((await get('/healthz')).statusCode).toBe(200);
    expect((await get('/readyz')).statusCode).toBe(200);
    expect((await get('/v1/vms/x', bearer('alice-key'), '192.0.2.2')).statusCode).toBe(200);
  });

  test('counts an IPv6 network as one address, and an IPv4 address in IPv6 as itself', async () => {
    await start(tight);
    for (const last of ['1', '2', '3']) await get('/v1/vms/x', {}, `2001:db8::${last}`);
    expect((await get('/v1/vms/x', {}, '2001:db8::4')).statusCode).toBe(429);
    expect((await get('/v1/vms/x', {}, '2001:db8:0:1::4')).statusCode).toBe(401);
    for (const address of ['192.0.2.9', '::ffff:192.0.2.9', '192.0.2.9']) await get('/v1/vms/x', {}, address);
    expect((await get('/v1/vms/x', {}, '::ffff:192.0.2.9')).statusCode).toBe(429);
    expect((await get('/v1/vms/x', {}, '::ffff:192.0.2.10')).statusCode).toBe(401);
  });
});

describe('the limit of a key', () => {
  const tight = { per_key: { requests: 3, window: 60 } };

  test('is told with every answer, and counts the key from wherever it comes', async () => {
    await start(tight);
    const first = await get('/v1/vms/x', bearer('alice-key'));
    expect(first.headers['ratelimit-policy']).toBe('"key";q=3;w=60');
    expect(first.headers['ratelimit']).toBe('"key";r=2;t=60');
    expect(first.headers).not.toHaveProperty('retry-after');
    await get('/nothing', { 'x-api-key': 'alice-key' }, '192.0.2.2');
    expect((await get('/v1/vms/x', bearer('alice-key'))).headers['ratelimit']).toMatch(/^"key";r=0;/);
    const refused = await get('/v1/vms/x', bearer('alice-key'), '192.0.2.3');
    expect(refused.statusCode).toBe(429);
    expect(refused.json()).toMatchObject({ code: 'rate_limited' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await get('/v1/vms/x', bearer('bob-key'))).statusCode).toBe(200);
  });

  test('is not told to whom has none', async () => {
    await start(tight);
    expect((await get('/v1/vms/x')).headers).not.toHaveProperty('ratelimit');
    expect((await get('/openapi.yaml')).headers).not.toHaveProperty('ratelimit');
  });

  test('counts each item of a batch, and tells what is left after all of them', async () => {
    await start(tight);
    const post = (items: number) =>
      app.inject({
        method: 'POST',
        url: '/rpc',
        headers: bearer('alice-key'),
        payload: Array.from({ length: items }, () => 1),
      });
    expect((await post(2)).headers['ratelimit']).toMatch(/^"key";r=1;/);
    const refused = await post(2);
    expect(refused.statusCode).toBe(429);
    expect(refused.json()).toMatchObject({ code: 'rate_limited' });
  });

  test('that is off counts nothing and says nothing', async () => {
    await start();
    const answer = await app.inject({ method: 'POST', url: '/rpc', headers: bearer('bob-key'), payload: [1, 2, 3] });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).not.toHaveProperty('ratelimit');
  });
});
