import { createHash, X509Certificate } from 'node:crypto';
import { type AddressInfo, createServer as createPlainServer } from 'node:net';
import { createServer } from 'node:tls';
import { Pool } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { connector, TlsError, type TlsOptions } from '../../src/vsphere/tls.ts';
import {
  CA,
  CERT,
  EXPIRED_CERT,
  FUTURE_CERT,
  KEY,
  OTHER_HOST_CERT,
  SELF_SIGNED_CERT,
} from '../support/certificates.ts';

const sha256 = (pem: string) => createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
const colons = (hex: string) => hex.toUpperCase().replace(/..(?=.)/g, '$&:');
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** A server that shows a certificate and notes every byte that comes to it through TLS. */
async function start(cert: string, options: TlsOptions) {
  const seen = { text: '', sessions: 0, resumed: 0 };
  const server = createServer({ cert, key: KEY }, (socket) => {
    seen.sessions += 1;
    if (socket.isSessionReused()) seen.resumed += 1;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      seen.text += data;
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
    });
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const pool = new Pool(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, { connect: connector(options) });
  open.push(
    { close: async () => pool.destroy() },
    { close: () => new Promise((resolve) => server.close(() => resolve())) },
  );
  const get = async () => (await pool.request({ method: 'GET', path: '/' })).body.text();
  return { get, seen };
}

describe('a certificate is taken', () => {
  test.each<[string, string, TlsOptions]>([
    ['when the CA given has signed it', CERT, { ca: CA }],
    ['when it is the CA given', SELF_SIGNED_CERT, { ca: SELF_SIGNED_CERT }],
    ['when one of several CAs has signed it', CERT, { ca: `${SELF_SIGNED_CERT}\n${CA}` }],
    ['when it is pinned', SELF_SIGNED_CERT, { pins: [sha256(SELF_SIGNED_CERT)] }],
    [
      'when it is the second pin, with colons and capitals',
      CERT,
      { pins: [sha256(SELF_SIGNED_CERT), colons(sha256(CERT))] },
    ],
    [
      'when it is pinned, whoever signed it and for whichever host',
      OTHER_HOST_CERT,
      { ca: SELF_SIGNED_CERT, pins: [sha256(OTHER_HOST_CERT)] },
    ],
    ['when anybody is trusted', EXPIRED_CERT, { insecure: true }],
  ])('%s', async (_why, cert, options) => {
    const { get } = await start(cert, options);
    expect(await get()).toBe('ok');
  });
});

describe('a certificate is refused, and named, before a byte is sent', () => {
  test.each<[string, string, TlsOptions, string, string]>([
    ['when nobody known has signed it', CERT, {}, 'untrusted', 'its issuer is not trusted'],
    ['when it is self-signed', SELF_SIGNED_CERT, {}, 'self_signed', 'it is self-signed'],
    ['when another CA was given', CERT, { ca: SELF_SIGNED_CERT }, 'untrusted', 'its issuer is not trusted'],
    ['when it has expired', EXPIRED_CERT, { ca: CA }, 'expired', 'it has expired'],
    ['when it is not valid yet', FUTURE_CERT, { ca: CA }, 'not_yet_valid', 'it is not valid yet'],
    ['when it is for another host', OTHER_HOST_CERT, { ca: CA }, 'host_mismatch', 'it is for another host'],
    [
      'when another is pinned',
      CERT,
      { pins: [sha256(SELF_SIGNED_CERT)] },
      'pin_mismatch',
      'it is not one of those pinned',
    ],
    [
      'when another is pinned, though the CA has signed it',
      CERT,
      { ca: CA, pins: [sha256(SELF_SIGNED_CERT)] },
      'pin_mismatch',
      'pinned',
    ],
    [
      'when another is pinned, though anybody is trusted',
      CERT,
      { insecure: true, pins: [sha256(SELF_SIGNED_CERT)] },
      'pin_mismatch',
      'pinned',
    ],
  ])('%s', async (_why, cert, options, reason, words) => {
    const { get, seen } = await start(cert, options);
    const error = await get().catch((caught) => caught);
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ reason, sha256: sha256(cert) });
    expect(error.message).toContain(words);
    expect(error.message).toContain(sha256(cert));
    expect(error.message).toContain('127.0.0.1');
    expect(seen.text).toBe('');
  });
});

test('no TLS session is resumed, because a resumed one shows no certificate', async () => {
  const { get, seen } = await start(CERT, { pins: [sha256(CERT)] });
  for (let i = 0; i < 3; i += 1) await get();
  expect(seen).toMatchObject({ sessions: 3, resumed: 0 });
});

describe('settings that cannot be meant are refused at once', () => {
  test.each<[string, TlsOptions]>([
    ['an empty pin', { pins: [''] }],
    ['a pin of SHA-1', { pins: ['a'.repeat(40)] }],
    ['a CA that is no PEM', { ca: 'not a certificate' }],
    ['a CA that is broken', { ca: CA.replace('MII', 'XXX') }],
  ])('%s', (_what, options) => {
    expect(() => connector(options)).toThrow();
  });
});

test('a server that does not come to an agreement in time is given up', async () => {
  const server = createPlainServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pool = new Pool(origin, { connect: connector({ connectTimeoutMs: 100 }) });
  open.push({ close: async () => pool.destroy() }, { close: async () => void server.close() });
  await expect(pool.request({ method: 'GET', path: '/' })).rejects.toMatchObject({ code: 'UND_ERR_CONNECT_TIMEOUT' });
}, 5000);
