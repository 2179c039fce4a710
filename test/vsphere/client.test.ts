import { inspect } from 'node:util';
import { Client } from 'soap';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type CallInfo, VimClient, type VimClientOptions } from '../../src/vsphere/client.ts';
import { VimFault, XmlError } from '../../src/vsphere/decode.ts';
import { EncodeError } from '../../src/vsphere/encode.ts';
import { HttpError, TimeoutError } from '../../src/vsphere/http.ts';
import type { MoRef } from '../../src/vsphere/vim25/types.ts';
import { type Answer, envelope, fault, startSoapServer } from '../support/soap-server.ts';

const instance: MoRef = { $type: 'ServiceInstance', value: 'ServiceInstance' };
const time = envelope(
  '<CurrentTimeResponse xmlns="urn:vim25"><returnval>2026-01-01T00:00:00Z</returnval></CurrentTimeResponse>',
);
const notAuthenticated = fault('NotAuthenticated', 'The session is not authenticated.');

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function start(answer: Answer, options: Partial<VimClientOptions> = {}) {
  const server = await startSoapServer(answer);
  const calls: CallInfo[] = [];
  const client = new VimClient({
    url: server.url,
    tls: {},
    userAgent: 'test',
    onCall: (info) => calls.push(info),
    ...options,
  });
  open.push(client, server);
  return { server, client, calls };
}

/** What stock soap lets past its callers; two of the answers below end the process with it. */
const strays: unknown[] = [];
const stray = (error: unknown) => strays.push(error);
beforeAll(() => {
  process.on('unhandledRejection', stray);
  process.on('uncaughtException', stray);
});
afterAll(() => {
  process.off('unhandledRejection', stray);
  process.off('uncaughtException', stray);
});

describe('a bad answer', () => {
  const long = time.replace('</soapenv:Body>', `${' '.repeat(200_000)}</soapenv:Body>`);
  const cut =
    (status: number, text: string, sent: number): Answer =>
    (response) => {
      response.writeHead(status, { 'content-length': text.length });
      response.write(text.slice(0, sent), () => setTimeout(() => response.destroy(), 20));
    };
  const whole =
    (status: number, text: string): Answer =>
    (response) => {
      response.statusCode = status;
      response.end(text);
    };
  const transport = {
    name: expect.stringMatching(/Error$/),
    code: expect.stringMatching(/^(UND_ERR_SOCKET|ECONNRESET)$/),
  };

  test.each<[string, Answer, object]>([
    ['a fault with status 500', whole(500, notAuthenticated), { name: 'VimFault', faultName: 'NotAuthenticated' }],
    ['a fault with status 200', whole(200, notAuthenticated), { name: 'VimFault', faultName: 'NotAuthenticated' }],
    [
      'HTML with status 502',
      whole(502, '<html><body><h1>Bad Gateway</h1><br></body></html>'),
      { name: 'HttpError', status: 502 },
    ],
    ['nothing with status 503', whole(503, ''), { name: 'HttpError', status: 503 }],
    ['text with status 500', whole(500, 'internal error'), { name: 'HttpError', status: 500 }],
    ['JSON with status 500', whole(500, '{"error":"x"}'), { name: 'HttpError', status: 500 }],
    ['half an envelope with status 500', whole(500, notAuthenticated.slice(0, 300)), { name: 'XmlError' }],
    ['nothing with status 200', whole(200, ''), { name: 'XmlError' }],
    ['HTML with status 200', whole(200, '<html><head></head><body>login</body></html>'), { name: 'XmlError' }],
    ['JSON with status 200', whole(200, '{"a":1}'), { name: 'XmlError' }],
    ['half an envelope with status 200', whole(200, time.slice(0, 250)), { name: 'XmlError' }],
    ['an envelope without a body', whole(200, '<Envelope></Envelope>'), { name: 'XmlError' }],
    [
      'an empty body',
      whole(200, envelope('')),
      { name: 'XmlError', message: 'The answer is not a CurrentTimeResponse' },
    ],
    ['the answer to another call', whole(200, envelope('<LoginResponse xmlns="urn:vim25"/>')), { name: 'XmlError' }],
    ['an element that nobody knows', whole(200, envelope('<OtherResponse xmlns="urn:other"/>')), { name: 'XmlError' }],
    [
      'text in place of an answer',
      whole(200, envelope('<CurrentTimeResponse>x</CurrentTimeResponse>')),
      { name: 'XmlError' },
    ],
    [
      'an answer without what it must return',
      whole(200, envelope('<CurrentTimeResponse xmlns="urn:vim25"/>')),
      { name: 'XmlError', message: 'The CurrentTimeResponse is empty' },
    ],
    ['a reset within a 200', cut(200, long, 100_000), transport],
    ['a reset within a 500', cut(500, notAuthenticated, 100), transport],
    ['a reset before any answer', (response) => response.destroy(), transport],
  ])('that is %s rejects as what it is, and the next call succeeds', async (_what, answer, error) => {
    let first = true;
    const { client } = await start((response, request) => {
      (first ? answer : whole(200, time))(response, request);
      first = false;
    });
    const caught = await client.call('CurrentTime', instance, {}).catch((reason) => reason);
    expect(caught).toBeInstanceOf(Error);
    expect(caught).toMatchObject(error);
    for (const key of ['response', 'body', 'config']) expect(caught).not.toHaveProperty(key);
    expect(await client.call('CurrentTime', instance, {})).toEqual(new Date('2026-01-01T00:00:00Z'));
  });

  test.each<[string, Answer]>([
    ['none', () => {}],
    [
      'one that stalls in a 200',
      (response) => response.writeHead(200, { 'content-length': 5000 }).write(time.slice(0, 100)),
    ],
    [
      'one that stalls in a 500',
      (response) => response.writeHead(500, { 'content-length': 5000 }).write(notAuthenticated.slice(0, 100)),
    ],
  ])('that is %s ends with the deadline, and the connection with it', async (_what, answer) => {
    let closed = 0;
    const { client } = await start((response, request) => {
      response.on('close', () => {
        closed += 1;
      });
      answer(response, request);
    });
    const caught = await client.call('CurrentTime', instance, {}, { timeoutMs: 50 }).catch((reason) => reason);
    expect(caught).toBeInstanceOf(TimeoutError);
    expect(caught.message).toBe('CurrentTime was not answered within 0.05 s');
    await expect.poll(() => closed).toBe(1);
  });

  test('leaves nothing behind that would end the process', () => {
    expect(strays).toEqual([]);
  });
});

