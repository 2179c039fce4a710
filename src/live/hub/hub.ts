/** Carries facts to subscribers: each message is put into bytes once, and each subscriber gets one write a turn. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { GatewayError } from '../../errors.ts';
import { type Filter, filterKey, frame, type Message, matches, type Topic } from './messages.ts';
import { renderTick, type Tick } from './metrics-frame.ts';
import { Ring } from './ring.ts';
import { type Sink, Subscriber } from './subscriber.ts';

export interface HubSettings {
  /** Seconds between bookmarks on a quiet stream. */
  heartbeat: number;
  /** Messages kept for clients that come back. */
  ring: number;
  max_subscribers: number;
  max_per_key: number;
  /** Seconds. */
  stall_timeout: number;
  /** Seconds. */
  max_age: number;
}

/** Present state, for a stream that begins with it: frames without ids, in portions. Not `full`: the last samples alone. */
export type Snapshot = (filter: Filter, full: boolean) => AsyncIterable<Buffer>;

interface Group {
  filter: Filter;
  members: Set<Subscriber>;
}

export interface SubscribeOptions {
  filter: Filter;
  sink: Sink;
  keyId: string;
  /** From `Last-Event-ID`. */
  lastEventId?: string | undefined;
  /** Begin with the present state. */
  snapshot: boolean;
}

const RING_BYTES = 32 * 1024 * 1024;

export class Hub {
  readonly #settings: HubSettings;
  readonly #snapshot: Snapshot;
  readonly #log: Logger;
  /** Another process has another epoch: its ids mean nothing here. */
  readonly #epoch = randomBytes(4).readUInt32BE().toString(36);
  readonly #ring: Ring;
  readonly #groups = new Map<string, Group>();
  readonly #byKey = new Map<string, Set<Subscriber>>();
  readonly #counters = { sent: 0, skipped: 0, stalled: 0 };
  #seq = 0;
  #count = 0;
  #batch: Message[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastBookmark = 0;

  constructor(settings: HubSettings, snapshot: Snapshot, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    this.#snapshot = snapshot;
    this.#ring = new Ring(settings.ring, RING_BYTES);
  }

  start(): void {
    this.#timer = setInterval(() => this.#tend(), Math.min(this.#settings.heartbeat, 5) * 1000);
    this.#timer.unref();
  }

  get subscribers(): number {
    return this.#count;
  }

  /** Messages written, skipped because a client was behind, and clients given up; since the start. */
  get stats(): Readonly<{ sent: number; skipped: number; stalled: number }> {
    return this.#counters;
  }

