/** Builds the lab once before the tests, so that no test pays for it and no two build at once. */

import { join } from 'node:path';
import { pino } from 'pino';
import { buildLab, cachedLab, defaultCacheDir } from '../../src/demo/lab-binary.ts';
import { packageRoot } from '../../src/version.ts';

export default async function setup(): Promise<void> {
  const labDir = join(packageRoot(), 'lab');
  const log = pino({ level: 'info' });
  if ((await cachedLab(labDir, defaultCacheDir())) === undefined) await buildLab(labDir, defaultCacheDir(), log);
}
