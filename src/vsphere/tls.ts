/** Who is at the other end: certificates are judged here, before a byte of a request leaves. */
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import type { VcenterConfig } from '../config/schema.ts';

export interface TlsOptions {
  /** PEM of the authorities to trust in place of the system's. */
  ca?: string;
  /** SHA-256 fingerprints in hex, colons allowed. When given, the certificate must be one of them, and nothing else counts. */
  pins?: string[];
  /** Trusts anybody. Pins still hold. */
  insecure?: boolean;
  /** For TCP and TLS together; 10 s if absent. */
  connectTimeoutMs?: number;
}

/** From a vCenter's settings. The ca_file is read each time, so that a renewed one counts without a restart. */
export function tlsOptions({ ca_file, pins, insecure, connect_timeout }: VcenterConfig): TlsOptions {
  const ca = ca_file === undefined ? undefined : readFileSync(ca_file, 'utf8');
  return { ca, pins, insecure, connectTimeoutMs: connect_timeout * 1_000 };
}

export type TlsReason = 'expired' | 'not_yet_valid' | 'self_signed' | 'untrusted' | 'host_mismatch' | 'pin_mismatch';

/** The server's certificate was refused. */
export class TlsError extends Error {
  readonly reason: TlsReason;
  /** SHA-256 of the refused certificate in hex; empty where the server showed none. */
  readonly sha256: string;

  constructor(reason: TlsReason, sha256: string, message: string) {
    super(message);
    this.name = 'TlsError';
    this.reason = reason;
    this.sha256 = sha256;
  }
}

const REASONS: Record<string, [TlsReason, string]> = {
  CERT_HAS_EXPIRED: ['expired', 'it has expired'],
  CERT_NOT_YET_VALID: ['not_yet_valid', 'it is not valid yet'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['self_signed', 'it is self-signed'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['host_mismatch', 'it is for another host'],
};

/** What undici calls for every new connection. */
export function connector(options: TlsOptions): buildConnector.connector {
  const pins = (options.pins ?? []).map(fingerprint);
  if (options.ca !== undefined) checkCa(options.ca);
  const connect = buildConnector({
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    timeout: options.connectTimeoutMs ?? 10_000,
    // Node would close the socket without telling which certificate it was; judge() below is at least as strict.
    rejectUnauthorized: false,
    // A resumed session shows no certificate to judge.
    maxCachedSessions: 0,
  });
  return (target, callback) => {
    connect(target, (error, socket) => {
      if (error !== null) return callback(error, null);
      const refused = target.protocol === 'https:' ? judge(socket, target.hostname, pins, options.insecure) : undefined;
      if (refused === undefined) return callback(null, socket);
      socket.destroy();
      callback(refused, null);
    });
  };
}

function judge(socket: Socket, host: string, pins: string[], insecure = false): TlsError | undefined {
  if (!(socket instanceof TLSSocket))
    return new TlsError('untrusted', '', `The connection to ${host} is not encrypted.`);
  const { raw } = socket.getPeerCertificate();
  const sha256 = raw === undefined ? '' : createHash('sha256').update(raw).digest('hex');
  const refuse = (reason: TlsReason, why: string) =>
    new TlsError(
      reason,
      sha256,
      `The certificate of ${host} is refused: ${why}. Its SHA-256 is ${sha256 || 'unknown'}.`,
    );
  if (pins.length > 0)
    return pins.includes(sha256) ? undefined : refuse('pin_mismatch', 'it is not one of those pinned');
  if (insecure || socket.authorized) return undefined;
  // Typed as an Error, but Node sets the code.
  const code = String(socket.authorizationError);
  return refuse(...(REASONS[code] ?? ['untrusted', `its issuer is not trusted (${code})`]));
}

function fingerprint(pin: string): string {
  const hex = pin.replaceAll(':', '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new TypeError('A pin is the SHA-256 of a certificate: 64 hex digits');
  return hex;
}

/** Node takes no notice of a CA that it cannot read, and would then trust nobody. */
function checkCa(ca: string): void {
  const certificates = ca.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs);
  if (certificates === null) throw new TypeError('The CA is not a certificate in PEM');
  for (const certificate of certificates) new X509Certificate(certificate);
}
