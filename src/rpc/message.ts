/** JSON-RPC 2.0 messages: what a request must look like, and the texts of its answers. */
import { toJson } from '../encode.ts';
import { ERROR_TABLE, GatewayError, toProblem } from '../errors.ts';

export type RpcId = string | number | null;

/** A well-formed request; without an id it is a notification, which is never answered. */
export interface RpcRequest {
  id: RpcId | undefined;
  method: string;
  /** By name, by position, or not at all. */
  params: Record<string, unknown> | unknown[] | undefined;
}

/** Something that is not a request. It is always answered, if need be with the id `null`. */
export interface RpcRefusal {
  id: RpcId;
  refusal: GatewayError;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Numbers beyond 2^53 are no ids: JSON.parse has rounded them, and the client would not know its own id again. */
function isId(value: unknown): value is RpcId {
  return value === null || typeof value === 'string' || Number.isSafeInteger(value);
}

function refuse(detail: string, id: RpcId = null): RpcRefusal {
  return { id, refusal: new GatewayError('invalid_request', detail) };
}

/** Reads one item: a whole body, or an element of a batch. Unknown members are ignored. */
export function readRequest(value: unknown): RpcRequest | RpcRefusal {
  if (!isObject(value)) return refuse('A request is an object with jsonrpc, method, params and id.');
  const notification = !Object.hasOwn(value, 'id');
  const { jsonrpc, method, params, id = null } = value;
  if (!isId(id)) return refuse('id must be a string, an integer within ±(2^53 - 1), or null.');
  if (jsonrpc !== '2.0') return refuse("jsonrpc must be '2.0'.", id);
  if (typeof method !== 'string') return refuse('method must be a string.', id);
  if (!isObject(params) && !Array.isArray(params) && params !== undefined) {
    return refuse('params must be an object, or absent.', id);
  }
  return { id: notification ? undefined : id, method, params };
}

/** The result's own text is spliced in, so that rows are not serialised again. */
export function resultText(id: RpcId, result: object): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${toJson(result)}}`;
}

/** `data` is the problem of the REST door without what its HTTP envelope adds. */
export function errorText(id: RpcId, error: GatewayError, requestId?: string): string {
  const { type: _type, title: _title, ...data } = toProblem(error, requestId);
  const body = JSON.stringify({ code: ERROR_TABLE[error.code].rpc, message: error.message, data });
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${body}}`;
}
