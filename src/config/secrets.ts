/** Secrets that a file holds: `password_file` and its like become the value itself. */

import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConfigProblem, Origin } from './problems.ts';
import { isSecret, pathText, type SettingPath } from './settings.ts';

const FILE = '_file';

/** Whether any secret stands in the values themselves. */
export function holdsSecret(value: unknown, path: SettingPath = []): boolean {
  return isSecret(path) || children(value).some(([part, child]) => holdsSecret(child, [...path, part]));
}

/** Puts the contents of each `<secret>_file` in its place, in `values`. A secret and its file together are a problem. */
export function readSecretFiles(
  values: unknown,
  context: { base: string; origin: Origin; problems: ConfigProblem[]; warnings: string[] },
  path: SettingPath = [],
): void {
  for (const [part, child] of children(values)) {
    const here = [...path, part];
    readSecretFiles(child, context, here);
    const name = typeof part === 'string' && part.endsWith(FILE) ? part.slice(0, -FILE.length) : undefined;
    if (name === undefined || typeof child !== 'string' || !isSecret([...path, name])) continue;
    const fault = (message: string) =>
      context.problems.push({ where: context.origin.locate(here), setting: pathText(here), message });
    if (Object.hasOwn(Object(values), name)) {
      fault(`expected either ${name} or ${part}, found both`);
      continue;
    }
    const file = resolve(context.base, child);
    try {
      const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
      if (text === '') fault(`expected a file with the secret in it, found ${file}, which is empty`);
      Object.assign(Object(values), { [name]: text });
      if (isReadableByAll(file)) context.warnings.push(`${file} holds a secret and everybody can read it: chmod 600`);
    } catch (error) {
      fault(`expected a file that can be read, found ${file} (${reason(error)})`);
      // The reason has been told; without a stand-in the schema would ask for the secret as well.
      Object.assign(Object(values), { [name]: 'unreadable' });
    }
  }
}

export function isReadableByAll(file: string): boolean {
  return process.platform !== 'win32' && (statSync(file).mode & 0o004) !== 0;
}

/** `ENOENT` and its like, the part of a file system error that helps. */
export function reason(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function children(value: unknown): [string | number, unknown][] {
  if (Array.isArray(value)) return [...value.entries()];
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
