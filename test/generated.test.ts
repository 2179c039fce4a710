/** What is generated from the catalogue, and that it is the present catalogue's. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_TABLE } from '../src/errors.ts';
import { generated } from '../src/generate.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');

describe('generated files', () => {
  it.each(Object.entries(generated(read('README.md'))))('%s is up to date (npm run gen)', (path, text) => {
    expect(read(path)).toBe(text);
  });

  it('docs/errors.md explains every code', () => {
    const page = read('docs/errors.md');
    expect(Object.keys(ERROR_TABLE).filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });
});
