// Builds, then runs the command line in this same process, so that signals reach it and its exit code is npm's.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

try {
  execFileSync(process.execPath, [fileURLToPath(new URL('./build.mjs', import.meta.url))], { stdio: 'inherit' });
} catch {
  process.exit(1);
}
await import(new URL('../dist/src/main.js', import.meta.url).href);
