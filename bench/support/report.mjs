/** Figures of several rounds as lines to read and as a file to keep. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Where results and profiles go. */
export const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

export const min = (numbers) => Math.min(...numbers);

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What ran the bench. A load average far from 0 before the start means that others were at work, too. */
export function machine() {
  const processors = cpus();
  const load = loadavg()[0] ?? 0;
  const memory = Math.round(totalmem() / 2 ** 30);
  const text = `${processors[0]?.model ?? 'unknown processor'}, ${processors.length} cores, ${memory} GiB; ${platform()} ${release()} ${arch()}; Node ${process.version}; load average ${load.toFixed(2)}`;
  return { at: new Date().toISOString(), text, load };
}

/** `min/median` of one figure of all rounds; a dash where it was not measured. */
export function spread(rounds, field, digits = 0) {
  const numbers = rounds.map((round) => round[field]).filter((number) => number !== undefined);
  if (numbers.length === 0) return '-';
  return `${min(numbers).toFixed(digits)}/${median(numbers).toFixed(digits)}`;
}

/**
 * How one thing compares with another: the median over the rounds, each of which measured both, and the ratio of the best
 * rounds, which a busy machine disturbs least.
 */
export function ratio(rounds, others, field) {
  const pairs = rounds.map((round, index) => round[field] / others[index][field]);
  const best = (of) => min(of.map((round) => round[field]));
  return { median: median(pairs), best: best(rounds) / best(others) };
}

export const ratioText = ({ median: middle, best }) => `${middle.toFixed(2)} (best rounds ${best.toFixed(2)})`;

/** Prints rows of texts in columns: the first to the left, the others to the right. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) {
    const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])));
    console.log(cells.join('  '));
  }
}

/** Keeps everything that was measured. @returns the path of the file. */
export function save(results) {
  mkdirSync(RESULTS, { recursive: true });
  const path = `${RESULTS}${results.at.replaceAll(':', '-')}.json`;
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
  return path;
}
