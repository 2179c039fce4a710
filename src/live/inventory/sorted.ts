/** Records in the order of the lists: by name (code units), then id. */

export interface Named {
  readonly id: string;
  readonly name: string;
}

/** One record replaced by another, added (no `before`) or removed (no `after`). */
export interface Edit<R extends Named> {
  readonly before: R | undefined;
  readonly after: R | undefined;
}

export function compareNamed(a: Named, b: Named): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

/** Index of the first item that is not before `key`. */
function lowerBound(items: readonly Named[], key: Named): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && compareNamed(item, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Sorted<R extends Named> {
  #items: readonly R[] = [];

  /** Never changed in place: a change puts another array here. */
  get items(): readonly R[] {
    return this.#items;
  }

  /** Takes over an array that holds the same records in the same order. */
  adopt(items: readonly R[]): void {
    this.#items = items;
  }

  /** Applies edits whose `before` are in the list: one copy of the array for all of them. */
  apply(edits: readonly Edit<R>[]): void {
    if (edits.length === 0) return;
    const items = [...this.#items];
    for (const { before, after } of edits) {
      if (before !== undefined && after !== undefined && compareNamed(before, after) === 0) {
        items[lowerBound(items, before)] = after;
        continue;
      }
      if (before !== undefined) items.splice(lowerBound(items, before), 1);
      if (after !== undefined) items.splice(lowerBound(items, after), 0, after);
    }
    this.#items = items;
  }

  /** All that have exactly this name. */
  named(name: string): readonly R[] {
    const items = this.#items;
    const from = lowerBound(items, { name, id: '' });
    let to = from;
    while (items[to]?.name === name) to += 1;
    return items.slice(from, to);
  }
}
