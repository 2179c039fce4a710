/** Lists: order, cursors, filters and fields, over rows of our own. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Context } from '../../src/context.ts';
import { globToRegExp, page } from '../../src/operations/page.ts';

const Row = z.strictObject({ id: z.string(), name: z.string(), size: z.number().nullable() });
type Row = z.output<typeof Row>;

const context = { inventory: { version: 'e.1', statuses: () => [] } } as unknown as Context;
const byName = (rows: Row[]) =>
  [...rows].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1));

function read(
  rows: Row[],
  input: { limit?: number; sort?: string; cursor?: string; fields?: string[] } = {},
  filter?: (row: Row) => boolean,
) {
  return page({ limit: 3, sort: 'name', ...input }, context, {
    records: byName(rows),
    filter,
    toRow: (row) => row,
    shape: Row,
  });
}

/** Follows the cursors; `between` runs after each page. */
function readAll(rows: Row[], sort: string, between: () => void = () => {}): string[] {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const { items, next_cursor }: ReturnType<typeof read> = read(rows, {
      sort,
      ...(cursor === null ? {} : { cursor }),
    });
    ids.push(...items.map(({ id }) => id));
    cursor = next_cursor;
    between();
  } while (cursor !== null);
  return ids;
}

const rows: Row[] = Array.from({ length: 20 }, (_, n) => ({
  id: `vm-${n}`,
  name: `name-${n % 7}`,
  size: n % 4 === 0 ? null : n % 5,
}));

describe('a page', () => {
  it.each(['name', '-name', 'size', '-size'])('with its cursors shows every row once, sorted by %s', (sort) => {
    const ids = readAll(rows, sort);
    expect(ids).toHaveLength(20);
    expect(new Set(ids).size).toBe(20);
  });

  it('keeps its place when rows come and go', () => {
    const moving = [...rows];
    let step = 0;
    const ids = readAll(moving, 'name', () => {
      step += 1;
      moving.unshift({ id: `new-${step}`, name: 'a', size: 0 });
      const shown = moving.findIndex(({ id }) => id === 'vm-0');
      if (shown >= 0) moving.splice(shown, 1);
    });
    for (const row of rows.slice(1)) expect(ids).toContain(row.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('counts what fits the filter, on all pages', () => {
    expect(read(rows, { limit: 2 }, (row) => row.name === 'name-1')).toMatchObject({
      total: 3,
      items: [{ name: 'name-1' }, { name: 'name-1' }],
    });
  });

  it('shows unknown values last in both directions', () => {
    expect(read(rows, { sort: 'size', limit: 20 }).items.at(-1)?.size).toBeNull();
    expect(read(rows, { sort: '-size', limit: 20 }).items.at(-1)?.size).toBeNull();
  });

  it('looks at no row beyond the page when nothing is filtered', () => {
    let made = 0;
    const toRow = (row: Row) => {
      made += 1;
      return row;
    };
    const source = { records: byName(rows), filter: undefined, toRow, shape: Row };
    page({ limit: 3, sort: 'name' }, context, source);
    expect(made).toBe(3);
  });

  it('holds only the chosen fields, with id and name', () => {
    expect(read(rows, { fields: ['size'], limit: 1 }).items).toEqual([{ id: 'vm-0', name: 'name-0', size: null }]);
  });

  it.each([
    [{ cursor: 'nonsense' }, 'cursor'],
    [{ cursor: Buffer.from('["-size",1,"vm-1"]').toString('base64url') }, 'cursor'],
    [{ sort: 'colour' }, 'sort'],
    [{ fields: ['colour'] }, 'field'],
  ])('refuses %j and says why', (input, word) => {
    expect(() => read(rows, input)).toThrow(word);
  });
});

describe('a name glob', () => {
  it.each([
    ['web-*', 'web-01', true],
    ['web-*', 'a-web-01', false],
    ['web-0?', 'WEB-01', true],
    ['a.b', 'axb', false],
    ['(x)[1]', '(x)[1]', true],
  ])('%s on %s is %s', (glob, name, fits) => {
    expect(globToRegExp(glob).test(name)).toBe(fits);
  });
});
