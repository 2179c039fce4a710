// Writes what follows from the catalogue: openapi.yaml, docs/operations.md and the table in README.md.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

execFileSync(process.execPath, [fileURLToPath(new URL('./build.mjs', import.meta.url))], { stdio: 'inherit' });
const at = (path) => new URL(`../${path}`, import.meta.url);
const { generated } = await import(at('dist/src/generate.js').href);
const readme = readFileSync(at('README.md'), 'utf8');
for (const [path, text] of Object.entries(generated(readme))) writeFileSync(at(path), text);
