/** vcsim from govmomi's GitHub releases, for machines without Go: name, checksum, download. */

import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from 'pino';
import { isExecutable } from './lab-binary.ts';

const VERSION = 'v0.56.0';
const RELEASE = `https://github.com/vmware/govmomi/releases/download/${VERSION}`;

/** The release archive for a platform as Node names it, or undefined where upstream builds none. */
export function archiveName(platform: string = process.platform, arch: string = process.arch): string | undefined {
  const os = { linux: 'Linux', darwin: 'Darwin', win32: 'Windows', freebsd: 'FreeBSD' }[platform];
  const cpu = { x64: 'x86_64', arm64: 'arm64' }[arch];
  if (os === undefined || cpu === undefined) return undefined;
  return `vcsim_${os}_${cpu}.${os === 'Windows' ? 'zip' : 'tar.gz'}`;
}

/** The SHA-256 that a checksums.txt gives for a file, in lower case; undefined if it lists none. */
export function checksumOf(checksums: string, name: string): string | undefined {
  for (const line of checksums.split('\n')) {
    const [, sum, file] = /^([0-9a-fA-F]{64})\s+\*?(\S+)\s*$/.exec(line) ?? [];
    if (file === name) return sum?.toLowerCase();
  }
  return undefined;
}

/** Throws unless the bytes have the checksum that the release lists for this name. */
export function verifyChecksum(name: string, bytes: Uint8Array, checksums: string): void {
  const expected = checksumOf(checksums, name);
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (expected === undefined) throw new Error(`checksums.txt of ${VERSION} does not list ${name}`);
  if (actual !== expected) throw new Error(`${name} has SHA-256 ${actual}, the release says ${expected}`);
}

async function download(name: string): Promise<Uint8Array> {
  const response = await fetch(`${RELEASE}/${name}`, { signal: AbortSignal.timeout(120_000) });
  if (!response.ok) throw new Error(`${RELEASE}/${name}: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The downloaded and verified vcsim, from the cache if it is there. Undefined where upstream has none for the platform. */
export async function releasedVcsim(cacheDir: string, log: Logger): Promise<string | undefined> {
  const name = archiveName();
  if (name === undefined) return undefined;
  const binary = process.platform === 'win32' ? 'vcsim.exe' : 'vcsim';
  const target = join(cacheDir, `vcsim-${VERSION}`);
  if (await isExecutable(join(target, binary))) return join(target, binary);

  log.info({ url: `${RELEASE}/${name}` }, 'downloading vcsim');
  const [archive, checksums] = await Promise.all([download(name), download('checksums.txt')]);
  verifyChecksum(name, archive, new TextDecoder().decode(checksums));
  const own = join(cacheDir, `vcsim-${randomUUID()}`);
  try {
    await mkdir(own, { recursive: true });
    await writeFile(join(own, name), archive);
    // bsdtar on Windows unpacks zip as well.
    await promisify(execFile)('tar', ['-xf', name], { cwd: own });
    await rm(join(own, name));
    await rename(own, target).catch(async (error: unknown) => {
      if (!(await isExecutable(join(target, binary)))) throw error; // somebody else was quicker: use theirs
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return join(target, binary);
}
