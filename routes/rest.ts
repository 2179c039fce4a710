/** The REST door: a real route for each operation. It gathers the input, invokes, and gives the result a status. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Catalogue } from '../src/catalogue.ts';
import type { Services } from '../src/context.ts';
import { toBody } from '../src/encode.ts';
import { GatewayError } from '../src/errors.ts';
import type { Invoke, Outcome } from '../src/invoke.ts';
import type { JsonSchema, Operation } from '../src/operation.ts';
import { callOf } from './call.ts';

export interface RestOptions {
  catalogue: Catalogue;
  invoke: Invoke;
  services: Services;
}

type Coerce = (text: string | string[]) => unknown;

const single =
  (convert: (text: string) => unknown): Coerce =>
  (text) =>
    typeof text === 'string' ? convert(text) : text;

/** Strings of a query as the schema wants them. What does not fit stays a string, for zod to refuse by name. */
function coercerOf(schema: JsonSchema): Coerce {
  switch (schema['type']) {
    case 'integer':
    case 'number':
      return single((text) => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text));
    case 'boolean':
      return single((text) => (text === 'true' ? true : text === 'false' ? false : text));
    case 'array':
      return (text) => [text].flat().flatMap((part) => part.split(','));
    default:
      return (text) => text;
  }
}

/** How an operation's input is put together from a request. */
function gathererOf(operation: Operation): (request: FastifyRequest) => Record<string, unknown> {
  const properties = (operation.schemas.input['properties'] ?? {}) as Record<string, JsonSchema>;
  const coercers = new Map(Object.entries(properties).map(([name, schema]) => [name, coercerOf(schema)]));
  const inBody = !operation.http.startsWith('GET') && !operation.http.startsWith('DELETE');
  return (request) => {
    const params = request.params as Record<string, string>;
    const query = request.query as Record<string, string | string[]>;
    const input: Record<string, unknown> = {};
    for (const [name, text] of Object.entries(query)) input[name] = coercers.get(name)?.(text) ?? text;
    if (inBody && request.body !== undefined && request.body !== null) {
      if (typeof request.body !== 'object' || Array.isArray(request.body)) {
        throw new GatewayError('invalid_input', 'The body must be a JSON object.', {
          errors: [{ pointer: '', message: 'Not an object' }],
        });
      }
      for (const [name, value] of Object.entries(request.body)) set(input, name, value);
    }
    for (const [name, value] of Object.entries(params)) set(input, name, value);
    if ('wait' in properties && input['wait'] === undefined) {
      const preferred = /(?:^|[,;\s])wait=(\d+)/.exec(String(request.headers['prefer'] ?? ''))?.[1];
      if (preferred !== undefined) input['wait'] = Math.min(60, Number(preferred));
    }
    const expected = request.headers['if-match'];
    if ('change_version' in properties && input['change_version'] === undefined && expected !== undefined) {
      input['change_version'] = expected.replaceAll(/^(?:W\/)?"|"$/g, '');
    }
    return input;
  };
}

function set(input: Record<string, unknown>, name: string, value: unknown): void {
  if (Object.hasOwn(input, name)) {
    throw new GatewayError('invalid_input', `'${name}' is given twice; give it in the address or in the body.`, {
      errors: [{ pointer: `/${name}`, message: 'Given twice' }],
    });
  }
  Object.defineProperty(input, name, { value, enumerable: true });
}

/** A task that still runs: the answer of a write is then 202, and where to follow it. */
function runningTask({ operation, result, dryRun }: Outcome): string | undefined {
  if (operation.kind === 'read' || dryRun || !('state' in result) || !('queued_at' in result) || !('id' in result))
    return undefined;
  return result.state === 'queued' || result.state === 'running' ? String(result.id) : undefined;
}

/** Seconds since the least recently heard of vCenters was heard; undefined before all have been. */
function ageSeconds({ inventory }: Services): string | undefined {
  let oldest = '\uffff';
  for (const { last_contact_at } of inventory.statuses()) {
    if (last_contact_at === null) return undefined;
    // RFC 3339 in UTC sorts as text.
    if (last_contact_at < oldest) oldest = last_contact_at;
  }
  return String(Math.max(0, Math.round((Date.now() - Date.parse(oldest)) / 1000)));
}

function send(outcome: Outcome, request: FastifyRequest, reply: FastifyReply, services: Services): FastifyReply {
  const { result } = outcome;
  const running = runningTask(outcome);
  if (running !== undefined) {
    reply
      .code(202)
      .header('location', `/v1/tasks/${encodeURIComponent(running)}`)
      .header('retry-after', '1');
  }
  if (outcome.operation.kind === 'read' && 'version' in result && 'stale' in result) {
    const age = ageSeconds(services);
    if (age !== undefined) reply.header('x-inventory-age', age);
    const tag = `W/"${String(result.version)}${result.stale === true ? '-stale' : ''}"`;
    reply.header('etag', tag);
    if (request.headers['if-none-match'] === tag) return reply.code(304).send();
  }
  return reply.type('application/json; charset=utf-8').send(toBody(result));
}

/** No other types, and a body that is empty although it is announced as JSON counts as none. */
function acceptJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parse(request, String(body), done);
  });
}

/** Registers `/v1/...`. */
export async function restRoutes(app: FastifyInstance, { catalogue, invoke, services }: RestOptions): Promise<void> {
  acceptJsonOnly(app);
  for (const operation of catalogue.operations) {
    const [method = '', path = ''] = operation.http.split(' ');
    const gather = gathererOf(operation);
    app.route({
      method,
      url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
      handler: async (request, reply) => {
        const outcome = await invoke(operation, gather(request), callOf(request, reply, 'rest'));
        return send(outcome, request, reply, services);
      },
    });
  }
}
