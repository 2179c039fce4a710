/** Every failure that leaves by HTTP, the framework's own included, in the one documented shape (RFC 9457). */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { ERROR_TABLE, type ErrorCode, GatewayError, toGatewayError, toProblem } from '../src/errors.ts';

const PROBLEM = 'application/problem+json';

/** What Fastify's and Node's own errors mean, by their code; others go by their status. */
const FRAMEWORK: Record<string, [ErrorCode, string]> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid_json', 'The body is not valid JSON; check quotes, commas and brackets.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid_json', 'The body is empty although its type is application/json.'],
  FST_ERR_CTP_BODY_TOO_LARGE: [
    'payload_too_large',
    'The body is larger than this gateway accepts (limits.max_body_bytes).',
  ],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'Send the body as application/json.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_request', 'The body is not as long as its Content-Length says.'],
  FST_ERR_MAX_PARAM_LENGTH: ['uri_too_long', 'A part of the address is too long.'],
  FST_ERR_BAD_URL: [
    'invalid_request',
    'The address holds percent signs that are not followed by two hexadecimal digits.',
  ],
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'The headers are larger than this gateway accepts.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The request did not arrive in time.'],
};

const BY_STATUS: Record<number, ErrorCode> = {
  400: 'invalid_request',
  404: 'not_found',
  405: 'method_not_allowed',
  406: 'not_acceptable',
  408: 'request_timeout',
  413: 'payload_too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
  429: 'rate_limited',
  431: 'headers_too_large',
  503: 'overloaded',
};

function fromFramework(error: FastifyError): GatewayError {
  const known = FRAMEWORK[error.code];
  if (known !== undefined) return new GatewayError(known[0], known[1], { cause: error });
  const code = BY_STATUS[error.statusCode ?? 500];
  if (code === undefined) return toGatewayError(error);
  return new GatewayError(code, `${ERROR_TABLE[code].title}.`, { cause: error });
}

function isFrameworkError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && 'statusCode' in error;
}

/** Any thrown value as the error that its client sees. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  // secure-json-parse throws a bare SyntaxError for `__proto__` keys.
  if (error instanceof SyntaxError)
    return new GatewayError('invalid_json', 'The body is not valid JSON.', { cause: error });
  return isFrameworkError(error) ? fromFramework(error) : toGatewayError(error);
}

/** Headers that an error needs beside its body. */
function headersOf(error: GatewayError): Record<string, string> {
  const { retry_after, allow } = error.extras;
  return {
    ...(retry_after === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retry_after))) }),
    ...(allow === undefined ? {} : { allow: allow.join(', ') }),
    ...(error.code === 'unauthenticated' ? { 'www-authenticate': 'Bearer realm="vsphere-gateway"' } : {}),
  };
}

/** Sends an error and logs what its client must not see. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const seen = asGatewayError(error);
  if (seen.code === 'internal')
    request.log.error({ request_id: request.id, err: seen.cause }, 'a request failed for a reason of our own');
  const path = request.url.split('?', 1)[0];
  return reply
    .code(seen.status)
    .headers(headersOf(seen))
    .type(PROBLEM)
    .send(JSON.stringify(toProblem(seen, request.id, path)));
}

/** For errors of the HTTP parser, where there is no request yet. */
export function onClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [code, detail] = FRAMEWORK[error.code ?? ''] ?? ['invalid_request', 'The request is not valid HTTP.'];
  const body = JSON.stringify(toProblem(new GatewayError(code, detail)));
  const { http } = ERROR_TABLE[code];
  socket.end(
    `HTTP/1.1 ${http} ${STATUS_CODES[http]}\r\nContent-Type: ${PROBLEM}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Remembers the methods of every address. @returns a plugin that answers 405 with `Allow` to the others, where Fastify would say 404. */
function otherMethods(app: FastifyInstance): FastifyPluginAsync {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set();
    for (const one of [method].flat()) known.add(one);
    methods.set(url, known);
  });
  return async (last) => {
    for (const [url, known] of [...methods]) {
      // The API page registers its addresses in several spellings; they are only ever read.
      if (url.includes('*') || url.startsWith('/docs')) continue;
      const allow = [...known].sort();
      const rest = last.supportedMethods.filter((method) => !known.has(method));
      const handler = () => {
        throw new GatewayError('method_not_allowed', `Use ${allow.join(' or ')} here.`, { allow });
      };
      last.route({ method: rest, url, handler });
    }
  };
}

/** Installs the handlers on the root instance, before any route. @returns the plugin to register behind all routes. */
export function problems(app: FastifyInstance): FastifyPluginAsync {
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      new GatewayError('not_found', `There is nothing at ${request.url.split('?', 1)[0]}. /docs shows every address.`),
      request,
      reply,
    ),
  );
  return otherMethods(app);
}
