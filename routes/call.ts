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

/** A call that makes its signal only when somebody looks at it. */
class LazyCall implements Call {
  readonly caller: Caller;
  readonly door: Door;
  readonly requestId: string;
  readonly #makeSignal: () => AbortSignal;
  #signal: AbortSignal | undefined;

  constructor(caller: Caller, door: Door, requestId: string, makeSignal: () => AbortSignal) {
    this.caller = caller;
    this.door = door;
    this.requestId = requestId;
    this.#makeSignal = makeSignal;
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#makeSignal();
    return this.#signal;
  }
}

/** A call whose signal ends when the client leaves before the answer. */
export function callOf(request: FastifyRequest, reply: FastifyReply, door: Door): Call {
  return new LazyCall(callerOf(request), door, request.id, () => signalOf(reply));
}

/** One item of a batch: with an id of its own, and the signal of the whole. */
export function itemOf(call: Call, index: number): Call {
  return new LazyCall(call.caller, call.door, `${call.requestId}.${index}`, () => call.signal);
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
