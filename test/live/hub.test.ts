/** The hub alone: what goes to whom, in which order, and what happens to those who do not read. */
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Filter, Hub, type HubSettings, type Snapshot } from '../../src/live/hub/hub.ts';
import { frame } from '../../src/live/hub/messages.ts';
import type { Sink } from '../../src/live/hub/subscriber.ts';

interface Event {
  event: string;
  id: string | undefined;
  data: Record<string, unknown>;
}

/** A client that can stop reading. */
class Client implements Sink {
  readonly writes: Buffer[] = [];
  buffered = 0;
  ended = false;
  destroyed = false;
  write(bytes: Buffer): void {
    this.writes.push(bytes);
  }
  end(): void {
    this.ended = true;
  }
  destroy(): void {
    this.destroyed = true;
  }
  get events(): Event[] {
    const text = Buffer.concat(this.writes).toString();
    return text
      .split('\n\n')
      .filter((block) => block.includes('event: '))
      .map((block) => ({
        event: /^event: (.*)$/m.exec(block)?.[1] ?? '',
        id: /^id: (.*)$/m.exec(block)?.[1],
        data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? 'null') as Record<string, unknown>,
      }));
  }
  names(): string[] {
    return this.events.map(({ event }) => event);
  }
}

const SETTINGS: HubSettings = {
  heartbeat: 15,
  ring: 16,
  max_subscribers: 10,
  max_per_key: 3,
  stall_timeout: 30,
  max_age: 3600,
};
const all: Filter = {
  topics: new Set(['vm', 'task', 'metrics']),
  ids: undefined,
  vcenters: undefined,
  counters: undefined,
};
const nothing: Snapshot = async function* () {};

const turn = () => new Promise((resolve) => setImmediate(resolve));
async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await turn();
}

function open(hub: Hub, options: Partial<Parameters<Hub['subscribe']>[0]> = {}): { client: Client; close: () => void } {
  const client = new Client();
  const close = hub.subscribe({ filter: all, sink: client, keyId: 'k1', snapshot: false, ...options });
  return { client, close };
}

