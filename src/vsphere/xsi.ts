/** Which attributes of an answer are xsi:type and xsi:nil: servers choose their own prefix, and Go's encoder an odd one. */

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

export class XsiPrefixes {
  readonly #prefixes = new Set<string>();
  /** The attribute that is xsi:type under the prefix bound last, for a quick comparison. */
  typeAttribute = '';

  /** @returns whether the prefix is one of the instance namespace that was not before. */
  bind(prefix: string, namespace: string): boolean {
    if (namespace === XSI) {
      if (this.#prefixes.has(prefix)) return false;
      this.#prefixes.add(prefix);
      this.typeAttribute = `${prefix}:type`;
      return true;
    }
    if (this.#prefixes.delete(prefix)) this.typeAttribute = '';
    return false;
  }

  /** The name without its prefix, of an attribute of the instance namespace. */
  localName(attribute: string): string | undefined {
    const colon = attribute.indexOf(':');
    return colon > 0 && this.#prefixes.has(attribute.slice(0, colon)) ? attribute.slice(colon + 1) : undefined;
  }
}
