/** Sessions of the older MCP revisions: each belongs to one key, ends when unused, and there are only so many. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import type { Server } from '@modelcontextprotocol/server';
import type { Logger } from 'pino';
import { GatewayError } from '../../src/errors.ts';

export interface SessionSettings {
  /** Seconds. */
  session_idle: number;
  max_sessions_per_key: number;
}

export class Session {
  readonly id: string;
  readonly keyId: string;
  readonly transport: NodeStreamableHTTPServerTransport;
  readonly #idle: NodeJS.Timeout;
  /** Open exchanges; a client that listens on a stream is not idle. */
  #open = 0;

  constructor(id: string, keyId: string, idleMs: number) {
    this.id = id;
    this.keyId = keyId;
    this.transport = new NodeStreamableHTTPServerTransport({ sessionIdGenerator: () => id });
    this.#idle = setTimeout(() => {
      if (this.busy) this.#idle.refresh();
      else void this.close();
    }, idleMs).unref();
  }

  get busy(): boolean {
    return this.#open > 0;
  }

  /** Counts an exchange as open until its response is over. */
  hold(response: ServerResponse): void {
    this.#open++;
    response.once('close', () => {
      this.#open--;
      this.#idle.refresh();
    });
  }

  /** Ends the streams and the waiting calls of the session; tasks go on. */
  async close(): Promise<void> {
    await this.transport.close();
  }

  /** To be called when it has ended, from whichever side. */
  ended(): void {
    clearTimeout(this.#idle);
  }
}

export class Sessions {
  readonly #createServer: () => Server;
  readonly #settings: SessionSettings;
  readonly #log: Logger;
  /** Least recently used first. */
  readonly #sessions = new Map<string, Session>();

  constructor(createServer: () => Server, settings: SessionSettings, log: Logger) {
    this.#createServer = createServer;
    this.#settings = settings;
    this.#log = log;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Undefined for a session that has ended and for one of another key: nobody learns which. */
  find(id: string, keyId: string): Session | undefined {
    const session = this.#sessions.get(id);
    if (session?.keyId !== keyId) return undefined;
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    return session;
  }

  /**
   * Begins a session. Most clients never end theirs, so at the limit the one unused for longest makes room.
   * @throws GatewayError `rate_limited` when all sessions of the key are busy.
   */
  async open(keyId: string): Promise<Session> {
    await this.#makeRoom(keyId);
    const session = new Session(randomUUID(), keyId, this.#settings.session_idle * 1000);
    this.#sessions.set(session.id, session);
    const server = this.#createServer();
    server.onclose = () => {
      session.ended();
      this.#sessions.delete(session.id);
    };
    server.onerror = (err) => this.#log.debug({ err, key_id: keyId }, 'MCP session');
    await server.connect(session.transport);
    return session;
  }

  async #makeRoom(keyId: string): Promise<void> {
    const own = [...this.#sessions.values()].filter((session) => session.keyId === keyId);
    if (own.length < this.#settings.max_sessions_per_key) return;
    const unused = own.find((session) => !session.busy);
    if (unused === undefined) {
      throw new GatewayError('rate_limited', `The key has ${own.length} MCP sessions in use; end one of them first.`);
    }
    await unused.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
  }
}
