/** JSON of results: the same text as JSON.stringify, made once for what never changes. */
import { describe, expect, it } from 'vitest';
import { toJson } from '../src/encode.ts';

describe('toJson', () => {
  it.each([
    [{ items: [{ a: 1 }, { b: 'x"\u2028' }], next_cursor: null, total: 2 }],
    [{ items: [] }],
    [{ items: [Object.freeze({ a: [1] })], more: false }],
    [{ plain: true }],
    [Object.freeze({ frozen: { deep: null } })],
    [{ items: 'not a list' }],
  ])('gives %j as JSON.stringify does', (value) => {
    expect(toJson(value)).toBe(JSON.stringify(value));
    expect(toJson(value)).toBe(JSON.stringify(value));
  });

  it('turns a frozen row into text once, whatever page it is on', () => {
    let reads = 0;
    const row = Object.freeze({
      get name() {
        reads += 1;
        return 'x';
      },
    });
    toJson({ items: [row], total: 1 });
    toJson({ items: [row, row], total: 2 });
    expect(reads).toBe(1);
  });
});
