/** What the gateway knows of a request, carried through the MCP SDK to the handlers. */
import type { AuthInfo, RequestId, ServerContext } from '@modelcontextprotocol/server';
import type { Logger } from 'pino';
import { type Caller, hasScope, SCOPES } from '../../src/access/caller.ts';
import { GatewayError } from '../../src/errors.ts';

/** The HTTP request around one MCP message. */
export class Incoming {
  readonly caller: Caller;
  readonly requestId: string;
  readonly log: Pick<Logger, 'error'>;
  /** A cancelled request is not answered; this frees what still waits for its answer. */
  readonly abandon: (id: RequestId) => void;

  constructor(caller: Caller, requestId: string, log: Incoming['log'], abandon: (id: RequestId) => void = () => {}) {
    this.caller = caller;
    this.requestId = requestId;
    this.log = log;
    this.abandon = abandon;
  }

  /** The form in which the SDK passes it on. The key itself stays outside. */
  get authInfo(): AuthInfo {
    const { key_id } = this.caller;
    const scopes = SCOPES.filter((scope) => hasScope(this.caller, scope));
    return { token: key_id, clientId: key_id, scopes, extra: { incoming: this } };
  }
}

/** @throws GatewayError `unauthenticated` when the message came past the door. */
export function incomingOf({ http }: ServerContext): Incoming {
  const incoming = http?.authInfo?.extra?.['incoming'];
  if (incoming instanceof Incoming) return incoming;
  throw new GatewayError('unauthenticated', 'The request carries no caller.');
}
