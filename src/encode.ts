/** Results as JSON text. A frozen object is immutable here, so its text is made once and shared by all who ask. */

const texts = new WeakMap<object, string>();

function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return JSON.stringify(value);
  let text = texts.get(value);
  if (text === undefined) {
    text = JSON.stringify(value);
    texts.set(value, text);
  }
  return text;
}

/** JSON of what an operation answered. Pages are joined from the texts of their rows. */
export function toJson(result: object): string {
  if (!('items' in result) || !Array.isArray(result.items) || Object.isFrozen(result)) return textOf(result);
  const { items, ...rest } = result;
  const tail = JSON.stringify(rest);
  return `{"items":[${items.map(textOf).join(',')}]${tail === '{}' ? '' : `,${tail.slice(1, -1)}`}}`;
}
