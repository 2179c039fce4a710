/** JSON-RPC 2.0 at POST /rpc: every operation by its name, singly, in batches and as notifications. */
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import pLimit from 'p-limit';
import type { Catalogue } from '../src/catalogue.ts';
import type { Config } from '../src/config/schema.ts';
import type { Call } from '../src/context.ts';
import { GatewayError, toGatewayError } from '../src/errors.ts';
import type { Invoke } from '../src/invoke.ts';
import { decodeJson } from '../src/rpc/decode.ts';
import { errorText, readRequest, resultText } from '../src/rpc/message.ts';
import { callOf, itemOf } from './call.ts';

export interface RpcOptions {
  catalogue: Catalogue;
  invoke: Invoke;
  limits: Pick<Config['limits'], 'batch_items' | 'batch_concurrency' | 'max_body_bytes'>;
}

const MEDIA_TYPES = ['application/json', 'application/json-rpc'];

/** JSON-RPC is UTF-8; a body in anything else is refused by HTTP, before it is looked at. */
function checkEncoding({ headers }: FastifyRequest): void {
  const coding = headers['content-encoding'] ?? 'identity';
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  if (coding.toLowerCase() === 'identity' && /^utf-?8$/i.test(charset)) return;
  throw new GatewayError('unsupported_media_type', 'Send JSON as plain UTF-8, without a content coding.');
}

/**
 * Counts a batch against the limit of the key: the guard's count of the HTTP request pays for the first item. One after
 * the other, because the limiter tells calls that are counted at once the last of their counts.
 */
async function countItems(items: unknown[], request: FastifyRequest): Promise<(GatewayError | undefined)[]> {
  const refusals: (GatewayError | undefined)[] = [undefined];
  while (refusals.length < items.length) {
    refusals.push(await request.countAgainstKey().then(() => undefined, toGatewayError));
  }
  return refusals;
}

/** The JSON-RPC door. Expects `request.caller`, set by the guard. */
export const rpcRoutes: FastifyPluginAsync<RpcOptions> = async (app, { catalogue, invoke, limits }) => {
  // Fastify's own parser would replace broken UTF-8, and answer broken JSON in HTTP's terms instead of JSON-RPC's.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    MEDIA_TYPES,
    { parseAs: 'buffer', bodyLimit: limits.max_body_bytes },
    async (_request: FastifyRequest, body: Buffer) => body,
  );

  async function run(
    method: string,
    params: Record<string, unknown> | unknown[] | undefined,
    call: Call,
  ): Promise<object> {
    const operation = catalogue.get(method);
    if (operation === undefined) {
      throw new GatewayError(
        'unknown_operation',
        `There is no method '${method.slice(0, 64)}'; /openapi.yaml lists them as operationId.`,
      );
    }
    if (Array.isArray(params)) {
      throw new GatewayError('invalid_input', `${method} takes its parameters by name: params must be an object.`);
    }
    return (await invoke(operation, params ?? {}, call)).result;
  }

  /** The text that answers one item; undefined for a notification, whatever comes of it. Never rejects. */
  async function answer(item: unknown, call: Call, { log }: FastifyRequest, refused?: GatewayError) {
    const request = readRequest(item);
    if ('refusal' in request) return errorText(request.id, request.refusal, call.requestId);
    const { id, method, params } = request;
    try {
      if (refused !== undefined) throw refused;
      const result = await run(method, params, call);
      return id === undefined ? undefined : resultText(id, result);
    } catch (thrown) {
      const error = toGatewayError(thrown);
      if (error.status >= 500) log.error({ err: error.cause ?? error, operation: method }, error.message);
      return id === undefined ? undefined : errorText(id, error, call.requestId);
    }
  }

  async function answerBatch(items: unknown[], call: Call, request: FastifyRequest): Promise<string | undefined> {
    const refusals = await countItems(items, request);
    const answers = await pLimit(limits.batch_concurrency).map(items, (item, index) =>
      answer(item, itemOf(call, index), request, refusals[index]),
    );
    const texts = answers.filter((text) => text !== undefined);
    return texts.length === 0 ? undefined : `[${texts.join(',')}]`;
  }

  async function answerBody(call: Call, request: FastifyRequest): Promise<string | undefined> {
    try {
      // Only the parser above sets a body.
      const value = decodeJson(request.body as Buffer | undefined);
      if (!Array.isArray(value)) return await answer(value, call, request);
      if (value.length === 0) throw new GatewayError('invalid_request', 'A batch holds at least one request.');
      if (value.length > limits.batch_items) {
        throw new GatewayError('invalid_request', `A batch holds at most ${limits.batch_items} requests.`);
      }
      return await answerBatch(value, call, request);
    } catch (error) {
      return errorText(null, toGatewayError(error), call.requestId);
    }
  }

  app.post('/rpc', async (request, reply) => {
    checkEncoding(request);
    const text = await answerBody(callOf(request, reply, 'rpc'), request);
    if (text === undefined) return reply.code(204).send();
    return reply.type('application/json; charset=utf-8').send(text);
  });
};
