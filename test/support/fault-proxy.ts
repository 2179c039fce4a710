/** A proxy between gateway and lab that counts SOAP calls and, on demand, does what networks and vCenters do wrong. */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps, Server as HttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dispatcher, Pool } from 'undici';
import type { VcenterConfig } from '../../src/config/schema.ts';
import type { Lab } from './lab.ts';

/** What happens to a request that a rule matches. The call reaches the lab unless said otherwise. */
export type FaultAction =
  /** The connection breaks, after so many bytes of the answer's body (default: before its headers). `forward: false`: the lab never sees the call. */
  | { kind: 'cut'; bytes?: number; forward?: boolean }
  /** The call is held back so many milliseconds, then goes through. */
  | { kind: 'delay'; ms: number }
  /** Taken in and never answered; the lab never sees it. */
  | { kind: 'swallow' }
  /** A whole HTTP answer with only the first bytes of the XML in it. */
  | { kind: 'truncate'; bytes: number }
  /** The answer's body, changed. */
  | { kind: 'rewrite'; edit: (body: string) => string | Uint8Array }
  /** An UpdateSet or RetrieveResult that says there is more. */
  | { kind: 'truncated_set' }
  /** A SOAP fault in place of the call; `fields` is the XML of its fields. */
  | { kind: 'fault'; fault: string; message?: string; fields?: string }
  /** Any HTTP answer in place of the call; default a load balancer's 503 page. */
  | { kind: 'respond'; status?: number; type?: string; body?: string | Uint8Array };

export interface FaultRule {
  /** SOAP method, or `GET /path`; absent = every request. */
  method?: string;
  /** Looks at the body of the request: an object's id, a version. */
  where?: (body: string) => boolean;
  /** Matching requests to let pass first. */
  skip?: number;
  /** How many requests it applies to; absent = all until it is removed. */
  times?: number;
  action: FaultAction;
}

/** A request as the proxy saw it. */
export interface SeenRequest {
  /** SOAP method or `GET /path`; empty while no body has arrived. */
  method: string;
  /** Bytes of its body that arrived. */
  bytes: number;
}

export interface FaultProxy {
  url: string;
  caFile: string;
  /** Requests by SOAP method, those that a rule caught included. */
  calls(): Record<string, number>;
  requests(): readonly SeenRequest[];
  /** TCP connections accepted, TLS done or not. */
  connections(): number;
  resetCalls(): void;
  /** Adds a rule; the first that matches a request is used. `hits` counts them. */
  rule(rule: FaultRule): { hits(): number; remove(): void };
  /** Removes all rules. */
  clear(): void;
  /** From now on nothing is answered and no connection closed, as if the cable were out; what is under way included. */
  freeze(): void;
  thaw(): void;
  /** Refuses connections and breaks those that exist, until `up`. */
  down(): Promise<void>;
  /** Listens on the same port again. */
  up(): Promise<void>;
  /** Serves another certificate to new connections, as after a renewal. */
  setCertificate(certificate: { cert: string; key: string }): void;
  stop(): Promise<void>;
  /** The settings with which a gateway reaches the lab through the proxy. */
  config(name?: string): VcenterConfig;
}

const METHOD = /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/;
const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

