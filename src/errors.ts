/** The one vocabulary of failure: every code that leaves the gateway, with what it means on each door. */

interface Kind {
  /** Status of the REST answer. */
  http: number;
  /** JSON-RPC error code; MCP tools carry `code` in a result with `isError`. */
  rpc: number;
  /** Whether the same request may succeed later without being changed. */
  retryable: boolean;
  title: string;
}

const kind = (http: number, rpc: number, retryable: boolean, title: string): Kind => ({ http, rpc, retryable, title });

/** JSON-RPC's own codes where the specification has one; -32000 is "the server could not", and `data.code` says why. */
export const ERROR_TABLE = {
  // What is wrong with the request.
  invalid_json: kind(400, -32700, false, 'The body is not valid JSON'),
  invalid_request: kind(400, -32600, false, 'The request cannot be read'),
  invalid_input: kind(400, -32602, false, 'The input does not fit the operation'),
  invalid_argument: kind(400, -32602, false, 'vSphere refused an argument'),
  unauthenticated: kind(401, -32000, false, 'A valid key is needed'),
  scope_required: kind(403, -32000, false, 'The key lacks a scope'),
  not_found: kind(404, -32000, false, 'Not found'),
  unknown_operation: kind(404, -32601, false, 'No such operation'),
  method_not_allowed: kind(405, -32000, false, 'Method not allowed here'),
  not_acceptable: kind(406, -32000, false, 'No representation that the client accepts'),
  payload_too_large: kind(413, -32000, false, 'The request is too large'),
  uri_too_long: kind(414, -32000, false, 'The address is too long'),
  unsupported_media_type: kind(415, -32000, false, 'Content type not supported'),
  request_timeout: kind(408, -32000, true, 'The request did not arrive in time'),
  headers_too_large: kind(431, -32000, false, 'The headers are too large'),
  rate_limited: kind(429, -32000, true, 'Too many requests'),
  // What is wrong with the moment or the object.
  ambiguous_name: kind(409, -32000, false, 'The name fits several objects'),
  confirmation_required: kind(409, -32000, false, 'Confirmation needed'),
  already_exists: kind(409, -32000, false, 'Already exists'),
  invalid_power_state: kind(409, -32000, false, 'The power state does not allow this'),
  invalid_state: kind(409, -32000, false, 'The state of the object does not allow this'),
  question_pending: kind(409, -32000, true, 'The VM waits for an answer'),
  busy: kind(409, -32000, true, 'The object is busy'),
  in_use: kind(409, -32000, false, 'The object is in use'),
  disabled: kind(409, -32000, false, 'The method is disabled for this object'),
  snapshot_failed: kind(409, -32000, false, 'The snapshot operation failed'),
  incompatible: kind(409, -32000, false, 'The target is not compatible'),
  insufficient_resources: kind(409, -32000, false, 'Not enough resources'),
  file_failed: kind(409, -32000, false, 'A file operation failed'),
  guest_unavailable: kind(409, -32000, true, 'VMware Tools are not available in the guest'),
  upstream_fault: kind(409, -32000, false, 'vSphere refused the operation'),
  file_too_large: kind(413, -32000, false, 'The file is too large'),
  invalid_config: kind(422, -32602, false, 'vSphere refused the configuration'),
  // What vSphere does not allow us.
  upstream_forbidden: kind(403, -32000, false, "The gateway's vSphere account lacks a privilege"),
  upstream_license: kind(403, -32000, false, 'The vSphere licence does not allow this'),
  upstream_restricted: kind(403, -32000, false, 'The vSphere administrator restricts this'),
  guest_auth: kind(403, -32000, false, 'The guest refused the credentials'),
  upstream_limit: kind(429, -32000, true, 'A limit of vSphere is reached'),
  // What went wrong behind or inside the gateway.
  internal: kind(500, -32603, false, 'The gateway failed'),
  not_supported: kind(501, -32000, false, 'Not supported by this vSphere'),
  upstream_error: kind(502, -32000, true, 'vSphere failed'),
  upstream_malformed: kind(502, -32000, true, 'vSphere sent an answer that cannot be read'),
  host_unreachable: kind(502, -32000, true, 'vCenter cannot reach the host'),
  host_tls: kind(502, -32000, false, "The host's certificate is not trusted"),
  upstream_session: kind(503, -32000, true, 'The vSphere session was lost'),
  upstream_auth: kind(503, -32000, false, "vSphere refuses the gateway's credentials"),
  upstream_tls: kind(503, -32000, false, "vSphere's certificate is not trusted"),
  upstream_cancelled: kind(503, -32000, true, 'vSphere cancelled the request'),
  upstream_unavailable: kind(503, -32000, true, 'vSphere cannot be reached'),
  inventory_loading: kind(503, -32000, true, 'The inventory is still loading'),
  shutting_down: kind(503, -32000, true, 'The gateway is shutting down'),
  overloaded: kind(503, -32000, true, 'The gateway is at its limit'),
  audit_unavailable: kind(503, -32000, true, 'The audit log cannot be written'),
  upstream_timeout: kind(504, -32000, true, 'vSphere did not answer in time'),
  insufficient_storage: kind(507, -32000, false, 'Not enough storage'),
} as const satisfies Record<string, Kind>;

