/** Results and errors as short text: what a model reads, while `structuredContent` holds the whole. */
import { GatewayError, type Problem } from '../../src/errors.ts';

const ROWS = 20;
const COLUMNS = 8;
const CELL = 80;

type Scalar = string | number | boolean | null;

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function isCell(value: unknown): boolean {
  return isScalar(value) || (Array.isArray(value) && value.every(isScalar));
}

/** One line, whatever a guest or a user wrote into the field. */
function cell(value: unknown): string {
  const text = Array.isArray(value) ? value.join(' ') : String(value ?? '');
  const line = text.replaceAll(/[\s|]+/g, ' ').trim();
  if (line === '') return '-';
  return line.length > CELL ? `${line.slice(0, CELL - 1)}…` : line;
}

function table(rows: readonly Record<string, unknown>[]): string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const columns = Object.keys(first)
    .filter((key) => rows.every((row) => isCell(row[key] ?? null)))
    .slice(0, COLUMNS);
  return [columns, ...rows.map((row) => columns.map((key) => cell(row[key])))].map((cells) => cells.join(' | '));
}

/** A page of rows: its first rows as a table, and how to get the others. */
function pageText(items: readonly Record<string, unknown>[], rest: Record<string, unknown>): string {
  const facts = Object.entries(rest).filter(([key, value]) => isScalar(value) && value !== null && key !== 'version');
  const head = [`items: ${items.length}`, ...facts.map(([key, value]) => `${key}: ${value}`)].join(', ');
  const more = items.length - ROWS;
  const tail =
    more > 0 ? [`${more} more rows are in structuredContent; limit: ${ROWS} gives pages that fit here.`] : [];
  return [head, ...table(items.slice(0, ROWS)), ...tail].join('\n');
}

/** @param json the whole result; only what is not a page is shown as it is. */
export function resultText(result: object, json: string): string {
  if (!('items' in result) || !Array.isArray(result.items)) return json;
  const { items, ...rest } = result;
  return pageText(items, rest);
}

/** The sentence a model acts on, then the facts a program may want. */
export function problemText(problem: Problem): string {
  const { type: _type, title: _title, detail, ...facts } = problem;
  return `${problem.code}: ${detail}\n${JSON.stringify(facts)}`;
}

/** Clients drop messages of a MiB and more; this leaves room for the envelope. */
const MESSAGE_BYTES = 1_000_000;

/** @throws GatewayError when text and JSON together make a message that clients would drop. */
export function checkSize(json: string, text: string): void {
  // Three bytes a character is the most that unescaped UTF-8 needs; nearly all answers end here.
  if ((json.length + text.length) * 3 < MESSAGE_BYTES) return;
  const bytes = Buffer.byteLength(json) + Buffer.byteLength(JSON.stringify(text));
  if (bytes < MESSAGE_BYTES) return;
  throw new GatewayError(
    'invalid_input',
    `The answer has ${bytes} bytes, and MCP clients take at most ${MESSAGE_BYTES}. Call again with a lower limit, or with fewer fields.`,
    { errors: [{ pointer: '/limit', message: 'Too many rows for one MCP message' }] },
  );
}
