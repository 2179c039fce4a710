// Compiles src/ and routes/ into dist/ and puts the data files that code reads at run time beside it.
import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);
cpSync(`${root}src/vsphere/vim25/vim25.json`, `${root}dist/src/vsphere/vim25/vim25.json`);
