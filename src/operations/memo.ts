/** Derived objects, made once for each immutable record and remade when something they were made of is another. */

interface Entry {
  deps: readonly unknown[];
  value: unknown;
}

/** @returns a function that answers the frozen result of `make` for a record, as long as `deps` are the same objects. */
export function memo<R extends object, T extends object>(): (record: R, deps: readonly unknown[], make: () => T) => T {
  const entries = new WeakMap<R, Entry & { value: T }>();
  return (record, deps, make) => {
    const known = entries.get(record);
    if (known?.deps.every((dep, index) => dep === deps[index])) return known.value;
    const value = Object.freeze(make());
    entries.set(record, { deps, value });
    return value;
  };
}
