/** One SOAP conversation with one server: typed calls through soap, with our codec and transport under it. */
import { performance } from 'node:perf_hooks';
import { Client } from 'soap';
import { apiVersions } from './api-versions.ts';
import { VimFault, XmlError } from './decode.ts';
import { encodeCall } from './encode.ts';
import { type Exchange, HttpError, TimeoutError, VimHttp } from './http.ts';
import { vimSchema } from './schema.ts';
import { TlsError, type TlsOptions } from './tls.ts';
import type { MoRef, VimMethod, VimMethods } from './vim25/types.ts';
import { abortable } from './waiting.ts';
import { vimWsdl } from './wsdl.ts';

export type { TlsOptions } from './tls.ts';

export interface CallOptions {
  signal?: AbortSignal;
  /** For the whole call, its answer included. 60 s if absent, 5 min for a long poll. */
  timeoutMs?: number;
  /** For WaitForUpdatesEx and its like: takes a connection that calls do not wait for. */
  longPoll?: boolean;
}

/** One call that ended, for metrics and traces. Never holds a body. */
export interface CallInfo {
  method: VimMethod;
  ms: number;
  /** Of the answer, where one was streamed. */
  bytes?: number;
  /** `ok`, the name of the fault, `malformed`, `http`, `tls`, `timeout`, `aborted`, or the code of a transport error. */
  outcome: string;
}

export interface VimClientOptions {
  /** Of the SOAP endpoint: `https://vcenter.example.org/sdk`. */
  url: string;
  tls: TlsOptions;
  userAgent: string;
  /** Most connections for calls that are no long polls; 6 if absent. */
  connections?: number;
  /** 256 MiB if absent. */
  maxResponseBytes?: number;
  onCall?: (info: CallInfo) => void;
}

const TIMEOUT_MS = 60_000;
const LONG_POLL_MS = 300_000;
/** Longest delay of a Node timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class VimClient {
  readonly #http: VimHttp;
  readonly #url: string;
  readonly #onCall: (info: CallInfo) => void;
  #soap: Promise<Client> | undefined;
  #soapAction: string | undefined;

  constructor(options: VimClientOptions) {
    const { connections = 6, maxResponseBytes = 256 << 20, onCall = () => {} } = options;
    this.#http = new VimHttp({
      url: options.url,
      tls: options.tls,
      userAgent: options.userAgent,
      connections,
      maxResponseBytes,
    });
    this.#url = options.url;
    this.#onCall = onCall;
  }

  /**
   * Calls a method of vim25.
   * Throws VimFault · XmlError · HttpError · TlsError · TimeoutError · EncodeError · what the signal was aborted with ·
   * errors of the transport, which bear a `code` of Node's or undici's.
   */
  async call<M extends VimMethod>(
    method: M,
    self: MoRef,
    args: VimMethods[M]['args'],
    options: CallOptions = {},
  ): Promise<VimMethods[M]['result']> {
    const xml = encodeCall(vimSchema(), method, self, args);
    const started = performance.now();
    const { longPoll = false } = options;
    const exchange = { longPoll, bytes: 0 };
    const report = (outcome: string) => {
      const { bytes } = exchange;
      this.#onCall({ method, ms: performance.now() - started, ...(bytes > 0 ? { bytes } : {}), outcome });
    };
    try {
      const result = await withDeadline(method, options, (signal) =>
        this.#exchange(method, xml, Object.assign(exchange, { signal })),
      );
      report('ok');
      // The decoder has built it from the same table that the types were made from.
      return result as VimMethods[M]['result'];
    } catch (error) {
      report(outcomeOf(error, options.signal));
      throw error;
    }
  }

  /** @param version what SOAPAction says from the next call on, e.g. `8.0.3.0`: vSphere answers as that release did. */
  setApiVersion(version: string): void {
    this.#soapAction = `urn:vim25/${version}`;
  }

  /** The releases of the API that the server speaks, newest first. HttpError where it does not tell. */
  async apiVersions(signal?: AbortSignal): Promise<string[]> {
    const list = 'vimServiceVersions.xml';
    const options = signal === undefined ? {} : { signal };
    return apiVersions(await withDeadline(list, options, (deadline) => this.#http.get(list, deadline)));
  }

  clearCookies(): void {
    this.#http.clearCookies();
  }

  /** The Cookie header that makes this conversation's login count on the server's other addresses. A secret. */
  cookie(): string {
    return this.#http.cookie();
  }

  /** Ends the calls under way, and every call to come, with an error of undici's. */
  async close(): Promise<void> {
    await this.#http.close();
  }

  async #exchange(method: VimMethod, xml: string, exchange: Exchange): Promise<unknown> {
    this.#soap ??= vimWsdl().then((wsdl) => new Client(wsdl, this.#url, { httpClient: this.#http, stream: true }));
    const soap = await this.#soap;
    if (this.#soapAction !== undefined) soap.setSOAPAction(this.#soapAction);
    // soap makes its methods from the WSDL: its types know none of them.
    const answering: Promise<[Record<string, unknown> | undefined]> = soap[`${method}Async`]({ _xml: xml }, exchange);
    forget(soap);
    const [answer] = await answering.catch((error) => {
      throw unwrapped(error);
    });
    if (answer === undefined) throw new XmlError(`The answer is not a ${method}Response`);
    const { result } = vimSchema().method(method);
    const value = answer['returnval'];
    if (result?.array) return value ?? [];
    if (value === undefined && result !== undefined && !result.optional)
      throw new XmlError(`The ${method}Response is empty`);
    return value;
  }
}

/** Runs with a signal that the caller's signal aborts, or the deadline. */
async function withDeadline<T>(
  name: string,
  options: CallOptions,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, timeoutMs = options.longPoll ? LONG_POLL_MS : TIMEOUT_MS } = options;
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  const expire = () => controller.abort(new TimeoutError(name, timeoutMs));
  signal?.addEventListener('abort', abort, { once: true });
  const timer = setTimeout(expire, Math.min(timeoutMs, MAX_TIMER_MS));
  try {
    // Not left to undici: a request that waits for its connection hears of no signal before that has been made.
    return await abortable(run(controller.signal), controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** soap keeps the last exchange for whoever debugs it; it may hold a password. */
function forget(soap: Client): void {
  soap.lastRequest = undefined;
  soap['lastMessage'] = undefined;
}

/** soap hangs the whole response on an error. */
function unwrapped(error: unknown): Error {
  if (!(error instanceof Error)) return new XmlError('The answer is not a SOAP envelope');
  Reflect.deleteProperty(error, 'response');
  Reflect.deleteProperty(error, 'body');
  return error;
}

function outcomeOf(error: unknown, signal: AbortSignal | undefined): string {
  if (error instanceof VimFault) return error.faultName;
  if (error instanceof XmlError) return 'malformed';
  if (error instanceof HttpError) return 'http';
  if (error instanceof TlsError) return 'tls';
  if (error instanceof TimeoutError) return 'timeout';
  if (signal?.aborted) return 'aborted';
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'error';
}