describe('the hub', () => {
  let hub: Hub;
  const log = pino({ level: 'silent' });
  beforeEach(() => {
    hub = new Hub(SETTINGS, nothing, log);
  });
  afterEach(() => {
    vi.useRealTimers();
    hub.close();
  });

  it('sends what was published in one turn as one write, the same bytes to all', async () => {
    const a = open(hub).client;
    const b = open(hub).client;
    await settle();
    const before = a.writes.length;
    for (let n = 0; n < 5; n += 1) hub.publish('vm', 'lab', `lab:vm-${n}`, { n });
    await settle();
    expect(a.writes.length).toBe(before + 1);
    expect(a.writes.at(-1)).toBe(b.writes.at(-1));
    expect(a.events.filter(({ event }) => event === 'vm').map(({ data }) => data['n'])).toEqual([0, 1, 2, 3, 4]);
  });

  it('sends only what the filter wants', async () => {
    const { client } = open(hub, { filter: { ...all, ids: new Set(['lab:vm-1']), vcenters: new Set(['lab']) } });
    await settle();
    hub.publish('vm', 'lab', 'lab:vm-1', { n: 1 });
    hub.publish('vm', 'lab', 'lab:vm-2', { n: 2 });
    hub.publish('vm', 'other', 'lab:vm-1', { n: 3 });
    hub.publish('host', 'lab', 'lab:vm-1', { n: 4 });
    await settle();
    expect(client.events.filter(({ event }) => event !== 'bookmark').map(({ data }) => data['n'])).toEqual([1]);
  });

  it('replays what a client missed from its last id, without a gap or a repetition', async () => {
    const first = open(hub);
    await settle();
    hub.publish('vm', 'lab', 'lab:vm-1', { n: 1 });
    hub.publish('vm', 'lab', 'lab:vm-1', { n: 2 });
    await settle();
    const id = first.client.events.find(({ data }) => data['n'] === 1)?.id;
    first.close();
    hub.publish('vm', 'lab', 'lab:vm-1', { n: 3 });
    const again = open(hub, { lastEventId: id }).client;
    hub.publish('vm', 'lab', 'lab:vm-1', { n: 4 });
    await settle();
    expect(again.events.filter(({ event }) => event === 'vm').map(({ data }) => data['n'])).toEqual([2, 3, 4]);
  });

  it('tells a client whose last id is of another process, or too old, to start again from the present state', async () => {
    const present: Snapshot = async function* () {
      yield frame('vm', '{"n":"present"}');
    };
    hub = new Hub(SETTINGS, present, log);
    const { client } = open(hub, { lastEventId: 'other.7' });
    await settle();
    expect(client.names()).toEqual(['reset', 'vm', 'bookmark']);
    const old = open(hub).client.events.at(-1)?.id ?? '';
    for (let n = 0; n < 100; n += 1) hub.publish('vm', 'lab', null, { n });
    expect(open(hub, { lastEventId: old.replace(/\d+$/, '1') }).client.names()[0]).toBe('reset');
  });

  it('delivers what happens during a snapshot after it', async () => {
    let release = () => {};
    const slow: Snapshot = async function* () {
      yield frame('vm', '{"n":"old"}');
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    };
    hub = new Hub(SETTINGS, slow, log);
    const { client } = open(hub, { snapshot: true });
    await settle();
    hub.publish('vm', 'lab', 'lab:vm-1', { n: 'new' });
    await settle();
    expect(client.events.map(({ data }) => data['n'])).toEqual(['old']);
    release();
    await settle();
    expect(client.events.filter(({ event }) => event === 'vm').map(({ data }) => data['n'])).toEqual(['old', 'new']);
  });

  it('skips samples for a client that is behind, and announces the events it missed', async () => {
    const { client } = open(hub);
    await settle();
    client.buffered = 1_000_000;
    hub.publish('vm', 'lab', 'lab:vm-1', { n: 1 });
    await settle();
    const tick = {
      vcenter: 'lab',
      at: 'now',
      kind: 'vm' as const,
      ids: ['a'],
      valuesOf: () => ({ c: 1 }),
      nameOf: () => 'a',
    };
    await hub.publishTick(tick);
    expect(client.names()).toEqual(['bookmark']);
    client.buffered = 0;
    await hub.publishTick(tick);
    expect(client.names()).toEqual(['bookmark', 'gap', 'metrics']);
    expect(hub.stats.skipped).toBe(2);
  });

  it('gives up a client that leaves a full connection unread', async () => {
    vi.useFakeTimers();
    hub.start();
    const { client } = open(hub);
    client.buffered = 1_000_000;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(client.destroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(client.destroyed).toBe(true);
  });

  it('keeps a quiet stream open with bookmarks that carry the newest id', async () => {
    vi.useFakeTimers();
    hub.start();
    const { client } = open(hub);
    await vi.advanceTimersByTimeAsync(31_000);
    expect(client.names().filter((name) => name === 'bookmark').length).toBeGreaterThanOrEqual(3);
  });

  it('ends the streams of a key, and no others', async () => {
    const mine = open(hub).client;
    const other = open(hub, { keyId: 'k2' }).client;
    await settle();
    hub.endKey('k1');
    expect([mine.ended, other.ended]).toEqual([true, false]);
    expect(mine.names().at(-1)).toBe('bye');
  });

  it('refuses more streams than one key may have', () => {
    for (let n = 0; n < 3; n += 1) open(hub);
    expect(() => open(hub)).toThrow('3 open streams');
    expect(hub.subscribers).toBe(3);
  });

  it('frees the place of a stream that is closed, however often', () => {
    const { close } = open(hub);
    close();
    close();
    expect(hub.subscribers).toBe(0);
  });

  it('sends metrics with only the counters and objects that were asked for', async () => {
    const { client } = open(hub, { filter: { ...all, ids: new Set(['a']), counters: new Set(['cpu']) } });
    await settle();
    await hub.publishTick({
      vcenter: 'lab',
      at: '2026-01-01T00:00:00Z',
      kind: 'vm',
      ids: ['a', 'b'],
      valuesOf: () => ({ cpu: 1, mem: null }),
      nameOf: (id) => `name of ${id}`,
    });
    const message = client.events.find(({ event }) => event === 'metrics');
    expect(message?.data['samples']).toEqual([{ id: 'a', name: 'name of a', values: { cpu: 1 } }]);
  });

  it('numbers messages upwards, metrics included', async () => {
    const { client } = open(hub);
    await settle();
    hub.publish('vm', 'lab', 'x', {});
    await hub.publishTick({ vcenter: 'lab', at: '', kind: 'vm', ids: ['x'], valuesOf: () => ({}), nameOf: () => '' });
    hub.publish('task', 'lab', 'x', {});
    await settle();
    const numbers = client.events.map(({ id }) => Number(id?.split('.')[1]));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(client.names()).toEqual(['bookmark', 'vm', 'metrics', 'task']);
  });
});