export type ErrorCode = keyof typeof ERROR_TABLE;

/** One field that is wrong: where, as an RFC 6901 pointer into the input, and why. */
export interface FieldError {
  pointer: string;
  message: string;
}

/** What may stand in an error beside its code and detail. */
export interface ErrorExtras {
  errors?: FieldError[];
  /** vSphere's type name of the fault, e.g. `InvalidPowerState`. */
  fault?: string;
  /** Fields of the fault, or other facts a program may act on. */
  details?: Record<string, unknown>;
  /** For `ambiguous_name`: what it could have meant. */
  candidates?: { id: string; name: string; path?: string }[];
  task_id?: string;
  /** Seconds. */
  retry_after?: number;
  /** For 405. */
  allow?: string[];
  /** Overrides the table, e.g. a timed-out write must not be repeated blindly. */
  retryable?: boolean;
  cause?: unknown;
}

/** Texts quote what callers sent; no control character of theirs reaches a terminal or a log through us. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\ufffd').slice(0, 2_000);
}

/** An error whose text a caller may read. Everything else that is thrown leaves as `internal`. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly extras: Omit<ErrorExtras, 'cause'>;

  /** @param detail one sentence that says what is wrong and, where there is one, the next step. */
  constructor(code: ErrorCode, detail: string, { cause, ...extras }: ErrorExtras = {}) {
    super(printable(detail), cause === undefined ? undefined : { cause });
    this.name = 'GatewayError';
    this.code = code;
    this.extras = extras;
  }

  get status(): number {
    return ERROR_TABLE[this.code].http;
  }

  get retryable(): boolean {
    return this.extras.retryable ?? ERROR_TABLE[this.code].retryable;
  }
}

/** Anything thrown, as something a caller may see. The original stays as `cause`, for the log alone. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError('internal', 'The gateway failed; the request id finds the reason in its log.', {
    cause: error,
  });
}

/** The body of every error on REST, and `data` of every JSON-RPC and MCP error (RFC 9457). */
export interface Problem extends Omit<ErrorExtras, 'cause' | 'allow'> {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  retryable: boolean;
  instance?: string;
  request_id?: string;
}

/** @param instance path of the request, without its query. */
export function toProblem(error: GatewayError, requestId?: string, instance?: string): Problem {
  const { http, title } = ERROR_TABLE[error.code];
  const { allow: _allow, ...extras } = error.extras;
  return {
    type: `urn:vsphere-gateway:problem:${error.code}`,
    title,
    status: http,
    detail: error.message,
    code: error.code,
    ...extras,
    retryable: error.retryable,
    ...(instance === undefined ? {} : { instance }),
    ...(requestId === undefined ? {} : { request_id: requestId }),
  };
}
