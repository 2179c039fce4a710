/** Finds or builds the lab simulator (`lab/`, a Go program) in a cache outside the project. */

import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, constants, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from 'pino';

const run = promisify(execFile);
const executable = process.platform === 'win32' ? '.exe' : '';

/** Where simulators are kept: `$XDG_CACHE_HOME/vsphere-gateway`, or `~/.cache/vsphere-gateway`. */
export function defaultCacheDir(): string {
  const { XDG_CACHE_HOME } = process.env;
  return join(
    XDG_CACHE_HOME !== undefined && XDG_CACHE_HOME !== '' ? XDG_CACHE_HOME : join(homedir(), '.cache'),
    'vsphere-gateway',
  );
}

/** Whether a file exists and may be executed. */
export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** A digest of everything that goes into the binary; undefined where there is no `lab/`. */
export async function labSourcesDigest(labDir: string): Promise<string | undefined> {
  const names = await readdir(labDir).catch(() => []);
  const sources = names.filter((name) => /\.(?:go|mod|sum)$/.test(name)).sort();
  if (!sources.includes('go.mod')) return undefined;
  const digest = createHash('sha256');
  for (const name of sources) {
    const content = await readFile(join(labDir, name));
    digest.update(`${name} ${content.length}\n`).update(content);
  }
  return digest.digest('hex').slice(0, 16);
}

/** The path at which the binary of these sources is, or would be, kept. */
function cachedPath(cacheDir: string, digest: string): string {
  return join(cacheDir, `vsphere-lab-${digest}-${process.platform}-${process.arch}${executable}`);
}

/** The binary built from exactly these sources earlier, if there is one. */
export async function cachedLab(labDir: string, cacheDir: string): Promise<string | undefined> {
  const digest = await labSourcesDigest(labDir);
  if (digest === undefined) return undefined;
  const path = cachedPath(cacheDir, digest);
  return (await isExecutable(path)) ? path : undefined;
}

/** The Go toolchain's version line, or undefined where `go` cannot be run. */
async function goVersion(): Promise<string | undefined> {
  return run('go', ['version']).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

/**
 * Builds the lab into the cache. Several builders may run at once: each builds under a name of its own, and the rename
 * at the end is atomic. Undefined without sources or without Go; throws with the compiler's words if the build fails.
 */
export async function buildLab(labDir: string, cacheDir: string, log: Logger): Promise<string | undefined> {
  const digest = await labSourcesDigest(labDir);
  const version = digest === undefined ? undefined : await goVersion();
  if (digest === undefined || version === undefined) return undefined;
  log.info({ go: version }, 'building the simulator from lab/; the first time this takes about a minute');
  await mkdir(cacheDir, { recursive: true });
  const target = cachedPath(cacheDir, digest);
  const own = `${target}.${randomUUID()}${executable}`;
  try {
    await run('go', ['build', '-trimpath', '-o', own, '.'], { cwd: labDir, maxBuffer: 16 << 20 });
    await rename(own, target);
  } catch (error) {
    await rm(own, { force: true });
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new Error(`go build of ${labDir} failed:\n${words.trim().slice(-2000)}`);
  }
  return target;
}
