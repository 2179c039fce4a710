/** JSON-RPC 2.0 at POST /rpc: the specification case by case, and what HTTP keeps to itself. */
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Doors, openDoors } from './doors.ts';

let doors: Doors;

beforeAll(async () => {
  doors = await openDoors({ limits: { batch_items: 5, batch_concurrency: 2, max_body_bytes: 100_000 } });
});
afterAll(() => doors.app.close());
beforeEach(() => {
  Object.assign(doors.seen, { requestIds: [], ran: [], running: 0, most: 0 });
});

type Body = string | Uint8Array<ArrayBuffer>;

async function post(body: Body, headers: Record<string, string> = {}, key = 'read') {
  const response = await fetch(`${doors.url}/rpc`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body,
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const message = (fields: Record<string, unknown>) => JSON.stringify({ jsonrpc: '2.0', ...fields });
const get = (fields: Record<string, unknown> = {}) =>
  message({ method: 'thing.get', params: { name: 'one' }, id: 1, ...fields });

/** An answer, reduced to its id and to the code of its error or `ok`. */
type Brief = [id: unknown, code: number | 'ok'];
const brief = ({ id, error, result }: { id: unknown; error?: { code: number }; result?: unknown }): Brief => {
  expect((error === undefined) !== (result === undefined)).toBe(true);
  return [id, error?.code ?? 'ok'];
};

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('a body', () => {
  it.each<[what: string, body: Body, expected: Brief | Brief[] | null]>([
    // What cannot be read.
    ['broken JSON', '{"jsonrpc": "2.0", "method": "foobar, "params": "bar"]', [null, -32700]],
    ['a batch of broken JSON', '[{"jsonrpc":"2.0","method":"x","id":1},{"jsonrpc":"2.0"', [null, -32700]],
    ['nothing', '', [null, -32700]],
    ['bytes that are not UTF-8', bytes(0x22, 0xff, 0xfe, 0x22), [null, -32700]],
    ['UTF-16', Buffer.from(get(), 'utf16le') as Uint8Array<ArrayBuffer>, [null, -32700]],
    ['a byte order mark before a request', `\ufeff${get()}`, [1, 'ok']],
    ['arrays 50,000 deep', '['.repeat(50_000), [null, -32600]],
    ['params too deep', get({ params: JSON.parse('['.repeat(64) + ']'.repeat(64)) }), [null, -32600]],
    ['brackets in a string', get({ params: { name: `"${'['.repeat(100)}` } }), [1, -32000]],
    ['objects side by side', get({ params: { name: 'one', more: Array(100).fill({}) } }), [1, -32602]],
    ['a key twice: the last counts', '{"jsonrpc":"2.0","method":"x","id":1,"id":2}', [2, -32601]],
    // What is JSON and no request.
    ['a string', '"x"', [null, -32600]],
    ['null', 'null', [null, -32600]],
    ['a number', '7', [null, -32600]],
    ['no jsonrpc', '{"method":"thing.get","id":1}', [1, -32600]],
    ['another jsonrpc', '{"jsonrpc":"1.0","method":"thing.get","id":1}', [1, -32600]],
    ['a method that is no string', message({ method: 1, params: 'bar' }), [null, -32600]],
    ['a method that is no string, with an id', message({ method: 1, id: 1 }), [1, -32600]],
    ['params that are a string', get({ params: 'bar' }), [1, -32600]],
    ['params that are null', get({ params: null }), [1, -32600]],
    // Ids.
    ['a string as id', get({ id: 'a' }), ['a', 'ok']],
    ['zero as id', get({ id: 0 }), [0, 'ok']],
    ['null as id, which is a request', get({ id: null }), [null, 'ok']],
    ['an object as id', get({ id: {} }), [null, -32600]],
    ['an array as id', get({ id: [1] }), [null, -32600]],
    ['a boolean as id', get({ id: true }), [null, -32600]],
    ['a fraction as id', get({ id: 1.5 }), [null, -32600]],
    ['infinity as id', '{"jsonrpc":"2.0","method":"thing.get","id":1e400}', [null, -32600]],
    ['2^53 - 1 as id', '{"jsonrpc":"2.0","method":"x","id":9007199254740991}', [9007199254740991, -32601]],
    ['2^53 + 1 as id, never rounded', '{"jsonrpc":"2.0","method":"x","id":9007199254740993}', [null, -32600]],
    // Methods and parameters.
    ['a method that is not there', message({ method: 'thing.none', id: 1 }), [1, -32601]],
    ['__proto__ as method', message({ method: '__proto__', id: 1 }), [1, -32601]],
    ['constructor as method', message({ method: 'constructor', id: 1 }), [1, -32601]],
    ['toString as method', message({ method: 'toString', id: 1 }), [1, -32601]],
    ['a reserved method', message({ method: 'rpc.anything', id: 1 }), [1, -32601]],
    ['params by position', get({ params: ['one'] }), [1, -32602]],
    ['an unknown parameter', get({ params: { name: 'one', nome: 1 } }), [1, -32602]],
    [
      '__proto__ as parameter',
      '{"jsonrpc":"2.0","method":"thing.get","params":{"name":"one","__proto__":{"x":1}},"id":1}',
      [1, -32602],
    ],
    ['no params where one is needed', message({ method: 'thing.get', id: 1 }), [1, -32602]],
    ['no params where none is needed', message({ method: 'thing.list', id: 1 }), [1, 'ok']],
    ['an operation that says no', get({ params: { name: 'two' } }), [1, -32000]],
    ['an operation that fails', get({ params: { name: 'broken' } }), [1, -32603]],
    ['an operation beyond the scopes', message({ method: 'thing.turn', params: { name: 'one' }, id: 1 }), [1, -32000]],
    // Notifications.
    ['a notification', message({ method: 'thing.get', params: { name: 'one' } }), null],
    ['a notification of an unknown method', message({ method: 'x' }), null],
    ['a notification with bad params', message({ method: 'thing.get', params: [] }), null],
    ['a notification that fails', message({ method: 'thing.get', params: { name: 'broken' } }), null],
    // Batches.
    ['an empty batch', '[]', [null, -32600]],
    ['a batch of one number', '[1]', [[null, -32600]]],
    [
      'a batch of numbers',
      '[1,2,3]',
      [
        [null, -32600],
        [null, -32600],
        [null, -32600],
      ],
    ],
    ['a nested batch', `[[${get()}]]`, [[null, -32600]]],
    [
      'a mixed batch',
      `[${get()},${message({ method: 'x' })},7,${message({ method: 'x', id: 'z' })}]`,
      [
        [1, 'ok'],
        [null, -32600],
        ['z', -32601],
      ],
    ],
    [
      'an id twice in a batch',
      `[${get()},${get()}]`,
      [
        [1, 'ok'],
        [1, 'ok'],
      ],
    ],
    [
      'a batch with a failure',
      `[${get({ params: { name: 'broken' } })},${get({ id: 2 })}]`,
      [
        [1, -32603],
        [2, 'ok'],
      ],
    ],
    ['a batch of notifications', `[${message({ method: 'x' })},${message({ method: 'thing.list' })}]`, null],
    ['a batch of too many', `[${Array(6).fill(get()).join()}]`, [null, -32600]],
  ])('that is %s is answered by the specification', async (_what, body, expected) => {
    const { status, headers, text } = await post(body);
    if (expected === null) {
      expect([status, text]).toEqual([204, '']);
      return;
    }
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    const answer: unknown = JSON.parse(text);
    expect(Array.isArray(answer) ? answer.map(brief) : brief(answer as Parameters<typeof brief>[0])).toEqual(expected);
  });
});

describe('a result', () => {
  it('is what the operation answered, with nothing around it', async () => {
    const { text } = await post(message({ method: 'thing.list', params: { limit: 1 }, id: 'a"b' }));
    expect(text).toBe(
      '{"jsonrpc":"2.0","id":"a\\"b","result":{"items":[{"id":"lab:thing-0","name":"x","state":"on","tags":["a","b"]}],"total":1}}',
    );
  });
});

describe('an error', () => {
  it('carries the problem, pointers to wrong fields and the request id', async () => {
    const { text } = await post(get({ params: {} }));
    const { error } = JSON.parse(text);
    expect(error).toEqual({
      code: -32602,
      message: expect.stringContaining("'name' does not fit thing.get"),
      data: {
        status: 400,
        detail: error.message,
        code: 'invalid_input',
        errors: [{ pointer: '/name', message: expect.any(String) }],
        retryable: false,
        request_id: expect.stringMatching(/./),
      },
    });
  });

  it('says that parameters go by name', async () => {
    const { text } = await post(get({ params: ['one'] }));
    expect(JSON.parse(text).error.message).toMatch(/by name/);
  });

  it('never shows what was thrown inside; the log has it', async () => {
    const { text } = await post(get({ params: { name: 'broken' } }));
    expect(text).not.toMatch(/secret|stack|SOAP/);
    const id = JSON.parse(text).error.data.request_id;
    const line = doors.log
      .map((entry) => JSON.parse(entry))
      .findLast((entry) => entry.err?.message.startsWith('secret'));
    expect(line).toMatchObject({ reqId: id, operation: 'thing.get', level: 50 });
  });
});

describe('a notification', () => {
  it('is carried out before the answer', async () => {
    await post(message({ method: 'thing.get', params: { name: 'one' } }));
    expect(doors.seen.ran).toEqual(['get one']);
  });
});

describe('a batch', () => {
  const list = (id: number) => message({ method: 'thing.list', id });

  it('gives each item a request id of its own', async () => {
    await post(`[${list(1)},${list(2)}]`);
    const [first, second] = doors.seen.requestIds;
    expect(first).toMatch(/\.0$/);
    expect(second).toBe(first?.replace(/0$/, '1'));
  });

  it('runs only so many items side by side', async () => {
    await post(
      `[${Array(5)
        .fill(message({ method: 'thing.slow', id: 1 }))
        .join()}]`,
    );
    expect(doors.seen.most).toBe(2);
  });

  it('checks the scope of each item', async () => {
    const turn = message({ method: 'thing.turn', params: { name: 'one' }, id: 2 });
    const { text } = await post(`[${list(1)},${turn}]`);
    const [ok, refused] = JSON.parse(text);
    expect(ok.result.total).toBe(2);
    expect(refused.error.data).toMatchObject({ code: 'scope_required', status: 403 });
    expect(doors.seen.ran).toEqual([]);
  });

  it('counts each item against the limit of the key', async () => {
    const limited = await openDoors({ limits: { per_key: { requests: 3, window: 60 } } });
    try {
      const response = await fetch(`${limited.url}/rpc`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': 'read' },
        body: `[${[1, 2, 3, 4].map(list).join()}]`,
      });
      const answers = (await response.json()) as { error?: { data: object } }[];
      expect(answers.map(({ error }) => error === undefined)).toEqual([true, true, true, false]);
      expect(answers[3]?.error?.data).toMatchObject({ code: 'rate_limited', status: 429, retryable: true });
    } finally {
      await limited.app.close();
    }
  });
});

describe('HTTP', () => {
  it('also takes application/json-rpc', async () => {
    expect((await post(get(), { 'content-type': 'application/json-rpc; charset=utf-8' })).status).toBe(200);
  });

  it.each([
    ['no key', get(), {}, '', 401, 'unauthenticated'],
    ['a wrong key', get(), {}, 'wrong', 401, 'unauthenticated'],
    ['a body that is too large', get({ extra: 'x'.repeat(100_000) }), {}, 'read', 413, 'payload_too_large'],
    ['another content type', get(), { 'content-type': 'text/plain' }, 'read', 415, 'unsupported_media_type'],
    [
      'a content type that only begins so',
      get(),
      { 'content-type': 'application/jsonx' },
      'read',
      415,
      'unsupported_media_type',
    ],
    ['a content coding', get(), { 'content-encoding': 'gzip' }, 'read', 415, 'unsupported_media_type'],
    [
      'another charset',
      get(),
      { 'content-type': 'application/json; charset=utf-16' },
      'read',
      415,
      'unsupported_media_type',
    ],
  ])('refuses %s in its own terms', async (_what, body, headers, key, status, code) => {
    const answer = await post(body, headers, key);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect(JSON.parse(answer.text)).toMatchObject({ code, status });
  });

  it('answers GET with 405 and what is allowed', async () => {
    const response = await fetch(`${doors.url}/rpc`, { headers: { 'x-api-key': 'read' } });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('tells an operation that the client has left', async () => {
    const request = httpRequest(`${doors.url}/rpc`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': 'read' },
    });
    request.on('error', () => {});
    request.end(message({ method: 'thing.wait', id: 1 }));
    const signal = await vi.waitFor(() => {
      const [first] = doors.seen.waiting;
      expect(first).toBeDefined();
      return first;
    });
    expect(signal?.aborted).toBe(false);
    request.destroy();
    await vi.waitFor(() => expect(signal?.aborted).toBe(true));
  });

  it('tells every item of a batch that the client has left', async () => {
    const before = doors.seen.waiting.length;
    const request = httpRequest(`${doors.url}/rpc`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': 'read' },
    });
    request.on('error', () => {});
    request.end(`[${message({ method: 'thing.wait', id: 1 })},${message({ method: 'thing.wait', id: 2 })}]`);
    const waiting = () => doors.seen.waiting.slice(before);
    await vi.waitFor(() => expect(waiting().map(({ aborted }) => aborted)).toEqual([false, false]));
    request.destroy();
    await vi.waitFor(() => expect(waiting().map(({ aborted }) => aborted)).toEqual([true, true]));
  });
});
