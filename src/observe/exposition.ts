/** The Prometheus text format, version 0.0.4, written piece by piece. */

/** Value of the Content-Type header. */
export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Length of a piece, in characters; short enough that making one does not hold up anybody. */
const PIECE = 65_536;

/** Label values by name; null stands for a label that is not there. */
export type Pairs = Readonly<Record<string, string | null>>;

/** A label set as `labels` makes it, and its value; what has no value is left out. */
export type Sample = readonly [labels: string, value: number | null];

export interface Family {
  name: string;
  /** One line, without backslashes. */
  help: string;
  samples: Iterable<Sample>;
}

/** `{a="b",c="d"}`, with what must be escaped escaped. Empty values are left out: to Prometheus that is the same. */
export function labels(pairs: Pairs): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(pairs)) {
    if (value !== null && value !== '') parts.push(`${name}="${escapeLabel(value)}"`);
  }
  return `{${parts.join(',')}}`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/[\\"\n]/g, (character) => ESCAPES[character] ?? '') : value;
}

/** Gauges as text, in pieces. A family without samples is left out. */
export function* gauges(families: Iterable<Family>): Generator<string> {
  let piece = '';
  for (const { name, help, samples } of families) {
    let headed = false;
    for (const [set, value] of samples) {
      if (value === null) continue;
      if (!headed) piece += `# HELP ${name} ${help}\n# TYPE ${name} gauge\n`;
      headed = true;
      piece += `${name}${set} ${value}\n`;
      if (piece.length > PIECE) {
        yield piece;
        piece = '';
      }
    }
  }
  if (piece !== '') yield piece;
}
