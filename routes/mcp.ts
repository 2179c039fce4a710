/** The Model Context Protocol at /mcp: revision 2026-07-28 request by request, the older ones in sessions. */
import { hostHeaderValidation, originValidation } from '@modelcontextprotocol/fastify';
import { classifyInboundRequest, createMcpHandler, localhostAllowedHostnames } from '@modelcontextprotocol/server';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../src/config/schema.ts';
import { GatewayError, toGatewayError } from '../src/errors.ts';
import { decodeJson } from '../src/rpc/decode.ts';
import { errorText } from '../src/rpc/message.ts';
import { callerOf, callOf } from './call.ts';
import { Incoming, incomingOf } from './mcp/incoming.ts';
import { type McpParts, serverFactory } from './mcp/server.ts';
import { type Session, Sessions } from './mcp/sessions.ts';

export interface McpOptions extends McpParts {
  settings: Config['mcp'];
  /** The address the gateway listens on: clients may call it by that name, too. */
  listenHost: string;
  maxBodyBytes: number;
  log: Logger;
}

/** Names as the Host header has them: lower case, IPv6 in brackets. */
function hostname(host: string): string {
  const bare = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return URL.canParse(`http://${bare}`) ? new URL(`http://${bare}`).hostname : host;
}

/** An origin's host; what is no address of a web page, such as `moz-extension://*`, goes through as it is. */
function originHost(origin: string): string {
  return /^https?:/.test(origin) && URL.canParse(origin) ? new URL(origin).hostname : origin;
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** What the SDK reads of a request of the newest revision; the key is not among it. */
function protocolHeaders(request: FastifyRequest): Headers {
  const headers = new Headers();
  for (const name of ['content-type', 'accept', 'mcp-protocol-version', 'mcp-method', 'mcp-name']) {
    const value = header(request, name);
    if (value !== undefined) headers.set(name, value);
  }
  return headers;
}

/** Errors of the transport itself, as JSON-RPC has them, with the HTTP status that tells clients what to do. */
function refuse(reply: FastifyReply, error: GatewayError): FastifyReply {
  return reply
    .code(error.status)
    .type('application/json; charset=utf-8')
    .send(errorText(null, error, reply.request.id));
}

/** Hands the response over to the SDK, with the headers that the gateway's own hooks have set. */
function handOver(reply: FastifyReply): void {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  reply.hijack();
}

/** The MCP door. Expects `request.caller`, set by the guard. */
export const mcpRoutes: FastifyPluginAsync<McpOptions> = async (app, options) => {
  const { settings, listenHost, maxBodyBytes } = options;
  const log = options.log.child({ component: 'mcp' });
  const createServer = serverFactory(options, incomingOf);
  const onerror = (err: Error) => log.debug({ err }, 'MCP request');
  const modern = createMcpHandler(createServer, { legacy: 'reject', onerror });
  const sessions = new Sessions(createServer, settings, log);

  // A page that has rebound its own name to the gateway's address still sends that name.
  const hosts = [...localhostAllowedHostnames(), ...[listenHost, ...settings.allowed_hosts].map(hostname)];
  app.addHook('onRequest', hostHeaderValidation(hosts));
  app.addHook('onRequest', originValidation([...hosts, ...settings.allowed_origins.map(originHost)]));
  // Open streams would keep the server from closing.
  app.addHook('preClose', async () => {
    await Promise.all([sessions.close(), modern.close()]);
  });

  // Fastify's own parser refuses a DELETE that has a content type and no body, and broken JSON in other words than MCP's.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: maxBodyBytes },
    async (_request: FastifyRequest, body: Buffer) => body,
  );

  function authInfoOf(request: FastifyRequest, abandon?: Incoming['abandon']) {
    return new Incoming(callerOf(request), request.id, request.log, abandon).authInfo;
  }

  async function serveModern(request: FastifyRequest, reply: FastifyReply, body: unknown): Promise<FastifyReply> {
    const { signal } = callOf(request, reply, 'mcp');
    const web = new Request('http://gateway/mcp', { method: 'POST', headers: protocolHeaders(request), signal });
    const response = await modern.fetch(web, { authInfo: authInfoOf(request), parsedBody: body });
    const type = response.headers.get('content-type') ?? '';
    if (!type.startsWith('application/json')) return reply.send(response);
    return reply
      .code(response.status)
      .type(type)
      .send(await response.text());
  }

  async function sessionOf(request: FastifyRequest, begins: boolean): Promise<Session> {
    const { key_id } = callerOf(request);
    const id = header(request, 'mcp-session-id');
    if (begins && id === undefined) return sessions.open(key_id);
    if (id === undefined) {
      throw new GatewayError('invalid_request', 'Mcp-Session-Id is missing; initialize begins a session.');
    }
    const session = sessions.find(id, key_id);
    if (session !== undefined) return session;
    throw new GatewayError('not_found', 'There is no such session with this key; initialize begins a new one.');
  }

  async function serveSession(request: FastifyRequest, reply: FastifyReply, body?: unknown, begins = false) {
    const session = await sessionOf(request, begins);
    session.hold(reply.raw);
    const auth = authInfoOf(request, session.transport.closeSSEStream.bind(session.transport));
    handOver(reply);
    await session.transport.handleRequest(Object.assign(request.raw, { auth }), reply.raw, body);
    // A handshake that failed has left a session that nobody knows the id of.
    if (begins && session.transport.sessionId === undefined) await session.close();
    return reply;
  }

  async function serve(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (request.method !== 'POST') return serveSession(request, reply);
    // Only the parser above sets a body.
    const body = decodeJson(request.body as Buffer | undefined);
    if (Array.isArray(body))
      throw new GatewayError('invalid_request', 'MCP has no batches: send one message a request.');
    const route = classifyInboundRequest({
      httpMethod: 'POST',
      protocolVersionHeader: header(request, 'mcp-protocol-version'),
      mcpMethodHeader: header(request, 'mcp-method'),
      body,
    });
    return route.kind === 'legacy'
      ? serveSession(request, reply, body, route.reason === 'initialize')
      : serveModern(request, reply, body);
  }

  app.route({
    method: ['POST', 'GET', 'DELETE'],
    url: '/mcp',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      try {
        return await serve(request, reply);
      } catch (thrown) {
        const error = toGatewayError(thrown);
        if (error.code === 'internal') log.error({ err: thrown, request_id: request.id }, 'MCP request failed');
        if (!reply.sent) return refuse(reply, error);
        reply.raw.destroy();
        return reply;
      }
    },
  });
};
