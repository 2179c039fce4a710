import { afterEach, describe, expect, test } from 'vitest';
import { XmlError } from '../../src/vsphere/decode.ts';
import { type Exchange, HttpError, VimHttp } from '../../src/vsphere/http.ts';
import { type Answer, envelope, startSoapServer } from '../support/soap-server.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function start(answer: Answer, options: { connections?: number; maxResponseBytes?: number } = {}) {
  const server = await startSoapServer(answer);
  const http = new VimHttp({
    url: server.url,
    tls: {},
    userAgent: 'vsphere-gateway/test',
    connections: 2,
    maxResponseBytes: 1 << 20,
    ...options,
  });
  open.push(http, server);
  return { server, http };
}

async function post(http: VimHttp, exchange: Partial<Exchange> = {}, action = '"urn:vim25/8.0"') {
  const whole = { signal: new AbortController().signal, longPoll: false, bytes: 0, ...exchange };
  const { status, data } = await http.requestStream('', '<x/>', { SOAPAction: action }, whole);
  const chunks: Uint8Array[] = [];
  for await (const chunk of data) chunks.push(Buffer.from(chunk));
  return { status, text: Buffer.concat(chunks).toString(), bytes: whole.bytes };
}

describe('a request', () => {
  test('is a POST to the endpoint with our name, the action and XML', async () => {
    const { server, http } = await start((response) => response.end('answer'));
    expect(await post(http)).toEqual({ status: 200, text: 'answer', bytes: 6 });
    expect(server.requests).toMatchObject([
      {
        method: 'POST',
        path: '/sdk',
        body: '<x/>',
        headers: {
          'user-agent': 'vsphere-gateway/test',
          soapaction: '"urn:vim25/8.0"',
          'content-type': 'text/xml; charset=utf-8',
        },
      },
    ]);
  });

  test('bears the cookies of earlier answers, as last set, until they are cleared', async () => {
    const answers = [
      ['session="abc-1"; Path=/; HttpOnly; Secure', 'other=1'],
      ['session=abc-2'],
      ['other=; Max-Age=0'],
      [],
    ];
    const { server, http } = await start((response) => {
      response.setHeader('set-cookie', answers[server.requests.length - 1] ?? []);
      response.end();
    });
    for (let i = 0; i < 4; i += 1) await post(http);
    http.clearCookies();
    await post(http);
    expect(server.requests.map(({ headers }) => headers.cookie)).toEqual([
      undefined,
      'session="abc-1"; other=1',
      'session=abc-2; other=1',
      'session=abc-2',
      undefined,
    ]);
  });

  test('takes a connection that earlier ones have left', async () => {
    const { server, http } = await start((response) => response.end('x'));
    for (let i = 0; i < 20; i += 1) await post(http);
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  test('waits for no long poll', async () => {
    const held: (() => void)[] = [];
    const { http } = await start((response, { headers }) => {
      if (headers.soapaction === '"poll"') held.push(() => response.end('polled'));
      else response.end('called');
    });
    const polls = [1, 2, 3].map(() => post(http, { longPoll: true }, '"poll"'));
    await expect.poll(() => held.length).toBe(3);
    expect((await post(http)).text).toBe('called');
    for (const release of held) release();
    expect((await Promise.all(polls)).map(({ text }) => text)).toEqual(['polled', 'polled', 'polled']);
  });

  test('uses no more connections than allowed', async () => {
    const held: (() => void)[] = [];
    const { server, http } = await start((response) => held.push(() => response.end('x')));
    const calls = [1, 2, 3, 4].map(() => post(http));
    await expect.poll(() => held.length).toBe(2);
    while (held.length > 0 || server.requests.length < 4) {
      for (const release of held.splice(0)) release();
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const release of held) release();
    await Promise.all(calls);
    expect(server.connections).toBe(2);
  });
});

describe('an answer', () => {
  test.each([
    [200, XmlError],
    [500, HttpError],
  ])('of status %i that does not end is broken off', async (status, kind) => {
    let closed = false;
    const { http } = await start(
      (response) => {
        response.statusCode = status;
        response.on('close', () => {
          closed = true;
        });
        const more = () => {
          while (!closed && response.write('x'.repeat(10_000)));
        };
        response.on('drain', more);
        more();
      },
      { maxResponseBytes: 100_000 },
    );
    await expect(post(http)).rejects.toThrow(kind);
    await expect.poll(() => closed).toBe(true);
  });

  test('that nobody has begun to read may be given up', async () => {
    let closed = false;
    const { http } = await start((response) => {
      response.on('close', () => {
        closed = true;
      });
      response.write('x');
    });
    const controller = new AbortController();
    const exchange = { signal: controller.signal, longPoll: false, bytes: 0 };
    await http.requestStream('', '<x/>', {}, exchange);
    controller.abort();
    await expect.poll(() => closed).toBe(true);
  });

  test('of another status is handed on where it is an envelope', async () => {
    const { http } = await start((response) => {
      response.statusCode = 500;
      response.end(envelope('<Fault/>'));
    });
    expect(await post(http)).toMatchObject({ status: 500, text: envelope('<Fault/>') });
  });

  test.each([
    [502, '<html>\n  <h1>Bad   Gateway</h1>', 'HTTP 502 without a SOAP envelope: <html> <h1>Bad Gateway</h1>'],
    [503, '', 'HTTP 503 without a SOAP envelope'],
    [301, 'x'.repeat(3_000_000), `HTTP 301 without a SOAP envelope: ${'x'.repeat(200)}`],
  ])('of status %i and no envelope is an HttpError', async (status, body, message) => {
    const { http } = await start((response) => {
      response.statusCode = status;
      response.end(body);
    });
    const error = await post(http).catch((caught) => caught);
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({ status, message });
  });
});

describe('closing', () => {
  test('ends what is under way, in both pools, and what comes after', async () => {
    const { server, http } = await start(() => {});
    const ended = [post(http), post(http, { longPoll: true })].map((call) => call.catch((error) => error.code));
    await expect.poll(() => server.requests.length).toBe(2);
    await http.close();
    expect(await Promise.all(ended)).toEqual(['UND_ERR_DESTROYED', 'UND_ERR_DESTROYED']);
    await expect(post(http)).rejects.toMatchObject({ code: 'UND_ERR_DESTROYED' });
  });
});

test('a document beside the endpoint is read under a cap', async () => {
  const { server, http } = await start((response, { path }) => {
    response.statusCode = path.endsWith('there.xml') ? 200 : 404;
    response.end('document');
  });
  const { signal } = new AbortController();
  expect(await http.get('there.xml', signal)).toBe('document');
  expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/sdk/there.xml' });
  await expect(http.get('gone.xml', signal)).rejects.toMatchObject({ name: 'HttpError', status: 404 });
});
