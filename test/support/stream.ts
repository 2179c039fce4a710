/** A client of the stream: the `eventsource` package, with the key in a header. */
import { EventSource } from 'eventsource';
import { TOPICS } from '../../src/live/hub/messages.ts';
import { type Gateway, until } from './gateway.ts';

// biome-ignore lint/suspicious/noExplicitAny: data of every topic.
type Json = any;

export interface StreamEvent {
  event: string;
  id: string;
  data: Json;
}

export interface Stream {
  events: StreamEvent[];
  of(event: string): StreamEvent[];
  /** Waits for an event that the test holds for. */
  next(event: string, test?: (data: Json) => boolean): Promise<StreamEvent>;
  close(): void;
}

/** Opens `/v1/stream?query` and waits for its first bookmark, behind which nothing is missed. */
export async function openStream(
  gateway: Gateway,
  query: string,
  headers: Record<string, string> = {},
): Promise<Stream> {
  const source = new EventSource(`${gateway.url}/v1/stream?${query}`, {
    fetch: (url, init) =>
      fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${gateway.key}`, ...headers } }),
  });
  const events: StreamEvent[] = [];
  for (const event of [...TOPICS, 'bookmark', 'gap', 'reset', 'bye']) {
    source.addEventListener(event, ({ data, lastEventId }) => {
      events.push({ event, id: lastEventId, data: JSON.parse(data) });
    });
  }
  const of = (event: string) => events.filter((each) => each.event === event);
  await until('the stream is open', () => of('bookmark').length > 0);
  return {
    events,
    of,
    next: async (event, test = () => true) => {
      const found = () => of(event).find(({ data }) => test(data));
      await until(`an event '${event}'`, () => found() !== undefined);
      return found()!;
    },
    close: () => source.close(),
  };
}
