/** One login to one vCenter: made when first needed, renewed when vCenter has ended it, given up on close. */
import { GatewayError } from '../errors.ts';
import type { CallOptions, VimClient } from './client.ts';
import type { Guard } from './guard.ts';
import { VimFault } from './vim-fault.ts';
import type { MoRef, ObjectContent, PropertyFilterSpec, ServiceContent, VimMethod, VimMethods } from './vim25/types.ts';
import { abortable, settled } from './waiting.ts';

/** Long polls, waits for tasks, metrics and callers' requests each have a login, so that none holds up another. */
export type SessionKind = 'requests' | 'inventory' | 'waits' | 'metrics';

/** What a session needs of its target. */
export interface SessionOwner {
  readonly name: string;
  /** Default of one call. */
  readonly timeoutMs: number;
  /** A fresh conversation, with its own cookies and connections. */
  newClient(): VimClient;
  /** Logs a conversation in, in turn with the target's other sessions. @throws {GatewayError} */
  logIn(client: VimClient, signal: AbortSignal): Promise<ServiceContent>;
  /** @throws {GatewayError} upstream_auth, once vCenter has refused the credentials. */
  checkCredentials(): void;
  answered(): void;
  /** @param signal of the call. */
  failed(error: unknown, signal: AbortSignal | undefined): void;
}

export interface SessionCallOptions extends CallOptions {
  /** false: throw NotAuthenticated instead of logging in again, for calls on objects that died with the login. */
  relogin?: boolean;
}

/** A conversation that is logged in. Each login has its own, so that a late answer to an old one cannot touch its cookie. */
interface Login {
  readonly generation: number;
  readonly client: VimClient;
  readonly content: ServiceContent;
  /** Calls and readings under way: its connections stay open for these. */
  users: number;
  /** Set once it is being given up. */
  logout?: Promise<void>;
}

const LOGOUT_MS = 3_000;
const ignore = (): void => undefined;

const closed = (name: string): GatewayError =>
  new GatewayError('shutting_down', `The connection to ${name} is closed.`);

export class Session {
  readonly kind: SessionKind;
  readonly #owner: SessionOwner;
  readonly #guard: Guard;
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;
  #generation = 0;
  #current: Login | undefined;
  #pending: Promise<Login> | undefined;
  /** Every login whose client is still open. */
  readonly #open = new Set<Login>();

  constructor(kind: SessionKind, owner: SessionOwner, guard: Guard) {
    this.kind = kind;
    this.#owner = owner;
    this.#guard = guard;
  }

  /**
   * Logged in, by one attempt that all who wait share.
   * @throws {GatewayError} upstream_unavailable, upstream_auth, upstream_tls …; or the reason of the signal.
   */
  async ready(signal?: AbortSignal): Promise<{ content: ServiceContent; generation: number }> {
    const { content, generation } = await this.#login(signal);
    return { content, generation };
  }

  /** The Cookie header of the login, for what vCenter serves beside SOAP. A secret. Fails as `ready` does. */
  async cookie(signal?: AbortSignal): Promise<{ cookie: string; generation: number }> {
    const { client, generation } = await this.#login(signal);
    return { cookie: client.cookie(), generation };
  }