  #id(seq: number): string {
    return `${this.#epoch}.${seq}`;
  }

  /** @param id of the object it is about, for filters. */
  publish(topic: Message['topic'], vcenter: string, id: string | null, data: object): void {
    this.#seq += 1;
    const message = {
      seq: this.#seq,
      topic,
      vcenter,
      id,
      frame: frame(topic, JSON.stringify(data), this.#id(this.#seq)),
    };
    this.#ring.push(message);
    this.#batch.push(message);
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const batch = this.#batch;
    this.#batch = [];
    for (const { filter, members } of this.#groups.values()) {
      const wanted = batch.filter((message) => matches(filter, message));
      const [first] = wanted;
      if (first === undefined) continue;
      const bytes = Buffer.concat(wanted.map((message) => message.frame));
      const last = wanted.at(-1)!.seq;
      for (const member of members) {
        if (member.loading) continue;
        this.#tally(member.sendEvents(bytes, first.seq, last), wanted.length);
      }
    }
  }

  #tally(sent: boolean, messages: number): void {
    this.#counters[sent ? 'sent' : 'skipped'] += messages;
  }

  /** One message with the samples of a round for each group of equal filters. */
  async publishTick(tick: Tick): Promise<void> {
    for (const { filter, members } of [...this.#groups.values()]) {
      if (!filter.topics.has('metrics')) continue;
      const body = await renderTick(tick, filter);
      if (body === undefined) continue;
      // Numbered when it is written, behind all that came while it was made: ids only ever grow.
      this.#flush();
      this.#seq += 1;
      const bytes = Buffer.concat([Buffer.from(`id: ${this.#id(this.#seq)}\n`), body]);
      for (const member of members) if (!member.loading) this.#tally(member.sendLatest(bytes), 1);
    }
  }

  /**
   * Opens a stream: `retry`, then what was missed or the present state, then everything that happens.
   * @returns a function that ends it; safe to call twice.
   * @throws GatewayError `overloaded` or `rate_limited` when there are too many.
   */
  subscribe({ filter, sink, keyId, lastEventId, snapshot }: SubscribeOptions): () => void {
    // What is already on its way belongs to those who were here when it happened.
    this.#flush();
    const siblings = this.#byKey.get(keyId) ?? new Set();
    if (this.#count >= this.#settings.max_subscribers) {
      throw new GatewayError('overloaded', 'The gateway serves as many streams as it may; try again later.', {
        retry_after: 30,
      });
    }
    if (siblings.size >= this.#settings.max_per_key) {
      throw new GatewayError(
        'rate_limited',
        `This key has ${siblings.size} open streams, as many as it may; close one.`,
        {
          retry_after: 30,
        },
      );
    }
    const subscriber = new Subscriber(sink, keyId, Date.now());
    const key = filterKey(filter);
    const group = this.#groups.get(key) ?? { filter, members: new Set() };
    this.#groups.set(key, group);
    group.members.add(subscriber);
    this.#byKey.set(keyId, siblings.add(subscriber));
    this.#count += 1;
    const close = () => {
      if (subscriber.closed) return;
      subscriber.closed = true;
      this.#count -= 1;
      group.members.delete(subscriber);
      if (group.members.size === 0) this.#groups.delete(key);
      siblings.delete(subscriber);
      if (siblings.size === 0) this.#byKey.delete(keyId);
    };
    // A spread of a second or two keeps clients from coming back all at once.
    sink.write(Buffer.from(`retry: ${1000 + Math.floor(Math.random() * 2000)}\n\n`));
    this.#begin(subscriber, filter, lastEventId, snapshot);
    return close;
  }

  #begin(subscriber: Subscriber, filter: Filter, lastEventId: string | undefined, snapshot: boolean): void {
    subscriber.seq = this.#seq;
    if (lastEventId !== undefined) {
      const [epoch, seq] = lastEventId.split('.');
      const missed = epoch === this.#epoch && /^\d+$/.test(seq ?? '') ? this.#ring.after(Number(seq)) : undefined;
      if (missed !== undefined) {
        const wanted = missed.filter((message) => matches(filter, message)).map((message) => message.frame);
        if (wanted.length > 0) subscriber.sink.write(Buffer.concat(wanted));
        subscriber.sink.write(this.#bookmark());
        return;
      }
      subscriber.sink.write(
        frame(
          'reset',
          JSON.stringify({ detail: 'What happened since that id is no longer kept; the present state follows.' }),
        ),
      );
    }
    subscriber.loading = true;
    this.#load(subscriber, filter, lastEventId !== undefined || snapshot).catch((error: unknown) => {
      this.#log.error({ err: error }, 'a stream could not be begun');
      subscriber.sink.destroy();
    });
  }

  /** Writes the present state as fast as the client takes it, then what happened meanwhile. */
  async #load(subscriber: Subscriber, filter: Filter, full: boolean): Promise<void> {
    for await (const portion of this.#snapshot(filter, full)) {
      while (subscriber.behind && !subscriber.closed) await sleep(50);
      if (subscriber.closed) return;
      subscriber.sink.write(portion);
    }
    this.#finishLoad(subscriber, filter);
  }

  #finishLoad(subscriber: Subscriber, filter: Filter): void {
    this.#flush();
    const missed = this.#ring.after(subscriber.seq);
    const from = subscriber.seq + 1;
    subscriber.seq = this.#seq;
    subscriber.loading = false;
    const frames = missed?.filter((message) => matches(filter, message)).map((message) => message.frame);
    if (frames === undefined) {
      subscriber.sink.write(
        frame(
          'gap',
          JSON.stringify({ from, to: this.#seq, detail: 'More happened during the snapshot than is kept.' }),
        ),
      );
    } else if (frames.length > 0) {
      subscriber.sink.write(Buffer.concat(frames));
    }
    subscriber.sink.write(this.#bookmark());
  }

  /** Moves the client's `Last-Event-ID` on and keeps proxies from closing a quiet stream. */
  #bookmark(): Buffer {
    return frame('bookmark', JSON.stringify({ at: new Date().toISOString() }), this.#id(this.#seq));
  }

  #tend(): void {
    const now = Date.now();
    const due = now - this.#lastBookmark >= this.#settings.heartbeat * 1000;
    if (due) this.#lastBookmark = now;
    // What waits to be flushed comes before a bookmark that says it has been seen.
    if (due) this.#flush();
    const bookmark = due ? this.#bookmark() : undefined;
    for (const { members } of [...this.#groups.values()]) {
      for (const member of [...members]) {
        if (member.isStalled(now, this.#settings.stall_timeout * 1000)) {
          this.#counters.stalled += 1;
          member.sink.destroy();
        } else if (now - member.openedAt > this.#settings.max_age * 1000) {
          this.#bye(member, 'This stream has reached its greatest age; connect again.');
        } else if (bookmark !== undefined && !member.loading) {
          member.sendLatest(bookmark);
        }
      }
    }
  }

  #bye(subscriber: Subscriber, detail: string): void {
    subscriber.sink.write(frame('bye', JSON.stringify({ detail })));
    subscriber.sink.end();
  }

  /** Ends every stream of a key: it was revoked, expired or narrowed. */
  endKey(keyId: string): void {
    for (const subscriber of [...(this.#byKey.get(keyId) ?? [])])
      this.#bye(subscriber, 'The key of this stream is no longer valid.');
  }

  close(): void {
    clearInterval(this.#timer);
    clearImmediate(this.#flushing);
    for (const keyId of [...this.#byKey.keys()]) {
      for (const subscriber of [...(this.#byKey.get(keyId) ?? [])])
        this.#bye(subscriber, 'The gateway is shutting down; connect again.');
    }
  }
}

export type { Filter, Topic };
