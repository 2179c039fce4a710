/** The SSE door: `GET /v1/stream`. @fastify/sse keeps the connection and its headers; the hub writes the shared bytes. */
import { fastifySSE } from '@fastify/sse';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { hasScope } from '../src/access/caller.ts';
import { GatewayError } from '../src/errors.ts';
import type { Hub } from '../src/live/hub/hub.ts';
import { type Filter, TOPICS, type Topic } from '../src/live/hub/messages.ts';
import type { Sink } from '../src/live/hub/subscriber.ts';
import { callerOf } from './call.ts';

const list = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((value) =>
    value === undefined
      ? undefined
      : [value]
          .flat()
          .flatMap((part) => part.split(','))
          .filter(Boolean),
  );

const topicList = list.refine(
  (topics) => topics?.every((topic) => (TOPICS as readonly string[]).includes(topic)) ?? true,
  `topics are ${TOPICS.join(', ')}`,
);

const Query = z.strictObject({
  topics: topicList,
  ids: list,
  vcenter: list,
  counters: list,
  snapshot: z.enum(['true', 'false']).optional(),
  lastEventId: z.string().max(64).optional(),
});

function parseQuery(request: FastifyRequest): z.output<typeof Query> {
  const parsed = Query.safeParse(request.query);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({ pointer: `/${issue.path.join('/')}`, message: issue.message }));
  throw new GatewayError('invalid_input', `The query does not fit the stream: ${errors[0]?.message ?? 'unreadable'}.`, {
    errors,
  });
}

function setOf<T extends string>(values: readonly T[] | undefined): ReadonlySet<T> | undefined {
  return values === undefined || values.length === 0 ? undefined : new Set(values);
}

/** Before @fastify/sse looks, whose own 406 has another shape than our errors. */
async function checkAccept(request: FastifyRequest): Promise<void> {
  const accept = request.headers.accept ?? '*/*';
  if (/text\/event-stream|text\/\*|\*\/\*/.test(accept)) return;
  throw new GatewayError('not_acceptable', 'A stream is sent as text/event-stream only; accept that.');
}

function sinkOf(reply: FastifyReply): Sink {
  const { raw } = reply;
  return {
    write: (bytes) => {
      if (!raw.destroyed && !raw.writableEnded) raw.write(bytes);
    },
    get buffered() {
      return raw.writableLength;
    },
    end: () => raw.end(),
    destroy: () => raw.destroy(),
  };
}

export interface StreamOptions {
  hub: Hub;
}

/** Registers the stream. */
export async function streamRoutes(app: FastifyInstance, { hub }: StreamOptions): Promise<void> {
  await app.register(fastifySSE);
  app.get(
    '/v1/stream',
    { sse: { kind: 'only', heartbeat: false }, exposeHeadRoute: false, preHandler: checkAccept },
    async (request, reply) => {
      const caller = callerOf(request);
      if (!hasScope(caller, 'read')) {
        throw new GatewayError('scope_required', "The stream needs a key with the scope 'read'.", {
          details: { required: 'read' },
        });
      }
      const query = parseQuery(request);
      const filter: Filter = {
        topics: setOf((query.topics ?? []) as Topic[]) ?? new Set(TOPICS),
        ids: setOf(query.ids),
        vcenters: setOf(query.vcenter),
        counters: setOf(query.counters),
      };
      const { socket } = request.raw;
      socket.setTimeout(0);
      socket.setNoDelay(true);
      reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no');
      // Subscribing may refuse, so the first bytes wait until it has not.
      const held: Buffer[] = [];
      const direct = sinkOf(reply);
      let open = false;
      const sink: Sink = {
        ...direct,
        write: (bytes) => (open ? direct.write(bytes) : void held.push(bytes)),
        get buffered() {
          return direct.buffered;
        },
      };
      const close = hub.subscribe({
        filter,
        sink,
        keyId: caller.key_id,
        lastEventId: headerOf(request, 'last-event-id') ?? query.lastEventId,
        snapshot: query.snapshot === 'true',
      });
      reply.raw.once('close', close);
      reply.sse.keepAlive();
      reply.sse.sendHeaders();
      open = true;
      for (const bytes of held) direct.write(bytes);
    },
  );
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
