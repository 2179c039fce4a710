import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';
import { schemaAt, settingNames } from '../../src/config/settings.ts';

const text = readFileSync(new URL('../../config.yaml', import.meta.url), 'utf8');

/** The same file with the example vCenter taken out of its comment. */
const withVcenter = () =>
  z
    .looseObject({ vcenters: z.array(z.record(z.string(), z.unknown())) })
    .parse(parse(text.replace(/^#( {2}[ -])/gm, '$1')));

/** `listen.port` and so on, of everything that is not a section. */
function leaves(section: (string | number)[]): string[] {
  const names = settingNames(section) ?? [];
  return names.flatMap((name) => {
    const path = [...section, name];
    return settingNames(path) === undefined ? [path.join('.')] : leaves(path);
  });
}

function leavesOf(value: unknown, path: string[] = []): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path.join('.')];
  return Object.entries(value).flatMap(([key, child]) => leavesOf(child, [...path, key]));
}

describe('config.yaml', () => {
  test('shows every setting of the schema and no other', () => {
    expect(leavesOf(parse(text)).sort()).toEqual(leaves([]).sort());
  });

  test('shows every setting of a vCenter and no other', () => {
    expect(Object.keys(withVcenter().vcenters[0] ?? {}).sort()).toEqual(
      settingNames(['vcenters', 0])
        ?.filter((name) => name !== 'password')
        .sort(),
    );
  });

  test('shows the default of every setting', () => {
    // An empty setting in the file is one that has no default, or null for it.
    const withoutNull = (_key: unknown, value: unknown) => (value === null ? undefined : value);
    const defaults: unknown = JSON.parse(JSON.stringify(configSchema.parse({}), withoutNull));
    const shown: unknown = parse(text, withoutNull);
    expect({ vcenters: [], ...z.looseObject({}).parse(shown) }).toEqual(defaults);
    for (const [name, value] of Object.entries(withVcenter().vcenters[0] ?? {})) {
      const whenAbsent = schemaAt(['vcenters', 0, name])?.safeParse(undefined);
      if (whenAbsent?.success && whenAbsent.data !== undefined) expect(value, name).toEqual(whenAbsent.data);
    }
  });

  test('every setting of the schema has a description', () => {
    for (const path of [...leaves([]), ...leaves(['vcenters', 0])]) {
      const parts = path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
      expect(schemaAt(parts)?.description, path).toMatch(/\.$/);
    }
  });
});
