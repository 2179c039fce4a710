/** From an HTTP request to the call that the pipeline knows. */
import { setMaxListeners } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../src/access/caller.ts';
import type { Call, Door } from '../src/context.ts';
import { GatewayError } from '../src/errors.ts';

/** The caller that the guard found. */
export function callerOf(request: FastifyRequest): Caller {
  // The guard refuses requests without a key before a handler runs; this is for a route it was told to leave open.
  if (request.caller === null)
    throw new GatewayError('unauthenticated', 'Send a key as Authorization: Bearer or X-API-Key.');
  return request.caller;
}

/** A call whose signal, made only when somebody looks at it, ends when the client leaves before the answer. */
export function callOf(request: FastifyRequest, reply: FastifyReply, door: Door): Call {
  let signal: AbortSignal | undefined;
  return {
    caller: callerOf(request),
    door,
    requestId: request.id,
    get signal() {
      signal ??= signalOf(reply);
      return signal;
    },
  };
}

function signalOf({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  // All items of a batch, and all that each of them waits for, listen to the one client that may leave.
  setMaxListeners(0, controller.signal);
  const left = () => {
    if (!raw.writableFinished)
      controller.abort(new GatewayError('request_timeout', 'The client left before the answer.'));
  };
  if (raw.destroyed) left();
  else raw.once('close', left);
  return controller.signal;
}