describe('a caller', () => {
  test('who leaves gets back the reason it left with, at any moment', async () => {
    const { client, server } = await start((response) => response.writeHead(200).write(time.slice(0, 100)));
    const reason = new DOMException('The client left', 'AbortError');
    await expect(client.call('CurrentTime', instance, {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.requests).toHaveLength(0);
    const controller = new AbortController();
    const call = client.call('CurrentTime', instance, {}, { signal: controller.signal, longPoll: true });
    await expect.poll(() => server.requests.length).toBe(1);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  test('who stays leaves no listener on its signal', async () => {
    const { client } = await start((response) => response.end(time));
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    await client.call('CurrentTime', instance, {}, { signal });
    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
  });

  test('whose arguments do not fit sends nothing', async () => {
    const { client, server, calls } = await start((response) => response.end(time));
    const wrong = client.call('Login', { $type: 'SessionManager', value: 's' }, { userName: 'u', password: '\0' });
    await expect(wrong).rejects.toThrow(EncodeError);
    expect(server.requests).toHaveLength(0);
    expect(calls).toEqual([]);
  });

  test('with many calls at once gets each its own answer', async () => {
    const { client } = await start((response, { body }) => {
      const name = /<newName>(.*)<\/newName>/.exec(body)?.[1];
      setImmediate(() =>
        response.end(
          envelope(
            `<Rename_TaskResponse xmlns="urn:vim25"><returnval type="Task">${name}</returnval></Rename_TaskResponse>`,
          ),
        ),
      );
    });
    const names = Array.from({ length: 200 }, (_, i) => `task-${i}`);
    const tasks = await Promise.all(
      names.map((newName) => client.call('Rename_Task', { $type: 'Folder', value: 'f' }, { newName })),
    );
    expect(tasks).toEqual(names.map((value) => ({ $type: 'Task', value })));
  });
});

describe('a result', () => {
  test('that is an array is one, also when it is empty', async () => {
    const { client } = await start((response) =>
      response.end(envelope('<FindAllByUuidResponse xmlns="urn:vim25"></FindAllByUuidResponse>')),
    );
    expect(
      await client.call('FindAllByUuid', { $type: 'SearchIndex', value: 's' }, { uuid: 'u', vmSearch: true }),
    ).toEqual([]);
  });

  test('that may be missing, and that of a method without one, is undefined', async () => {
    const { client } = await start((response, { body }) => {
      const method = /<soap:Body><(\w+)/.exec(body)?.[1];
      response.end(envelope(`<${method}Response xmlns="urn:vim25"/>`));
    });
    expect(
      await client.call('FindByUuid', { $type: 'SearchIndex', value: 's' }, { uuid: 'u', vmSearch: true }),
    ).toBeUndefined();
    expect(await client.call('Logout', { $type: 'SessionManager', value: 's' }, {})).toBeUndefined();
  });
});

describe('the API version', () => {
  test('goes into SOAPAction from the call on that follows', async () => {
    const { client, server } = await start((response) => response.end(time));
    await client.call('CurrentTime', instance, {});
    client.setApiVersion('8.0.3.0');
    await client.call('CurrentTime', instance, {});
    expect(server.requests.map(({ headers }) => headers['soapaction'])).toEqual([
      '"urn:vim25/6.5"',
      '"urn:vim25/8.0.3.0"',
    ]);
  });

  test('is chosen from what the server lists, newest first', async () => {
    const xml = `<?xml version="1.0"?><namespaces version="1.0">
      <namespace><name>urn:other</name><version>99.0</version></namespace>
      <namespace><name>urn:vim25</name><version>8.0.3.0</version><priorVersions><version>7.0.3.0</version><version>8.0.10.0</version><version>6.7</version><version>2.5u2</version></priorVersions></namespace></namespaces>`;
    const { client, server } = await start((response) => response.end(xml));
    expect(await client.apiVersions()).toEqual(['8.0.10.0', '8.0.3.0', '7.0.3.0', '6.7']);
    expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/sdk/vimServiceVersions.xml' });
  });

  test('list may be missing, unreadable or late', async () => {
    const { client } = await start((response) => {
      response.statusCode = 404;
      response.end();
    });
    await expect(client.apiVersions()).rejects.toThrow(HttpError);
    const { client: other } = await start((response) => response.end('<namespaces>'));
    await expect(other.apiVersions()).rejects.toThrow(XmlError);
    const { client: silent } = await start(() => {});
    const reason = new Error('closing');
    const controller = new AbortController();
    const asked = silent.apiVersions(controller.signal);
    controller.abort(reason);
    await expect(asked).rejects.toBe(reason);
  });
});

describe('a password', () => {
  const login = (client: VimClient) =>
    client.call('Login', { $type: 'SessionManager', value: 's' }, { userName: 'u', password: 'canary-secret' });

  test.each<[string, Answer]>([
    ['a fault', (response) => response.writeHead(500).end(fault('InvalidLogin', 'no'))],
    ['HTML', (response) => response.writeHead(502).end('<html/>')],
    ['half an answer', (response) => response.end(time.slice(0, 100))],
    ['no answer', (response) => response.destroy()],
  ])('is in nothing that %s leaves', async (_what, answer) => {
    const { client, calls } = await start(answer);
    const error = await login(client).catch((caught) => caught);
    expect(inspect([error, calls], { depth: 20, showHidden: true })).not.toContain('canary-secret');
  });

  test('is not kept by soap', async () => {
    const { client } = await start((response) =>
      response.end(envelope('<LoginResponse xmlns="urn:vim25"><returnval><key>k</key></returnval></LoginResponse>')),
    );
    const seen = vi.spyOn(Client.prototype, 'setSOAPAction');
    client.setApiVersion('8.0');
    await login(client);
    const [soap] = seen.mock.contexts;
    seen.mockRestore();
    expect(soap).toBeInstanceOf(Client);
    expect(inspect(soap, { depth: 2, showHidden: true })).not.toContain('canary-secret');
  });
});

describe('onCall', () => {
  test.each<[string, Answer, string]>([
    ['ok', (response) => response.end(time), 'ok'],
    ['the fault', (response) => response.writeHead(500).end(notAuthenticated), 'NotAuthenticated'],
    ['malformed', (response) => response.end('<a>'), 'malformed'],
    ['http', (response) => response.writeHead(503).end(), 'http'],
    ['timeout', () => {}, 'timeout'],
    ['the code of the transport', (response) => response.destroy(), 'UND_ERR_SOCKET'],
  ])('hears of every call that ended: %s', async (_what, answer, outcome) => {
    const { client, calls } = await start(answer);
    await client.call('CurrentTime', instance, {}, { timeoutMs: 100 }).catch(() => {});
    expect(calls).toEqual([
      {
        method: 'CurrentTime',
        ms: expect.any(Number),
        outcome,
        ...(outcome === 'ok' ? { bytes: time.length } : outcome === 'malformed' ? { bytes: 3 } : {}),
      },
    ]);
  });

  test('hears that the caller left', async () => {
    const { client, server, calls } = await start(() => {});
    const controller = new AbortController();
    const call = client.call('CurrentTime', instance, {}, { signal: controller.signal });
    await expect.poll(() => server.requests.length).toBe(1);
    controller.abort();
    await expect(call).rejects.toThrow('aborted');
    expect(calls).toMatchObject([{ outcome: 'aborted' }]);
  });
});

test('an answer over the limit of bytes is refused', async () => {
  const { client } = await start(
    (response) => response.end(time.replace('</soapenv:Body>', `${' '.repeat(2000)}</soapenv:Body>`)),
    { maxResponseBytes: 1000 },
  );
  await expect(client.call('CurrentTime', instance, {})).rejects.toThrow('The answer has more than 1000 bytes');
});

test('a closed client refuses calls, under way and new', async () => {
  const { client, server } = await start(() => {});
  const call = client.call('CurrentTime', instance, {}).catch((error) => error);
  await expect.poll(() => server.requests.length).toBe(1);
  await client.close();
  expect(await call).toMatchObject({ code: 'UND_ERR_DESTROYED' });
  await expect(client.call('CurrentTime', instance, {})).rejects.toMatchObject({ code: 'UND_ERR_DESTROYED' });
});

test('a fault is a VimFault with typed fields', async () => {
  const { client } = await start((response) =>
    response.writeHead(500).end(fault('TooManyGuestLogons', 'Too many.', '')),
  );
  await expect(client.call('CurrentTime', instance, {})).rejects.toThrow(VimFault);
});
