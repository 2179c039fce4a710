/** The transport under soap: pools, cookies, limits. It knows bytes and statuses, and nothing of what they say. */
import { Readable } from 'node:stream';
import type { IExOptions, IHeaders, IHttpClient } from 'soap';
import { Pool } from 'undici';
import { XmlError } from './decode.ts';
import { connector, type TlsOptions } from './tls.ts';

/** The server, or a proxy before it, answered with something other than SOAP. */
export class HttpError extends Error {
  readonly status: number;

  /** @param text start of the body. */
  constructor(status: number, text: string) {
    const start = text.replace(/\s+/g, ' ').trim().slice(0, 200);
    super(`HTTP ${status} without a SOAP envelope${start === '' ? '' : `: ${start}`}`);
    this.name = 'HttpError';
    this.status = status;
  }
}

/** The deadline of a call passed. Whether the server acted on it is not known. */
export class TimeoutError extends Error {
  readonly method: string;

  constructor(method: string, ms: number) {
    super(`${method} was not answered within ${ms / 1000} s`);
    this.name = 'TimeoutError';
    this.method = method;
  }
}

/** Faults and error pages are small; what is longer is cut off. */
const ERROR_BYTES = 1 << 20;
/** Shorter than what servers and proxies keep an idle connection for, so that a request seldom meets a closing one. */
const KEEP_ALIVE_MS = 20_000;
const LONG_POLLS = 4;
const ENVELOPE = /^\s*(?:<\?xml[^>]*\?>\s*)?<(?:[\w-]+:)?Envelope[\s>]/;

export interface HttpOptions {
  /** Of the SOAP endpoint. */
  url: string;
  tls: TlsOptions;
  userAgent: string;
  connections: number;
  maxResponseBytes: number;
}

/** What the client hands through soap with each call. */
export interface Exchange {
  signal: AbortSignal;
  longPoll: boolean;
  /** Bytes of the answer; filled in here. */
  bytes: number;
}

export class VimHttp implements IHttpClient {
  readonly #options: HttpOptions;
  readonly #path: string;
  readonly #pool: Pool;
  /** Apart, or a few waits would leave no connection for calls. */
  readonly #longPolls: Pool;
  readonly #cookies = new Map<string, string>();

  constructor(options: HttpOptions) {
    this.#options = options;
    const { origin, pathname } = new URL(options.url);
    this.#path = pathname;
    const pool = (connections: number) =>
      // Deadlines are the caller's: it passes a signal.
      new Pool(origin, {
        connections,
        pipelining: 1,
        keepAliveTimeout: KEEP_ALIVE_MS,
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: connector(options.tls),
      });
    this.#pool = pool(options.connections);
    this.#longPolls = pool(LONG_POLLS);
  }

  /** soap's seam: posts an envelope. Only a 200 is streamed; the rest is read here, because soap cannot bear it to break off. */
  async requestStream(_url: string, envelope: string, headers: IHeaders = {}, exchange?: IExOptions): SoapAnswer {
    // soap hands on what VimClient gave it, untyped.
    const { signal, longPoll } = exchange as Exchange;
    const pool = longPoll ? this.#longPolls : this.#pool;
    const answer = await pool.request({
      method: 'POST',
      path: this.#path,
      headers: { ...this.#headers(), 'content-type': 'text/xml; charset=utf-8', SOAPAction: headers['SOAPAction'] },
      body: envelope,
      signal,
    });
    const { statusCode: status, body } = answer;
    this.#remember(answer.headers['set-cookie']);
    if (status === 200) return seam(status, this.#counted(body, exchange as Exchange));
    const text = await startOf(body);
    if (!ENVELOPE.test(text)) throw new HttpError(status, text);
    return seam(status, Readable.from([Buffer.from(text)]));
  }

  /** soap's other seam, which it uses for nothing where there is a stream. */
  request(): Promise<never> {
    return Promise.reject(new Error('soap did not stream'));
  }

  /** A small document beside the endpoint, e.g. `vimServiceVersions.xml`. */
  async get(name: string, signal: AbortSignal): Promise<string> {
    const path = `${this.#path.replace(/\/$/, '')}/${name}`;
    const { statusCode, body } = await this.#pool.request({ method: 'GET', path, headers: this.#headers(), signal });
    const text = await startOf(body);
    if (statusCode !== 200) throw new HttpError(statusCode, text);
    return text;
  }

  clearCookies(): void {
    this.#cookies.clear();
  }

  /** As the Cookie header has it; empty where there is none. */
  cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#longPolls.destroy()]);
  }

  #headers(): Record<string, string> {
    const cookie = this.cookie();
    return { 'user-agent': this.#options.userAgent, ...(cookie === '' ? {} : { cookie }) };
  }

  /** The session of vSphere is one cookie of this one host: attributes have nothing to say. */
  #remember(setCookie: string | string[] | undefined): void {
    for (const cookie of [setCookie ?? []].flat()) {
      const [, name, value] = /^\s*([^=;\s]+)=([^;]*)/.exec(cookie) ?? [];
      if (name === undefined || value === undefined) continue;
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }

  async *#counted(body: Readable, exchange: Exchange): AsyncGenerator<Uint8Array> {
    const { maxResponseBytes } = this.#options;
    for await (const chunk of body) {
      exchange.bytes += chunk.length;
      if (exchange.bytes > maxResponseBytes) throw new XmlError(`The answer has more than ${maxResponseBytes} bytes`);
      yield chunk;
    }
  }
}

type SoapAnswer = ReturnType<NonNullable<IHttpClient['requestStream']>>;

/** soap's types ask for a response of axios with a file in it; its code reads these four. */
function seam(status: number, data: Readable | AsyncIterable<Uint8Array>): Awaited<SoapAnswer> {
  return { status, data, headers: {}, config: {} } as unknown as Awaited<SoapAnswer>;
}

async function startOf(body: Readable): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > ERROR_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, ERROR_BYTES).toString('utf8');
}
