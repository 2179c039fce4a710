/** What goes over the stream: topics, filters and the bytes of one message, made once for all who read it. */

export const TOPICS = [
  'vm',
  'host',
  'cluster',
  'datastore',
  'network',
  'folder',
  'datacenter',
  'pool',
  'metrics',
  'task',
  'system',
] as const;

export type Topic = (typeof TOPICS)[number];

/** What one stream wants. Streams with equal filters share every byte. */
export interface Filter {
  topics: ReadonlySet<Topic>;
  /** Ids of objects; undefined for all. Tasks and metrics of these objects are meant, too. */
  ids: ReadonlySet<string> | undefined;
  vcenters: ReadonlySet<string> | undefined;
  /** Counters in metrics messages; undefined for all. */
  counters: ReadonlySet<string> | undefined;
}

/** Equal for filters that mean the same. */
export function filterKey(filter: Filter): string {
  const list = (set: ReadonlySet<string> | undefined) => (set === undefined ? null : [...set].sort());
  return JSON.stringify([list(filter.topics), list(filter.ids), list(filter.vcenters), list(filter.counters)]);
}

/** One thing that happened, as the bytes that every reader of it gets. */
export interface Message {
  seq: number;
  topic: Exclude<Topic, 'metrics'>;
  vcenter: string;
  /** Id of the object it is about; null where there is none. */
  id: string | null;
  frame: Buffer;
}

export function matches(filter: Filter, message: Message): boolean {
  if (!filter.topics.has(message.topic)) return false;
  if (filter.vcenters !== undefined && !filter.vcenters.has(message.vcenter)) return false;
  return filter.ids === undefined || message.topic === 'system' || (message.id !== null && filter.ids.has(message.id));
}

/** One server-sent event. JSON text holds no line breaks, so it is one data line. */
export function frame(event: string, json: string, id?: string): Buffer {
  return Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${json}\n\n`);
}
