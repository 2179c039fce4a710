/** MCP at /mcp below the SDK's client: sessions, hosts, origins, and bodies that are no messages. */
import { EventEmitter } from 'node:events';
import { request as httpRequest, type ServerResponse } from 'node:http';
import { Server } from '@modelcontextprotocol/server';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Sessions } from '../../routes/mcp/sessions.ts';
import { type DoorSettings, type Doors, openDoors } from './doors.ts';

let opened: Doors | undefined;

async function open(settings?: DoorSettings): Promise<Doors> {
  opened = await openDoors(settings);
  return opened;
}
afterEach(async () => {
  await opened?.app.close();
  opened = undefined;
});

const ACCEPT = 'application/json, text/event-stream';
const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
});
const PING = '{"jsonrpc":"2.0","id":2,"method":"ping"}';

interface Asked {
  method?: string;
  body?: string;
  key?: string;
  session?: string;
  headers?: Record<string, string>;
}

async function ask({ url }: Doors, { method = 'POST', body, key = 'read', session, headers }: Asked) {
  const response = await fetch(`${url}/mcp`, {
    method,
    headers: {
      accept: ACCEPT,
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  return response;
}

async function initialize(doors: Doors, key?: string): Promise<string> {
  const response = await ask(doors, { body: INITIALIZE, ...(key === undefined ? {} : { key }) });
  await response.text();
  return response.headers.get('mcp-session-id') ?? '';
}

async function ping(doors: Doors, session: string, key = 'read'): Promise<number> {
  const response = await ask(doors, { body: PING, session, key });
  await response.text();
  return response.status;
}

describe('a session', () => {
  it('belongs to the key that began it', async () => {
    const doors = await open();
    const session = await initialize(doors);
    expect(session).toMatch(/^[0-9a-f-]{36}$/);
    expect(await ping(doors, session)).toBe(200);
    const foreign = await ask(doors, { body: PING, session, key: 'operate' });
    const unknown = await ask(doors, { body: PING, session: 'none' });
    expect([foreign.status, unknown.status]).toEqual([404, 404]);
    const [one, other] = (await Promise.all([foreign.json(), unknown.json()])) as { error: { message: string } }[];
    expect(one).toMatchObject({ jsonrpc: '2.0', id: null, error: { data: { code: 'not_found' } } });
    expect(one?.error.message).toBe(other?.error.message);
  });

  it('is needed for everything but initialize', async () => {
    const response = await ask(await open(), { body: PING });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: -32600, data: { code: 'invalid_request' } } });
  });

  it('ends with DELETE, also one with a content type and no body', async () => {
    const doors = await open();
    const session = await initialize(doors);
    const headers = { 'content-type': 'application/json' };
    expect((await ask(doors, { method: 'DELETE', session, key: 'operate', headers })).status).toBe(404);
    expect((await ask(doors, { method: 'DELETE', session, headers })).status).toBe(200);
    expect(await ping(doors, session)).toBe(404);
  });

  it('takes no batches', async () => {
    const doors = await open();
    const response = await ask(doors, { body: `[${PING}]`, session: await initialize(doors) });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: -32600 } });
  });

  it('ends when it is not used', async () => {
    const doors = await open({ mcp: { session_idle: 0.1 } });
    const session = await initialize(doors);
    await vi.waitFor(async () => expect(await ping(doors, session)).toBe(404), { interval: 300, timeout: 5_000 });
  });

  it('is not left over from a handshake that failed', async () => {
    const doors = await open({ mcp: { max_sessions_per_key: 2 } });
    const session = await initialize(doors);
    const refused = await ask(doors, { body: INITIALIZE, headers: { accept: 'application/json' } });
    expect([refused.status, refused.headers.get('mcp-session-id')]).toEqual([406, null]);
    await initialize(doors);
    expect(await ping(doors, session)).toBe(200);
  });

  it('makes room for a new one of the same key, the one unused for longest first', async () => {
    const doors = await open({ mcp: { max_sessions_per_key: 2 } });
    const foreign = await initialize(doors, 'operate');
    const [first, second] = [await initialize(doors), await initialize(doors)];
    await ping(doors, first);
    const third = await initialize(doors);
    expect(await Promise.all([first, second, third].map((session) => ping(doors, session)))).toEqual([200, 404, 200]);
    expect(await ping(doors, foreign, 'operate')).toBe(200);
  });

  it('is refused when all of the key are listened to', async () => {
    const doors = await open({ mcp: { max_sessions_per_key: 1 } });
    const session = await initialize(doors);
    const stream = await ask(doors, { method: 'GET', session });
    expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    const refused = await ask(doors, { body: INITIALIZE });
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ error: { data: { code: 'rate_limited' } } });
    await stream.body?.cancel();
    await vi.waitFor(async () => expect(await initialize(doors)).not.toBe(''));
  });

  it('lets go of the answer to a call that was cancelled', async () => {
    const doors = await open();
    const session = await initialize(doors);
    const params = { name: 'thing_wait' };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params });
    const call = await ask(doors, { body, session });
    await vi.waitFor(() => expect(doors.seen.waiting).toHaveLength(1));
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } };
    expect((await ask(doors, { body: JSON.stringify(cancelled), session })).status).toBe(202);
    expect(await call.text()).toBe('');
  });

  it('does not keep the gateway from closing', async () => {
    const doors = await open();
    const stream = await ask(doors, { method: 'GET', session: await initialize(doors) });
    await doors.app.close();
    expect(await stream.text()).toBe('');
  });

  describe('that is not used', () => {
    const settings = { session_idle: 10, max_sessions_per_key: 2 };
    const createServer = () => new Server({ name: 'test', version: '1' });
    const sessions = new Sessions(createServer, settings, pino({ level: 'silent' }));

    beforeEach(() => {
      vi.useFakeTimers();
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it('stays while an answer is under way', async () => {
      const session = await sessions.open('key');
      const response = new EventEmitter();
      session.hold(response as ServerResponse);
      await vi.advanceTimersByTimeAsync(25_000);
      expect(sessions.size).toBe(1);
      response.emit('close');
      await vi.advanceTimersByTimeAsync(10_000);
      expect(sessions.size).toBe(0);
    });

    it('stays for the whole time after each answer', async () => {
      const session = await sessions.open('key');
      for (let use = 0; use < 3; use++) {
        await vi.advanceTimersByTimeAsync(9_000);
        const response = new EventEmitter();
        session.hold(response as ServerResponse);
        response.emit('close');
      }
      await vi.advanceTimersByTimeAsync(9_000);
      expect(sessions.size).toBe(1);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(sessions.size).toBe(0);
    });
  });
});

