/** One vCenter or ESXi host: its sessions, its state, and what keeps its troubles from spreading. */
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import type { VcenterConfig } from '../config/schema.ts';
import { GatewayError } from '../errors.ts';
import { Breaker, type Verdict } from './breaker.ts';
import { Bulkhead } from './bulkhead.ts';
import { type Capabilities, capabilitiesOf } from './capabilities.ts';
import { type CallInfo, VimClient } from './client.ts';
import { fromVsphere } from './faults.ts';
import { Guard } from './guard.ts';
import { logIn } from './login.ts';
import { judge, outageOf } from './outage.ts';
import { Session, type SessionKind, type SessionOwner } from './session.ts';
import { tlsOptions } from './tls.ts';
import { type Downloaded, Transfer } from './transfer.ts';
import { VimFault } from './vim-fault.ts';
import type { AboutInfo, ServiceContent } from './vim25/types.ts';

/** As it is published; `reason` is for people and holds no secrets. */
export interface TargetState {
  readonly status: 'connecting' | 'connected' | 'unavailable' | 'auth_failed' | 'tls_failed';
  /** RFC 3339: since when it has this status. */
  readonly since: string;
  readonly reason?: string;
  /** Whether any certificate is taken. */
  readonly insecure: boolean;
}

export interface TargetDeps {
  log: Logger;
  /** `vsphere-gateway/<version>`: how admins find us in vCenter's list of sessions. */
  userAgent: string;
  /** Of every SOAP call, the target's name first. */
  onCall?: (target: string, info: CallInfo) => void;
}

/** Calls at once in the sessions that callers do not use. */
const BACKGROUND_CONNECTIONS = 4;

/**
 * Nothing happens at construction; the first `session(kind)` call connects. A wrong password is tried once: from then on
 * every call is refused with upstream_auth until the process starts anew, so that no account is locked.
 */
export class Target {
  readonly name: string;
  readonly config: VcenterConfig;
  /** For files that are not moved by SOAP. */
  readonly transfer: Transfer;
  readonly #deps: TargetDeps;
  readonly #log: Logger;
  readonly #sessions = new Map<SessionKind, Session>();
  readonly #listeners = new Set<(state: TargetState) => void>();
  readonly #breaker: Breaker;
  readonly #loginTurn = pLimit(1);
  #state: TargetState;
  #about: AboutInfo | undefined;
  #capabilities: Capabilities | undefined;
  #refusal: GatewayError | undefined;
  #closed: Promise<void> | undefined;

  constructor(config: VcenterConfig, deps: TargetDeps) {
    this.name = config.name;
    this.config = config;
    this.transfer = new Transfer(config, deps.userAgent);
    this.#deps = deps;
    this.#log = deps.log.child({ vcenter: config.name, component: 'target' });
    this.#state = Object.freeze({ status: 'connecting', since: new Date().toISOString(), insecure: config.insecure });
    this.#breaker = new Breaker({ name: config.name, onOpen: (error) => this.#lost(error) });
  }

