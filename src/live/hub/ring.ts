/** The last messages, for clients that come back with `Last-Event-ID`. */
import type { Message } from './messages.ts';

/** Bounded by number and by bytes; the oldest go first. */
export class Ring {
  readonly #capacity: number;
  readonly #maxBytes: number;
  #messages: Message[] = [];
  #bytes = 0;
  /** Seq of the newest message that is no longer here. */
  #forgotten = 0;

  constructor(capacity: number, maxBytes: number) {
    this.#capacity = capacity;
    this.#maxBytes = maxBytes;
  }

  push(message: Message): void {
    this.#messages.push(message);
    this.#bytes += message.frame.length;
    // Dropped in blocks, because shifting one by one would move the array each time.
    if (this.#messages.length > this.#capacity * 1.25 || this.#bytes > this.#maxBytes) this.#trim();
  }

  #trim(): void {
    let drop = Math.max(0, this.#messages.length - this.#capacity);
    let bytes = this.#messages.slice(0, drop).reduce((sum, message) => sum + message.frame.length, 0);
    while (drop < this.#messages.length && this.#bytes - bytes > this.#maxBytes * 0.8) {
      bytes += this.#messages[drop]!.frame.length;
      drop += 1;
    }
    this.#forgotten = this.#messages[drop - 1]?.seq ?? this.#forgotten;
    this.#messages = this.#messages.slice(drop);
    this.#bytes -= bytes;
  }

  /** All messages behind `seq`, or undefined when some of them are gone. */
  after(seq: number): Message[] | undefined {
    if (seq < this.#forgotten) return undefined;
    const from = this.#messages.findIndex((message) => message.seq > seq);
    return from < 0 ? [] : this.#messages.slice(from);
  }
}