describe('the door', () => {
  it.each([
    ['broken JSON', '{"jsonrpc"', 400, -32700],
    ['no body', '', 400, -32700],
    ['a batch', `[${PING}]`, 400, -32600],
    ['JSON that is no message', '{"hello":1}', 400, -32600],
    ['JSON nested too deep', '['.repeat(100), 400, -32600],
  ])('answers %s as JSON-RPC', async (_what, body, status, code) => {
    const response = await ask(await open(), { body });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', id: null, error: { code } });
  });

  it.each([
    ['no key', { key: '' }, 401],
    ['another content type', { headers: { 'content-type': 'text/plain' } }, 415],
    ['a body that is too large', { body: JSON.stringify('x'.repeat(2_000)) }, 413],
  ])('refuses %s by HTTP alone', async (_what, asked, status) => {
    const doors = await open({ limits: { max_body_bytes: 1_024 } });
    const response = await ask(doors, { body: PING, ...asked });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch('application/problem+json');
    expect(await response.json()).toMatchObject({ status });
  });

  it('keeps the headers of the hooks before it', async () => {
    const doors = await open();
    const response = await ask(doors, { body: INITIALIZE });
    expect(response.headers.get('ratelimit-policy')).toMatch(/^"key"/);
    await response.text();
  });

  it('answers other methods with 405 and what is allowed', async () => {
    const response = await ask(await open(), { method: 'PUT', body: PING });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'DELETE, GET, POST']);
  });
});

describe('a web page', () => {
  // fetch sets these two headers itself.
  function statusFor({ url }: Doors, headers: Record<string, string>): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(`${url}/mcp`, {
        method: 'POST',
        headers: { accept: ACCEPT, 'content-type': 'application/json', 'x-api-key': 'read', ...headers },
      });
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.end(INITIALIZE);
    });
  }

  const mcp = { allowed_hosts: ['Gateway.example.com', 'fd00::1'], allowed_origins: ['https://agent.example.com'] };

  it.each([
    [200, 'localhost:8080', undefined],
    [200, '127.0.0.1', undefined],
    [200, '[::1]:80', undefined],
    [200, 'gateway.example.com', undefined],
    [200, '[fd00::1]:8080', undefined],
    [200, '127.0.0.1', 'http://localhost:5173'],
    [200, '127.0.0.1', 'https://agent.example.com'],
    [403, 'evil.example.com', undefined],
    [403, '127.0.0.1.evil.example.com', undefined],
    [403, '127.0.0.1', 'https://evil.example.com'],
    [403, '127.0.0.1', 'null'],
  ])('gets %i as host %s from %s', async (status, host, origin) => {
    const doors = await open({ mcp });
    expect(await statusFor(doors, { host, ...(origin === undefined ? {} : { origin }) })).toBe(status);
  });
});
