/** Lists: filters, order, cursors and chosen fields, the same for every kind of object. */
import { z } from 'zod';
import type { Context } from '../context.ts';
import { GatewayError } from '../errors.ts';

interface Row {
  readonly id: string;
  readonly name: string;
}

interface PageInput {
  limit: number;
  cursor?: string | undefined;
  fields?: string[] | undefined;
  sort: string;
}

export interface Page<R> {
  items: (R | (Partial<R> & Row))[];
  next_cursor: string | null;
  total: number;
  version: string;
  stale: boolean;
}

const Cursor = z.tuple([z.string(), z.union([z.string(), z.number(), z.null()]), z.string()]);
type SortValue = string | number | null;

/** `*` and `?` as in a shell, ignoring case; without either, the exact name. */
export function globToRegExp(glob: string): RegExp {
  const source = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'isu');
}

function readCursor(cursor: string, sort: string): [SortValue, string] {
  try {
    const [of, value, id] = Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    if (of === sort) return [value, id];
  } catch {
    // Falls through to the one answer for every cursor that is not ours.
  }
  throw new GatewayError(
    'invalid_input',
    'The cursor is not one that this list gave out for this sort order; start again without it.',
    {
      errors: [{ pointer: '/cursor', message: 'Not a cursor of this list' }],
    },
  );
}

function writeCursor(sort: string, value: SortValue, id: string): string {
  return Buffer.from(JSON.stringify([sort, value, id])).toString('base64url');
}

/** Nulls come last in either direction, so that what is known is on the first page. */
function compare(a: SortValue, b: SortValue, direction: number): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return (a < b ? -1 : 1) * direction;
}

function sortValue(row: object, field: string): SortValue {
  const value: unknown = Reflect.get(row, field);
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return Array.isArray(value) ? value.length : null;
}

/** Index of the first row behind the cursor. Rows that came or went since do not move it. */
function seek<R extends Row>(rows: readonly R[], field: string, direction: number, after: [SortValue, string]): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle]!;
    const order = compare(sortValue(row, field), after[0], direction) || compare(row.id, after[1], 1);
    if (order <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function pick<R extends Row>(row: R, fields: readonly string[]): Partial<R> & Row {
  const kept = Object.fromEntries(Object.entries(row).filter(([key]) => fields.includes(key)));
  return { id: row.id, name: row.name, ...(kept as Partial<R>) };
}

function checkFields(shape: z.ZodObject, input: PageInput): void {
  const known = Object.keys(shape.shape);
  const unknown = input.fields?.find((field) => !known.includes(field));
  if (unknown !== undefined) {
    throw new GatewayError('invalid_input', `There is no field '${unknown}'; there are ${known.join(', ')}.`, {
      errors: [{ pointer: '/fields', message: `Unknown field ${unknown}` }],
    });
  }
  const sort = input.sort.replace('-', '');
  if (!known.includes(sort)) {
    throw new GatewayError('invalid_input', `Cannot sort by '${sort}'; sort by one of ${known.join(', ')}.`, {
      errors: [{ pointer: '/sort', message: `Unknown field ${sort}` }],
    });
  }
}

interface PageSource<Rec extends Row, R extends Row> {
  /** All records, sorted by name and id. */
  records: readonly Rec[];
  /** Undefined when nothing is filtered: then no record is looked at that is not on the page. */
  filter: ((record: Rec) => boolean) | undefined;
  toRow: (record: Rec) => R;
  shape: z.ZodObject;
}

/** One page. The default order costs the page alone; a filter or another order looks at every record. */
export function page<Rec extends Row, R extends Row>(
  input: PageInput,
  context: Context,
  source: PageSource<Rec, R>,
): Page<R> {
  checkFields(source.shape, input);
  const descending = input.sort.startsWith('-');
  const field = descending ? input.sort.slice(1) : input.sort;
  const direction = descending ? -1 : 1;
  const { toRow } = source;
  const filtered = source.filter === undefined ? source.records : source.records.filter(source.filter);
  const after = input.cursor === undefined ? undefined : readCursor(input.cursor, input.sort);
  let rows: R[];
  let more: boolean;
  if (field === 'name' && !descending) {
    const from = after === undefined ? 0 : seek(filtered, field, direction, after);
    rows = filtered.slice(from, from + input.limit).map(toRow);
    more = from + input.limit < filtered.length;
  } else {
    const sorted = filtered
      .map(toRow)
      .sort((a, b) => compare(sortValue(a, field), sortValue(b, field), direction) || compare(a.id, b.id, 1));
    const from = after === undefined ? 0 : seek(sorted, field, direction, after);
    rows = sorted.slice(from, from + input.limit);
    more = from + input.limit < sorted.length;
  }
  const last = rows.at(-1);
  const { fields } = input;
  return {
    items: fields === undefined ? rows : rows.map((row) => pick(row, fields)),
    next_cursor: more && last !== undefined ? writeCursor(input.sort, sortValue(last, field), last.id) : null,
    total: filtered.length,
    version: context.inventory.version,
    stale: context.inventory.statuses().some((status) => status.stale || !status.ready),
  };
}

/** All of the given tests, or undefined when there are none. */
export function every<R>(
  tests: readonly (((record: R) => boolean) | undefined)[],
): ((record: R) => boolean) | undefined {
  const set = tests.filter((test) => test !== undefined);
  return set.length === 0 ? undefined : (record) => set.every((test) => test(record));
}

/** The filters that every list has: name glob, vCenter, and free text over what `texts` gives. */
export function commonFilters<R extends { name: string; vcenter: string }>(
  input: { name?: string | undefined; vcenter?: string | undefined; q?: string | undefined },
  texts: (record: R) => readonly (string | null)[],
): (((record: R) => boolean) | undefined)[] {
  const { name, vcenter, q } = input;
  const glob = name === undefined ? undefined : globToRegExp(name);
  const needle = q?.toLowerCase();
  return [
    glob && ((record) => glob.test(record.name)),
    vcenter === undefined ? undefined : (record) => record.vcenter === vcenter,
    needle === undefined ? undefined : (record) => texts(record).some((text) => text?.toLowerCase().includes(needle)),
  ];
}
