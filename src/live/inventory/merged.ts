/** The sorted lists of several vCenters as one, merged again only when one of them has changed. */
import type { Kind, RecordOf } from '../model.ts';
import { compareNamed } from './sorted.ts';
import type { Source } from './source.ts';

interface Cached<K extends Kind> {
  parts: readonly (readonly RecordOf[K][])[];
  items: readonly RecordOf[K][];
}

const nothing = <K extends Kind>(): Cached<K> => ({ parts: [], items: [] });

export class Merged {
  readonly #sources: readonly Source[];
  readonly #cache: { readonly [K in Kind]: Cached<K> } = {
    vm: nothing(),
    host: nothing(),
    cluster: nothing(),
    datastore: nothing(),
    network: nothing(),
    folder: nothing(),
    datacenter: nothing(),
    pool: nothing(),
  };

  constructor(sources: readonly Source[]) {
    this.#sources = sources;
  }

  /** The same array until one of the sources has another one. */
  all<K extends Kind>(kind: K): readonly RecordOf[K][] {
    const [first, second] = this.#sources;
    if (first !== undefined && second === undefined) return first.store.all(kind);
    const cached: Cached<K> = this.#cache[kind];
    const parts = this.#sources.map(({ store }) => store.all(kind));
    if (parts.some((part, index) => part !== cached.parts[index])) {
      cached.parts = parts;
      // The parts are sorted: V8's sort finds such runs and merges them.
      cached.items = parts.flat().sort(compareNamed) as RecordOf[K][];
    }
    return cached.items;
  }
}
