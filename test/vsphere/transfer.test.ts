/** Where files are sent to and fetched from, and where on no account. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { VcenterConfig } from '../../src/config/schema.ts';
import { GatewayError } from '../../src/errors.ts';
import { Transfer } from '../../src/vsphere/transfer.ts';
import { CA, CERT, EXPIRED_CERT, KEY, SELF_SIGNED_CERT } from '../support/certificates.ts';
import { type Answer, type SoapServer, startSoapServer } from '../support/soap-server.ts';

let directory: string;
let caFile: string;
let server: SoapServer | undefined;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'transfer-'));
  caFile = join(directory, 'ca.pem');
  writeFileSync(caFile, CA);
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const ok: Answer = (response) => response.end('content');

/** A server on 127.0.0.1, and its port. */
async function serve(answer: Answer = ok, cert = CERT): Promise<string> {
  server = await startSoapServer(answer, { cert, key: KEY });
  return new URL(server.url).port;
}

const config = (url: string, settings: Partial<VcenterConfig> = {}): VcenterConfig => ({
  name: 'lab',
  url,
  username: 'u',
  password: 'p',
  ca_file: caFile,
  pins: [],
  insecure: false,
  request_timeout: 30,
  connect_timeout: 10,
  max_connections: 6,
  ...settings,
});
const VCENTER = 'https://vcenter.example/sdk';
const transferTo = (url: string, settings?: Partial<VcenterConfig>) => new Transfer(config(url, settings), 'gateway/1');
const loopback = { isKnownHost: (host: string) => host === '127.0.0.1', maxBytes: 100 };
const nobody = { isKnownHost: () => false, maxBytes: 100 };

async function refusal(promise: Promise<unknown>): Promise<GatewayError> {
  const error: unknown = await promise.then(
    () => new Error('it went through'),
    (reason: unknown) => reason,
  );
  if (error instanceof GatewayError) return error;
  throw error;
}

describe('a file', () => {
  it('comes from the vCenter, at the port the gateway knows, when its address says *', async () => {
    const port = await serve();
    const got = await transferTo(`https://127.0.0.1:${port}/sdk`).download(
      'https://*:443/guestFile?id=1&t=%20x',
      nobody,
    );
    expect([got.content.toString(), got.truncated]).toEqual(['content', false]);
    expect(server?.requests).toMatchObject([
      { method: 'GET', path: '/guestFile?id=1&t=%20x', headers: { 'user-agent': 'gateway/1' } },
    ]);
  });

  it('comes from a host of the inventory, judged as the vCenter is', async () => {
    const port = await serve();
    const got = await transferTo(VCENTER).download(`https://127.0.0.1:${port}/f`, loopback);
    expect(got.content.toString()).toBe('content');
  });

  it('is sent whole, with its length', async () => {
    const port = await serve();
    await transferTo(VCENTER).upload(`https://127.0.0.1:${port}/f`, Buffer.from('abc'), loopback);
    expect(server?.requests).toMatchObject([{ method: 'PUT', body: 'abc', headers: { 'content-length': '3' } }]);
  });

  it('goes with the login to the vCenter, and without it to a host', async () => {
    const port = await serve();
    const options = { ...loopback, cookie: 'vmware_soap_session=x' };
    await transferTo(`https://127.0.0.1:${port}/sdk`).download('https://*/f', options);
    await transferTo(VCENTER).download(`https://127.0.0.1:${port}/f`, options);
    expect(server?.requests.map(({ headers }) => headers.cookie)).toEqual(['vmware_soap_session=x', undefined]);
  });

  it('is read no further than asked', async () => {
    const port = await serve((response) => response.end(Buffer.alloc(5_000_000, 'x')));
    const got = await transferTo(VCENTER).download(`https://127.0.0.1:${port}/f`, loopback);
    expect([got.content.length, got.truncated]).toEqual([100, true]);
  });
});

describe('nothing is sent', () => {
  it.each([
    ['a host outside the inventory', 'https://evil.example/f'],
    ['a subdomain of the vCenter', 'https://x.vcenter.example/f'],
    ['the metadata address of clouds, written as a number', 'https://2852039166/f'],
    ['an address that is none', 'guestFile?id=1'],
    ['an address with credentials', 'https://u:p@127.0.0.1/f'],
    ['a known host without encryption', 'http://127.0.0.1/f'],
    ['a file of this machine', 'file:///etc/passwd'],
  ])('to %s', async (_what, address) => {
    const error = await refusal(transferTo(VCENTER).download(address, loopback));
    expect([error.code, error.retryable]).toEqual(['upstream_malformed', false]);
    expect(error.message).toContain('nothing was sent');
  });

  it.each([
    ['that has expired', EXPIRED_CERT, {}, 'expired'],
    ['that nobody vouches for', SELF_SIGNED_CERT, {}, 'self-signed'],
    ['other than those pinned', CERT, { ca_file: undefined, pins: ['00'.repeat(32)] }, 'pinned'],
  ])('to a host with a certificate %s', async (_what, cert, settings, why) => {
    const port = await serve(ok, cert);
    const upload = transferTo(VCENTER, settings).upload(`https://127.0.0.1:${port}/f`, Buffer.from('secret'), loopback);
    const error = await refusal(upload);
    expect([error.code, error.message]).toEqual(['host_tls', expect.stringContaining(why)]);
    expect(server?.requests).toEqual([]);
  });
});

describe('a transfer fails', () => {
  it('as host_unreachable where the host does not answer', async () => {
    const port = await serve();
    await server?.close();
    const error = await refusal(transferTo(VCENTER).download(`https://127.0.0.1:${port}/f`, loopback));
    expect([error.code, error.message]).toEqual(['host_unreachable', expect.stringContaining('the host 127.0.0.1')]);
  });

  it('as upstream_unavailable where it is the vCenter that does not', async () => {
    const port = await serve();
    await server?.close();
    const error = await refusal(transferTo(`https://127.0.0.1:${port}/sdk`).download('https://*/f', nobody));
    expect(error.code).toBe('upstream_unavailable');
  });

  it('when the host is silent for longer than request_timeout', async () => {
    const port = await serve(() => {});
    const transfer = transferTo(VCENTER, { request_timeout: 1 });
    expect((await refusal(transfer.download(`https://127.0.0.1:${port}/f`, loopback))).code).toBe('host_unreachable');
  });

  it('when the file breaks off in the middle', async () => {
    const port = await serve((response) => {
      response.writeHead(200, { 'content-length': 50 });
      response.write('half', () => response.socket?.destroy());
    });
    const error = await refusal(transferTo(VCENTER).download(`https://127.0.0.1:${port}/f`, loopback));
    expect(error.code).toBe('host_unreachable');
  });

  it('at a redirection, which is not followed', async () => {
    const port = await serve((response) => {
      response.writeHead(302, { location: 'https://127.0.0.1:1/elsewhere' });
      response.end();
    });
    const error = await refusal(transferTo(VCENTER).download(`https://127.0.0.1:${port}/f`, loopback));
    expect([error.code, error.extras.details]).toEqual(['upstream_error', { http_status: 302 }]);
    expect(server?.requests).toHaveLength(1);
  });

  it('when its caller leaves', async () => {
    const controller = new AbortController();
    const gone = new GatewayError('request_timeout', 'The client left before the answer.');
    const port = await serve(() => controller.abort(gone));
    const options = { ...loopback, signal: controller.signal };
    expect(await refusal(transferTo(VCENTER).download(`https://127.0.0.1:${port}/f`, options))).toBe(gone);
  });
});
