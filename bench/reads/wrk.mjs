/** wrk, which makes more requests than a server on one core can answer. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('./paths.lua', import.meta.url));
const CONNECTIONS = 32;

/** @returns undefined, or how to get it. */
export async function missingWrk() {
  try {
    await run('wrk', ['-v']);
  } catch (error) {
    // It knows no option that succeeds without a URL.
    if (error.code === 'ENOENT') return 'wrk is missing: apt install wrk, brew install wrk, or github.com/wg/wrk';
  }
  return undefined;
}

/** Asks a server for these paths in turn, on 32 connections. Throws unless every answer was a 2xx. */
export async function load(url, paths, headers, seconds) {
  const named = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', '-s', SCRIPT, ...named, url, '--', ...paths];
  const { stdout } = await run('wrk', args);
  const errors = /Non-2xx.*|Socket errors.*/.exec(stdout);
  if (errors !== null) throw new Error(`${url}${paths[0]}: ${errors[0]}`);
  return {
    requests: Number(/(\d+) requests in/.exec(stdout)[1]),
    per_second: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]),
    p50_ms: milliseconds(/^\s+50%\s+(\S+)/m.exec(stdout)[1]),
    p99_ms: milliseconds(/^\s+99%\s+(\S+)/m.exec(stdout)[1]),
  };
}

function milliseconds(text) {
  const factor = text.endsWith('us') ? 1e-3 : text.endsWith('ms') ? 1 : 1e3;
  return Number.parseFloat(text) * factor;
}
