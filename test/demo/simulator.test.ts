/** Finding a simulator: what is tried, in which order, and what is said when there is none. */

import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildLab, cachedLab, labSourcesDigest } from '../../src/demo/lab-binary.ts';
import { archiveName, checksumOf, verifyChecksum } from '../../src/demo/release.ts';
import { findSimulator, startSimulator } from '../../src/demo/simulator.ts';
import { packageRoot } from '../../src/version.ts';

const log = pino({ level: 'silent' });
let directory: string;
let labDir: string;
let cacheDir: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vsphere-gateway-demo-'));
  labDir = join(directory, 'lab');
  cacheDir = join(directory, 'cache');
  await mkdir(labDir);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

async function writeProgram(main = 'package main\n\nfunc main() {}\n'): Promise<void> {
  await writeFile(join(labDir, 'go.mod'), 'module example.test/lab\n\ngo 1.21\n');
  await writeFile(join(labDir, 'main.go'), main);
}

async function writeExecutable(path: string, script: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

describe('the lab', () => {
  test('is built once, however many ask at the same time, and then taken from the cache', async () => {
    await writeProgram();
    expect(await cachedLab(labDir, cacheDir)).toBeUndefined();
    const [one, two] = await Promise.all([buildLab(labDir, cacheDir, log), buildLab(labDir, cacheDir, log)]);
    expect(one).toBeDefined();
    expect(two).toBe(one);
    expect(await readdir(cacheDir)).toHaveLength(1);
    expect(await cachedLab(labDir, cacheDir)).toBe(one);
    expect(await findSimulator({ log, labDir, cacheDir, download: false })).toEqual({ kind: 'lab', path: one });
  });

  test('is built anew when a source changes', async () => {
    await writeProgram();
    const before = await labSourcesDigest(labDir);
    await writeFile(join(labDir, 'README.md'), 'no source');
    expect(await labSourcesDigest(labDir)).toBe(before);
    await writeFile(join(labDir, 'main.go'), 'package main\n\nfunc main() { println() }\n');
    expect(await labSourcesDigest(labDir)).not.toBe(before);
  });

  test('that does not compile is reported with the words of the compiler, and leaves nothing behind', async () => {
    await writeProgram('package main\n\nfunc main() { undefined() }\n');
    await expect(buildLab(labDir, cacheDir, log)).rejects.toThrow(
      /go build of .* failed:\n(.|\n)*undefined: undefined/,
    );
    expect(await readdir(cacheDir)).toEqual([]);
  });
});

describe('without the lab', () => {
  test('vcsim on the PATH is taken', async () => {
    vi.stubEnv('PATH', directory);
    await writeExecutable(join(directory, 'vcsim'), 'exit 0');
    const found = await findSimulator({ log, labDir, cacheDir, download: false });
    expect(found).toEqual({ kind: 'vcsim', path: join(directory, 'vcsim') });
  });

  test('and without vcsim the message names the three ways to get a simulator', async () => {
    vi.stubEnv('PATH', directory);
    await writeProgram(); // sources, but no Go
    const failure = findSimulator({ log, labDir, cacheDir, download: false });
    await expect(failure).rejects.toThrow(
      /1\. install Go(.|\n)*2\. put govmomi's vcsim on the PATH(.|\n)*3\. allow HTTPS/,
    );
  });
});

describe('the upstream release', () => {
  test('has an archive for the usual platforms, named as upstream names them', () => {
    expect(archiveName('linux', 'x64')).toBe('vcsim_Linux_x86_64.tar.gz');
    expect(archiveName('darwin', 'arm64')).toBe('vcsim_Darwin_arm64.tar.gz');
    expect(archiveName('win32', 'x64')).toBe('vcsim_Windows_x86_64.zip');
    expect(archiveName('aix', 'ppc64')).toBeUndefined();
    expect(archiveName('linux', 's390x')).toBeUndefined();
  });

  test('is used only with the checksum that checksums.txt gives for exactly that name', () => {
    const bytes = new TextEncoder().encode('an archive');
    const sum = createHash('sha256').update(bytes).digest('hex');
    const list = `${'0'.repeat(64)}  govc_Linux_x86_64.tar.gz\n${sum.toUpperCase()} *vcsim_Linux_x86_64.tar.gz\n`;
    expect(checksumOf(list, 'vcsim_Linux_x86_64.tar.gz')).toBe(sum);
    expect(() => verifyChecksum('vcsim_Linux_x86_64.tar.gz', bytes, list)).not.toThrow();
    expect(() => verifyChecksum('vcsim_Linux_x86_64.tar.gz', bytes.subarray(1), list)).toThrow('the release says');
    expect(() => verifyChecksum('govc_Linux_x86_64.tar.gz', bytes, list)).toThrow('the release says');
    expect(() => verifyChecksum('vcsim_Linux_arm64.tar.gz', bytes, list)).toThrow('does not list');
    expect(checksumOf(list, 'vcsim')).toBeUndefined();
  });
});

describe('starting', () => {
  const vcsim = () => ({ kind: 'vcsim' as const, path: join(directory, 'vcsim') });

  test('vcsim is asked for its address in its own way, and its credentials are known', async () => {
    await writeExecutable(
      join(directory, 'vcsim'),
      `echo "$@" > ${directory}/args\necho export GOVC_URL=http://u:p@127.0.0.1:8989/sdk GOVC_SIM_PID=1\nsleep 60`,
    );
    const running = await startSimulator({ simulator: vcsim(), log, vms: 7, hosts: 2, tls: false });
    expect(running).toMatchObject({ url: 'http://127.0.0.1:8989/sdk', username: 'user', password: 'pass' });
    const args = await readFile(join(directory, 'args'), 'utf8');
    expect(args).toBe('-l 127.0.0.1:0 -username user -password pass -tls=false -vm 7 -host 2\n');
    await running.stop();
    expect((await running.exited).signal).toBe('SIGTERM');
  });

  test('a simulator that ends at once is an error with its last words', async () => {
    await writeExecutable(
      join(directory, 'vcsim'),
      'echo "listen tcp 127.0.0.1:443: bind: permission denied" >&2\nexit 1',
    );
    await expect(startSimulator({ simulator: vcsim(), log })).rejects.toThrow('permission denied');
  });

  test('a simulator that cannot be run is an error', async () => {
    await expect(startSimulator({ simulator: vcsim(), log })).rejects.toThrow('could not be started');
  });
});

test('the package root is found from the sources and from dist alike', async () => {
  await mkdir(join(directory, 'dist', 'src', 'demo'), { recursive: true });
  await writeFile(join(directory, 'package.json'), '{}');
  expect(packageRoot(join(directory, 'dist', 'src', 'demo'))).toBe(directory);
});
