/** Every failure, the framework's own included, has the one documented shape and tells nothing it should not. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_TABLE } from '../../src/errors.ts';
import { type Answer, type Gateway, startGateway } from '../support/gateway.ts';
import { type Lab, startLab } from '../support/lab.ts';

let lab: Lab;
let gateway: Gateway;
let vm: string;
beforeAll(async () => {
  lab = await startLab({ vms: 5, args: ['-still'] });
  gateway = await startGateway({ vcenters: [lab.config()], config: { metrics: { enabled: false } } });
  vm = gateway.app.services.inventory
    .all('vm')
    .find(({ power_state, template }) => power_state === 'on' && !template)!.id;
});
afterAll(async () => {
  await gateway?.close();
  await lab?.stop();
});

function expectProblem(body: Answer['body'], code: string): void {
  const { http } = ERROR_TABLE[code as keyof typeof ERROR_TABLE];
  expect(body).toMatchObject({
    type: `urn:vsphere-gateway:problem:${code}`,
    code,
    status: http,
    title: expect.any(String),
    detail: expect.stringMatching(/\S+.*[.?]$/),
    retryable: expect.any(Boolean),
  });
  expect(JSON.stringify(body)).not.toMatch(/\n\s+at |Envelope|soapenv|node_modules|\.ts:|\.js:/);
}

const json = { 'content-type': 'application/json' };

const CASES: [string, () => Promise<Answer>, string][] = [
  ['no key', () => gateway.get('/v1/vms', { key: null }), 'unauthenticated'],
  ['a wrong key', () => gateway.get('/v1/vms', { key: `${gateway.key.slice(0, -1)}x` }), 'unauthenticated'],
  ['an unknown address', () => gateway.get('/v1/nothing'), 'not_found'],
  ['an unknown address without a key', () => gateway.get('/nothing', { key: null }), 'unauthenticated'],
  ['an unknown object', () => gateway.get('/v1/vms/lab:vm-0'), 'not_found'],
  ['a wrong method', () => gateway.request('PUT', '/v1/vms'), 'method_not_allowed'],
  ['a wrong method on the stream', () => gateway.post('/v1/stream', {}), 'method_not_allowed'],
  [
    'broken JSON',
    () => gateway.request('POST', `/v1/vms/${vm}/power`, { body: '{"action":', headers: json }),
    'invalid_json',
  ],
  [
    'JSON that poisons prototypes',
    () => gateway.request('POST', `/v1/vms/${vm}/power`, { body: '{"__proto__":{"x":1}}', headers: json }),
    'invalid_json',
  ],
  ['an empty body', () => gateway.request('POST', `/v1/vms/${vm}/power`, { headers: json }), 'invalid_input'],
  ['a body that is a list', () => gateway.post(`/v1/vms/${vm}/power`, []), 'invalid_input'],
  [
    'a body of another type',
    () =>
      gateway.request('POST', `/v1/vms/${vm}/power`, { body: 'action=on', headers: { 'content-type': 'text/plain' } }),
    'unsupported_media_type',
  ],
  ['a huge body', () => gateway.post(`/v1/vms/${vm}/power`, { action: 'on'.repeat(600_000) }), 'payload_too_large'],
  ['a bad escape in the address', () => gateway.get('/v1/vms/%zz'), 'invalid_request'],
  ['a very long name', () => gateway.get(`/v1/vms/${'x'.repeat(2000)}`), 'invalid_input'],
  ['a longer part of an address than is read', () => gateway.get(`/v1/vms/${'x'.repeat(20_000)}`), 'headers_too_large'],
  ['a field given twice', () => gateway.post(`/v1/vms/${vm}/power`, { vm: 'other', action: 'on' }), 'invalid_input'],
  ['an unknown query parameter', () => gateway.get('/v1/vms?colour=red'), 'invalid_input'],
  [
    'a stream that would be JSON',
    () => gateway.get('/v1/stream', { headers: { accept: 'application/json' } }),
    'not_acceptable',
  ],
  ['an unknown topic', () => gateway.get('/v1/stream?topics=weather'), 'invalid_input'],
  ['an action that is none', () => gateway.post(`/v1/vms/${vm}/power`, { action: 'explode' }), 'invalid_input'],
];

describe('an error', () => {
  it.each(CASES)('for %s is a problem', async (_what, call, code) => {
    const { status, headers, body } = await call();
    expect([status, body.code]).toEqual([ERROR_TABLE[code as keyof typeof ERROR_TABLE].http, code]);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expectProblem(body, code);
  });

  it('of the HTTP parser is a problem, too', async () => {
    const { port } = new URL(gateway.url);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('GET /v1/vms HTTP/9.9\r\nbroken\r\n\r\n'));
      let text = '';
      socket.on('data', (data) => {
        text += data.toString();
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json/);
    expectProblem(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))), 'invalid_request');
  });

  it('for a wrong method names the right ones', async () => {
    expect((await gateway.request('DELETE', '/v1/hosts')).headers.get('allow')).toBe('GET, HEAD');
  });

  it('has the request id of the client, where it sent a sane one', async () => {
    const { headers, body } = await gateway.get('/v1/vms/lab:vm-0', { headers: { 'x-request-id': 'trace-42' } });
    expect([headers.get('x-request-id'), body.request_id]).toEqual(['trace-42', 'trace-42']);
    expect(
      (await gateway.get('/v1/about', { headers: { 'x-request-id': 'a b' } })).headers.get('x-request-id'),
    ).not.toBe('a b');
  });

  it('of vSphere keeps its type and loses its text', async () => {
    await lab.fault({ method: 'PowerOffVM_Task', fault: 'NoPermission', message: 'secret text\u0007', count: 1 });
    const { status, body } = await gateway.post(`/v1/vms/${vm}/power`, { action: 'off' });
    expect([status, body.code, body.fault]).toEqual([403, 'upstream_forbidden', 'NoPermission']);
    expectProblem(body, 'upstream_forbidden');
  });

  it('of too many requests says how long to wait', async () => {
    const limited = await startGateway({
      vcenters: [lab.config()],
      config: { metrics: { enabled: false }, limits: { per_key: { requests: 3, window: 60 } } },
    });
    let answer = await limited.get('/v1/about');
    for (let n = 0; n < 5; n += 1) answer = await limited.get('/v1/about');
    expectProblem(answer.body, 'rate_limited');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.headers.get('ratelimit')).toMatch(/r=0/);
    await limited.close();
  });
});

describe('bad input', () => {
  const hostile = [
    '',
    ' ',
    '../..',
    '<x>',
    ']]>',
    '\u0000',
    '%2e%2e',
    'a'.repeat(1100),
    "' OR 1=1",
    '{{7*7}}',
    'lab:',
    ':vm-1',
    '\ud800',
  ];

  it('costs no SOAP call and changes nothing', async () => {
    await lab.resetStats();
    for (const text of hostile) {
      const answers = [
        await gateway.get(`/v1/vms/${encodeURIComponent(Buffer.from(text).toString())}`),
        await gateway.post(`/v1/vms/${vm}/power`, { action: text }),
        await gateway.get(`/v1/vms?host=${encodeURIComponent(Buffer.from(text).toString())}`),
        await gateway.post('/v1/tasks/x/cancel', { wait: text }),
      ];
      for (const { status } of answers) expect(status).toBeGreaterThanOrEqual(400);
      for (const { status } of answers) expect(status).toBeLessThan(500);
      const rpc = await gateway.rpc('vm.power', { vm: text, action: 'off' });
      expect(rpc).toHaveProperty('error');
    }
    const { method } = await lab.stats();
    expect(Object.keys(method).filter((name) => name.endsWith('_Task') || /Guest|Cancel(?!Wait)/.test(name))).toEqual(
      [],
    );
  });
});
