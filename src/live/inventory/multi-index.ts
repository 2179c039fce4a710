/** From a key to the ids that have it. Most keys have one id, which then costs no set. */

export class MultiIndex {
  readonly #ids = new Map<string, string | Set<string>>();

  add(key: string, id: string): void {
    const known = this.#ids.get(key);
    if (known === undefined) this.#ids.set(key, id);
    else if (typeof known !== 'string') known.add(id);
    else if (known !== id) this.#ids.set(key, new Set([known, id]));
  }

  delete(key: string, id: string): void {
    const known = this.#ids.get(key);
    if (known === id) this.#ids.delete(key);
    else if (known instanceof Set && known.delete(id) && known.size === 0) this.#ids.delete(key);
  }

  /** In the order in which they were added. */
  get(key: string): readonly string[] {
    const known = this.#ids.get(key);
    if (known === undefined) return [];
    return typeof known === 'string' ? [known] : [...known];
  }
}
