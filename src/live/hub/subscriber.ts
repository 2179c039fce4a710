/** One open stream: what it has been sent, what it missed, and when it is given up. */
import { frame } from './messages.ts';

/** Where the bytes go; the HTTP response, in the gateway. */
export interface Sink {
  write(bytes: Buffer): void;
  /** Bytes that the client has not taken yet. */
  readonly buffered: number;
  end(): void;
  destroy(): void;
}

/** A client this far behind gets nothing more until it has caught up. */
const SOFT_LIMIT = 256 * 1024;

/** Events that did not reach a client, by their seq. */
interface Missed {
  from: number;
  to: number;
}

export class Subscriber {
  readonly sink: Sink;
  readonly keyId: string;
  readonly openedAt: number;
  /** Newest message when its snapshot began. */
  seq = 0;
  /** A snapshot is on its way; live messages wait in the ring. */
  loading = false;
  closed = false;
  #missed: Missed | undefined;
  #stalledSince: number | undefined;

  constructor(sink: Sink, keyId: string, now: number) {
    this.sink = sink;
    this.keyId = keyId;
    this.openedAt = now;
  }

  get behind(): boolean {
    return this.sink.buffered > SOFT_LIMIT;
  }

  /**
   * Sends events, or remembers that they were missed.
   * @returns whether they were sent.
   */
  sendEvents(bytes: Buffer, from: number, to: number): boolean {
    if (this.behind) {
      this.#missed = { from: this.#missed?.from ?? from, to };
      return false;
    }
    this.#announceGap();
    this.sink.write(bytes);
    return true;
  }

  /** Sends the latest samples. A client that is behind does without: the next tick replaces them. */
  sendLatest(bytes: Buffer): boolean {
    if (this.behind) return false;
    this.#announceGap();
    this.sink.write(bytes);
    return true;
  }

  #announceGap(): void {
    if (this.#missed === undefined) return;
    const detail = 'This client was too slow; read again what it shows.';
    this.sink.write(frame('gap', JSON.stringify({ ...this.#missed, detail })));
    this.#missed = undefined;
  }

  /** Whether the client has left a full connection unread for so long that it is given up. */
  isStalled(now: number, timeoutMs: number): boolean {
    if (!this.behind) {
      this.#stalledSince = undefined;
      return false;
    }
    this.#stalledSince ??= now;
    return now - this.#stalledSince >= timeoutMs;
  }
}