  /**
   * Calls a vim25 method. NotAuthenticated leads to a new login and one more attempt.
   * @throws VimFault and the other errors of `VimClient.call`; {GatewayError} where the call was refused or never begun.
   */
  async call<M extends VimMethod>(
    method: M,
    self: MoRef,
    args: VimMethods[M]['args'],
    options: SessionCallOptions = {},
  ): Promise<VimMethods[M]['result']> {
    return (await this.#callAnyhow(method, self, args, options)).result;
  }

  /** The objects of a RetrievePropertiesEx, page by page. A consumer that stops early is fine. */
  async *retrieve(
    specSet: PropertyFilterSpec[],
    { maxObjects, signal }: { maxObjects?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<ObjectContent[]> {
    const { propertyCollector } = (await this.#login(signal)).content;
    const options = maxObjects === undefined ? {} : { maxObjects };
    // A token is worth something in the login that gave it only, so its pages are asked for there.
    const { login, result } = await this.#callAnyhow(
      'RetrievePropertiesEx',
      propertyCollector,
      { specSet, options },
      { signal },
    );
    let page = result;
    let token = page?.token;
    login.users += 1;
    try {
      while (page !== undefined) {
        yield page.objects ?? [];
        if (token === undefined) return;
        const next = token;
        token = undefined;
        page = await this.#send(login, 'ContinueRetrievePropertiesEx', propertyCollector, { token: next }, { signal });
        token = page.token;
      }
    } finally {
      // vpxd keeps the rest of an unread answer until it is cancelled.
      if (token !== undefined) {
        await this.#send(
          login,
          'CancelRetrievePropertiesEx',
          propertyCollector,
          { token },
          { timeoutMs: LOGOUT_MS },
        ).catch(ignore);
      }
      this.#release(login);
    }
  }

  /** Properties of one object by path; a path that is unset or unreadable is absent. Fails as `call` does. */
  async read(obj: MoRef, paths: string[], options: SessionCallOptions = {}): Promise<Record<string, unknown>> {
    const { propertyCollector } = (await this.#login(options.signal)).content;
    const specSet = [{ propSet: [{ type: obj.$type, pathSet: paths }], objectSet: [{ obj }] }];
    const answer = await this.call('RetrievePropertiesEx', propertyCollector, { specSet, options: {} }, options);
    const found = answer?.objects?.[0]?.propSet ?? [];
    return Object.fromEntries(found.map(({ name, val }) => [name, val]));
  }

  /**
   * Gives the login of this generation up, if it still is the current one; the next call logs in afresh. All views,
   * collectors and filters of that login are gone with it. Never rejects.
   */
  async renew(generation: number): Promise<void> {
    const login = this.#current;
    if (login?.generation !== generation) return;
    this.#current = undefined;
    await this.#retire(login);
  }

  /** Logs out (for up to 3 s), ends what is under way. Never rejects. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // A login that is under way may have reached vCenter: await it, so as to be able to log it out.
    if (this.#pending !== undefined) await settled(this.#pending, LOGOUT_MS);
    this.#closing.abort(closed(this.#owner.name));
    this.#current = undefined;
    await Promise.all(
      [...this.#open].map(async (login) => {
        await settled(this.#logOut(login), LOGOUT_MS);
        await this.#drop(login);
      }),
    );
  }

  async #login(signal: AbortSignal | undefined): Promise<Login> {
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw closed(this.#owner.name);
    this.#owner.checkCredentials();
    if (this.#current !== undefined) return this.#current;
    this.#pending ??= this.#logIn().finally(() => {
      this.#pending = undefined;
    });
    return abortable(this.#pending, signal);
  }

  async #logIn(): Promise<Login> {
    const client = this.#owner.newClient();
    try {
      const content = await this.#owner.logIn(client, this.#closing.signal);
      this.#generation += 1;
      const login: Login = { generation: this.#generation, client, content, users: 0 };
      this.#open.add(login);
      this.#current = login;
      return login;
    } catch (error) {
      await client.close().catch(ignore);
      throw error;
    }
  }

  async #callAnyhow<M extends VimMethod>(
    method: M,
    self: MoRef,
    args: VimMethods[M]['args'],
    options: SessionCallOptions,
  ): Promise<{ login: Login; result: VimMethods[M]['result'] }> {
    const login = await this.#login(options.signal);
    try {
      return { login, result: await this.#send(login, method, self, args, options) };
    } catch (error) {
      // Only the type itself: its ancestor NoPermission is an answer, not an ended session.
      const ended = error instanceof VimFault && error.faultName === 'NotAuthenticated';
      if (!ended || options.relogin === false) throw error;
    }
    // Refused before it was carried out, so that a write may be sent again too.
    void this.renew(login.generation);
    const fresh = await this.#login(options.signal);
    return { login: fresh, result: await this.#send(fresh, method, self, args, options) };
  }

  async #send<M extends VimMethod>(
    login: Login,
    method: M,
    self: MoRef,
    args: VimMethods[M]['args'],
    { signal, timeoutMs = this.#owner.timeoutMs, longPoll }: CallOptions,
  ): Promise<VimMethods[M]['result']> {
    login.users += 1;
    try {
      const result = longPoll
        ? await login.client.call(method, self, args, { longPoll, timeoutMs, signal })
        : await this.#guard.run(
            (leftMs) => login.client.call(method, self, args, { timeoutMs: leftMs, signal }),
            timeoutMs,
            signal,
          );
      this.#owner.answered();
      return result;
    } catch (error) {
      this.#owner.failed(error, signal);
      throw error;
    } finally {
      this.#release(login);
    }
  }

  #release(login: Login): void {
    login.users -= 1;
    if (login.users === 0 && login.logout !== undefined) void this.#retire(login);
  }

  async #retire(login: Login): Promise<void> {
    await this.#logOut(login);
    // What is under way ends by itself, by its deadline at the latest, and closes the client then.
    if (login.users === 0) await this.#drop(login);
  }

  #logOut(login: Login): Promise<void> {
    const { sessionManager } = login.content;
    login.logout ??=
      sessionManager === undefined
        ? Promise.resolve()
        : login.client.call('Logout', sessionManager, {}, { timeoutMs: LOGOUT_MS }).catch(ignore);
    return login.logout;
  }

  async #drop(login: Login): Promise<void> {
    if (this.#open.delete(login)) await login.client.close().catch(ignore);
  }
}
