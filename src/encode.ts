/** Results as JSON. A frozen object is immutable here, so its JSON is made once and shared by all who ask. */

/** JSON of single results, as text: Node sends a short text together with the headers, in one write. */
const texts = new WeakMap<object, string>();
/** JSON of rows, as bytes: a page of texts would be joined, measured and encoded again for every answer. */
const rows = new WeakMap<object, Buffer>();

const OPEN = Buffer.from('{"items":[');
const COMMA = Buffer.from(',');
const CLOSE = Buffer.from(']}');

function once<T>(made: WeakMap<object, T>, value: unknown, make: (value: unknown) => T): T {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return make(value);
  let known = made.get(value);
  if (known === undefined) {
    known = make(value);
    made.set(value, known);
  }
  return known;
}

const text = (value: unknown): string => JSON.stringify(value);
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** JSON of what an operation answered, in UTF-8 where it is bytes. Pages are joined from the bytes of their rows. */
export function toBody(result: object): string | Buffer {
  if (!('items' in result) || !Array.isArray(result.items) || Object.isFrozen(result)) return once(texts, result, text);
  const { items, ...rest } = result;
  const parts: Buffer[] = [OPEN];
  for (const item of items) {
    if (parts.length > 1) parts.push(COMMA);
    parts.push(once(rows, item, bytes));
  }
  const tail = text(rest);
  parts.push(tail === '{}' ? CLOSE : Buffer.from(`],${tail.slice(1)}`));
  return Buffer.concat(parts);
}

/** The same as text, for where it becomes part of another. */
export function toJson(result: object): string {
  return toBody(result).toString();
}