/** The SOAP fault as vCenter writes it. */
export function soapFaultXml(fault: string, message = '', fields = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="${XSI}">
<soapenv:Body><soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${message}</faultstring><detail><${fault}Fault xmlns="urn:vim25" xsi:type="${fault}">${fields}</${fault}Fault></detail></soapenv:Fault></soapenv:Body>
</soapenv:Envelope>`;
}

/** Starts a proxy in front of a lab, with the lab's own certificate unless another is given. */
export async function startFaultProxy(
  lab: Lab,
  options: { certificate?: { cert: string; key: string } } = {},
): Promise<FaultProxy> {
  const target = new URL(lab.url);
  const tls = target.protocol === 'https:';
  const pool = new Pool(target.origin, {
    ...(tls && { connect: { ca: lab.ca } }),
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  const rules: (FaultRule & { hits: number })[] = [];
  const sockets = new Set<Socket>();
  let seen: SeenRequest[] = [];
  let accepted = 0;
  let frozen: { released: Promise<void>; release: () => void } | undefined;

  function pick(method: string, body: string): FaultAction | undefined {
    for (const rule of rules) {
      if (rule.method !== undefined && rule.method !== method) continue;
      if (rule.where !== undefined && !rule.where(body)) continue;
      if (rule.times !== undefined && rule.hits >= rule.times) continue;
      if (rule.skip !== undefined && rule.skip > 0) {
        rule.skip -= 1;
        continue;
      }
      rule.hits += 1;
      return rule.action;
    }
    return undefined;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const record: SeenRequest = { method: '', bytes: 0 };
    seen.push(record);
    request.on('data', (chunk: Buffer) => {
      record.bytes += chunk.length;
    });
    const body = await buffer(request);
    const text = body.toString('utf8');
    record.method = METHOD.exec(text)?.[1] ?? `${request.method} ${request.url}`;
    await frozen?.released;
    if (response.destroyed) return; // the client gave up while nothing moved
    const action = pick(record.method, text);
    await answer({ action, body, request, response });
  }

  interface Exchange {
    action: FaultAction | undefined;
    body: Buffer;
    request: IncomingMessage;
    response: ServerResponse;
  }

  async function answer({ action, body, request, response }: Exchange): Promise<void> {
    switch (action?.kind) {
      case 'swallow':
        return;
      case 'fault':
        return send(response, 500, soapFaultXml(action.fault, action.message, action.fields));
      case 'respond': {
        const {
          status = 503,
          type = 'text/html',
          body: page = '<html><body>503 Service Unavailable</body></html>',
        } = action;
        return send(response, status, page, type);
      }
      case 'delay':
        await sleep(action.ms);
        break;
      case 'cut':
        if (action.forward === false) return void response.socket?.destroy();
    }
    const upstream = await forward(request, response, body);
    if (upstream === undefined) return;
    await relay(upstream, action, response);
  }

  /** Passes the request on; undefined when the client has left, or the lab is not there. */
  async function forward(
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): Promise<Dispatcher.ResponseData | undefined> {
    const left = new AbortController();
    response.once('close', () => left.abort());
    const { host: _, connection: __, 'content-length': ___, 'transfer-encoding': ____, ...headers } = request.headers;
    const method = request.method === 'GET' ? 'GET' : 'POST';
    try {
      return await pool.request({
        path: request.url ?? '/',
        method,
        headers,
        body: method === 'GET' ? null : body,
        signal: left.signal,
      });
    } catch {
      response.socket?.destroy();
      return undefined;
    }
  }

  async function relay(upstream: Dispatcher.ResponseData, action: FaultAction | undefined, response: ServerResponse) {
    const { statusCode, headers } = upstream;
    const whole = Buffer.from(await upstream.body.arrayBuffer());
    await frozen?.released;
    const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...rest } = headers;
    const type = String(rest['content-type'] ?? 'text/xml');
    if (rest['set-cookie'] !== undefined) response.setHeader('set-cookie', rest['set-cookie']);
    switch (action?.kind) {
      case 'cut': {
        if (action.bytes === undefined) return void response.socket?.destroy();
        response.writeHead(statusCode, { 'content-type': type, 'content-length': whole.length });
        response.write(whole.subarray(0, action.bytes), () => response.socket?.destroy());
        return;
      }
      case 'truncate':
        return send(response, statusCode, whole.subarray(0, action.bytes), type);
      case 'rewrite':
        return send(response, statusCode, action.edit(whole.toString('utf8')), type);
      case 'truncated_set':
        return send(response, statusCode, sayTruncated(whole.toString('utf8')), type);
      default:
        return send(response, statusCode, whole, type);
    }
  }

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    // A request that breaks off, or whose client leaves, is the everyday life of this proxy.
    handle(request, response).catch(() => response.socket?.destroy());
  };
  const pem = await readFile(lab.keyFile, 'utf8').catch(() => '');
  const certificate = options.certificate ?? { cert: pem, key: pem };
  const server: Server | HttpsServer = tls ? createHttps(certificate, listener) : createHttp(listener);
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });

  async function listen(port: number): Promise<number> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port; // a TCP server that listens has one
  }

  async function close(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  const port = await listen(0);
  const url = `${target.protocol}//127.0.0.1:${port}${target.pathname}`;

  const proxy: FaultProxy = {
    url,
    caFile: lab.caFile,
    calls: () => {
      const counts: Record<string, number> = {};
      for (const { method } of seen) if (method !== '') counts[method] = (counts[method] ?? 0) + 1;
      return counts;
    },
    requests: () => seen,
    connections: () => accepted,
    resetCalls: () => {
      seen = [];
      accepted = 0;
    },
    rule: (rule) => {
      const own = { ...rule, hits: 0 };
      rules.push(own);
      return { hits: () => own.hits, remove: () => void rules.splice(rules.indexOf(own), rules.includes(own) ? 1 : 0) };
    },
    clear: () => void rules.splice(0),
    freeze: () => {
      if (frozen !== undefined) return;
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      frozen = { released, release };
    },
    thaw: () => {
      frozen?.release();
      frozen = undefined;
    },
    down: close,
    up: async () => void (await listen(port)),
    setCertificate: (next) => {
      if (server instanceof HttpsServer) server.setSecureContext(next);
    },
    stop: async () => {
      proxy.thaw();
      await close();
      await pool.destroy();
    },
    config: (name = 'lab') => ({ ...lab.config(name), url }),
  };
  return proxy;
}

function send(
  response: ServerResponse,
  status: number,
  body: string | Uint8Array,
  type = 'text/xml; charset=utf-8',
): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length });
  response.end(bytes);
}

/** Marks an UpdateSet as truncated; its element order has `truncated` last. */
function sayTruncated(xml: string): string {
  if (xml.includes('<truncated>')) return xml.replace(/<truncated>[^<]*</, '<truncated>true<');
  return xml.replace(
    /<\/returnval>(?=\s*<\/(?:\w+:)?WaitForUpdatesExResponse>)/,
    '<truncated>true</truncated></returnval>',
  );
}