  /** One of at most four logins, made on its first use. */
  session(kind: SessionKind): Session {
    let session = this.#sessions.get(kind);
    if (session === undefined) {
      const slots = kind === 'requests' ? this.config.max_connections : BACKGROUND_CONNECTIONS;
      session = new Session(kind, this.#ownerOf(slots), new Guard(this.#breaker, new Bulkhead(this.name, slots)));
      // After the end of the target there is nothing left to log in for.
      if (this.#closed !== undefined) void session.close();
      this.#sessions.set(kind, session);
    }
    return session;
  }

  get state(): TargetState {
    return this.#state;
  }

  /** Since the last login; undefined before the first. */
  about(): AboutInfo | undefined {
    return this.#about;
  }

  /** Since the last login; undefined before the first. */
  capabilities(): Capabilities | undefined {
    return this.#capabilities;
  }

  /** Calls the listener at every change of `state`. @returns the way to stop it. */
  onState(listener: (state: TargetState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * A document that vCenter serves beside SOAP to those who are logged in, up to `maxBytes` of it.
   * @param path e.g. `/screen?id=vm-12`
   * @throws {GatewayError} as `Transfer.download` does.
   */
  async document(path: string, options: { maxBytes: number; signal?: AbortSignal }): Promise<Downloaded> {
    const session = this.session('requests');
    const address = new URL(path, this.config.url).href;
    const get = (cookie: string) => this.transfer.download(address, { ...options, isKnownHost: () => false, cookie });
    const { cookie, generation } = await session.cookie(options.signal);
    try {
      return await get(cookie);
    } catch (error) {
      const ended = error instanceof GatewayError && error.extras.details?.['http_status'] === 401;
      if (!ended) throw error;
    }
    void session.renew(generation);
    return get((await session.cookie(options.signal)).cookie);
  }

  /** Logs every session out, for up to 3 s. Never rejects. */
  close(): Promise<void> {
    this.#closed ??= Promise.all([...this.#sessions.values()].map((session) => session.close())).then(() => undefined);
    return this.#closed;
  }

  #ownerOf(connections: number): SessionOwner {
    return {
      name: this.name,
      timeoutMs: this.config.request_timeout * 1_000,
      newClient: () => this.#newClient(connections),
      logIn: (client, signal) => this.#loginTurn(() => this.#logIn(client, signal)),
      checkCredentials: () => this.#checkCredentials(),
      answered: () => this.#answered(),
      failed: (error, signal) => this.#failed(error, signal),
    };
  }

  #newClient(connections: number): VimClient {
    const { userAgent, onCall } = this.#deps;
    try {
      return new VimClient({
        url: this.config.url,
        tls: tlsOptions(this.config),
        userAgent,
        connections,
        onCall: onCall && ((info) => onCall(this.name, info)),
      });
    } catch (error) {
      const message = `The ca_file of ${this.name} cannot be used; check its path and content.`;
      const told = new GatewayError('upstream_tls', message, { cause: error });
      this.#enter('tls_failed', told.message);
      throw told;
    }
  }

  async #logIn(client: VimClient, signal: AbortSignal): Promise<ServiceContent> {
    this.#checkCredentials();
    try {
      const timeoutMs = this.config.request_timeout * 1_000;
      const content = await this.#breaker.run(() => logIn(client, this.config, timeoutMs, signal), judgeLogin);
      this.#about = content.about;
      this.#capabilities = capabilitiesOf(content);
      this.#enter('connected');
      return content;
    } catch (error) {
      const told = fromVsphere(error, { vcenter: this.name, method: 'Login' });
      if (isRefusal(error)) this.#refuse(told);
      else if (judge(error) !== 'silent') this.#lost(error);
      // The call that needed the login was not begun, whatever became of the login.
      throw told.code === 'upstream_timeout' ? notAnswering(told) : told;
    }
  }

  #checkCredentials(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  #refuse(refusal: GatewayError): void {
    this.#refusal = new GatewayError('upstream_auth', refusal.message, { ...refusal.extras, cause: refusal.cause });
    this.#log.error({ fault: refusal.extras.fault }, 'vSphere refuses the credentials; no further login is tried');
    this.#enter('auth_failed', refusal.message);
  }

  #answered(): void {
    if (this.#state.status === 'unavailable' || this.#state.status === 'tls_failed') this.#enter('connected');
  }

  #failed(error: unknown, signal: AbortSignal | undefined): void {
    const verdict = judge(error, signal);
    if (verdict === 'answer') this.#answered();
    if (verdict !== 'outage') return;
    // A call that broke or took too long may be alone in that; the breaker tells when it is not.
    const outage = outageOf(error);
    if (outage === 'connect' || outage === 'tls') this.#lost(error);
  }

  #lost(error: unknown): void {
    const { message } = fromVsphere(error, { vcenter: this.name });
    this.#enter(outageOf(error) === 'tls' ? 'tls_failed' : 'unavailable', message);
  }

  #enter(status: TargetState['status'], reason?: string): void {
    const { status: before, since, insecure } = this.#state;
    // A login that still lives says nothing about the refused one.
    if (before === 'auth_failed' || (before === status && this.#state.reason === reason)) return;
    this.#state = Object.freeze({
      status,
      since: before === status ? since : new Date().toISOString(),
      ...(reason === undefined ? {} : { reason }),
      insecure,
    });
    if (before !== status)
      this.#log[status === 'connected' ? 'info' : 'warn']({ status, reason }, 'state of the vCenter changed');
    for (const listener of this.#listeners) {
      try {
        listener(this.#state);
      } catch (error) {
        this.#log.error({ err: error }, 'a listener for the state of the vCenter failed');
      }
    }
  }
}

/** Whether Login itself was answered with a no that the same credentials will get again. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof VimFault)) return false;
  const { code } = fromVsphere(error);
  return code === 'upstream_auth' || code === 'upstream_forbidden';
}

/** Whatever stops a login counts, lest every request try one at a vCenter that answers but is not up. */
function judgeLogin(error: unknown): Verdict {
  const verdict = judge(error);
  return verdict === 'answer' && !isRefusal(error) ? 'outage' : verdict;
}

const notAnswering = ({ message, cause }: GatewayError): GatewayError =>
  new GatewayError('upstream_unavailable', message, { cause, retry_after: 5 });
