/** Which errors say that vCenter could not be reached, as opposed to vCenter saying no. */
import { GatewayError } from '../errors.ts';
import type { Verdict } from './breaker.ts';
import { HttpError, TimeoutError } from './http.ts';
import { TlsError } from './tls.ts';

/**
 * `connect`: no connection came about, so nothing of the call was sent; `broken`: it broke while the call was under way;
 * `timeout`: no answer by our deadline; `http`: a proxy answered in vCenter's place; `tls`: its certificate is not trusted.
 */
export type Outage = 'connect' | 'broken' | 'timeout' | 'http' | 'tls';

const BY_CODE = new Map<string, Outage>([
  ...'ECONNREFUSED ENOTFOUND EAI_AGAIN EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN EADDRNOTAVAIL UND_ERR_CONNECT_TIMEOUT'
    .split(' ')
    .map((code) => [code, 'connect'] as const),
  ...'ECONNRESET ECONNABORTED EPIPE ETIMEDOUT UND_ERR_SOCKET'.split(' ').map((code) => [code, 'broken'] as const),
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
  ['UND_ERR_BODY_TIMEOUT', 'timeout'],
]);

/** The `code` of Node's and undici's errors, looked for along the causes; undefined where there is none. */
export function errorCode(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return undefined;
}

/** How vCenter could not be reached; undefined when it could, or when the error has nothing to do with it. */
export function outageOf(error: unknown): Outage | undefined {
  if (error instanceof TlsError) return 'tls';
  if (error instanceof TimeoutError) return 'timeout';
  if (error instanceof HttpError)
    return error.status === 502 || error.status === 503 || error.status === 504 ? 'http' : undefined;
  return BY_CODE.get(errorCode(error) ?? '');
}

/** Whether our own side ended the call: the caller left, or the gateway closes. It says nothing about vCenter. */
export function isOurs(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  const code = errorCode(error);
  return (
    error.name === 'AbortError' ||
    code === 'UND_ERR_DESTROYED' ||
    code === 'UND_ERR_CLOSED' ||
    code === 'UND_ERR_ABORTED'
  );
}

/** What the end of a call says of vCenter: it is out of reach, it answered (be it with a fault), or nothing. */
export function judge(error: unknown, signal?: AbortSignal): Verdict {
  if (signal?.aborted || error instanceof GatewayError || isOurs(error)) return 'silent';
  return outageOf(error) === undefined ? 'answer' : 'outage';
}
