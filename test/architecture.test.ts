/** The arrows between the rooms, and the size of what is in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

function filesBelow(directory: string): string[] {
  return readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.includes('vim25/'))
    .map((path) => `${directory}/${path}`);
}

interface Source {
  path: string;
  lines: number;
  /** Project files as paths from the root, packages by name. */
  imports: string[];
}

function read(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const imports = [...text.matchAll(/(?:from|import)\s+'([^']+)'/g)].map(([, name = '']) =>
    name.startsWith('.') ? relative(ROOT, join(ROOT, dirname(path), name)) : name,
  );
  return { path, lines: text.split('\n').length, imports };
}

const sources = ['src', 'routes'].flatMap(filesBelow).map(read);

/** What a room may import of the project. Packages are judged apart. */
const ALLOWED: Record<string, RegExp> = {
  'routes/':
    /^(routes\/|src\/(invoke|catalogue|errors|encode|operation|context|rpc\/|access\/(caller|keys)|config\/schema|live\/|observe\/))/,
  'src/operations/':
    /^src\/(operations\/|operation|errors|context|live\/(model|tasks\/task)|vsphere\/(target|faults|raw|vim25\/types))/,
  'src/vsphere/': /^src\/(vsphere\/|errors|config\/schema)/,
  'src/live/': /^src\/(live\/|vsphere\/|errors|config\/schema)/,
  'src/access/': /^src\/(access\/|errors|config\/schema)/,
  'src/config/': /^src\/(config\/|access\/key-format)/,
};

function violations(test: (source: Source, name: string) => boolean): string[] {
  return sources.flatMap((source) =>
    source.imports.filter((name) => test(source, name)).map((name) => `${source.path} imports ${name}`),
  );
}

describe('the architecture', () => {
  for (const [room, allowed] of Object.entries(ALLOWED)) {
    it(`${room} imports only what its room may reach`, () => {
      const inRoom = (name: string) => name.startsWith('src/') || name.startsWith('routes/');
      expect(violations(({ path }, name) => path.startsWith(room) && inRoom(name) && !allowed.test(name))).toEqual([]);
    });
  }

  it('only src/vsphere imports soap', () => {
    expect(violations(({ path }, name) => name === 'soap' && !path.startsWith('src/vsphere/'))).toEqual([]);
  });

  it('operations, live and vsphere know no web framework', () => {
    const web = /^(fastify|@fastify\/|@modelcontextprotocol\/)/;
    expect(violations(({ path }, name) => /^src\/(operations|live|vsphere)\//.test(path) && web.test(name))).toEqual(
      [],
    );
  });

  it('only app.ts imports routes', () => {
    expect(
      violations(
        ({ path }, name) => name.startsWith('routes/') && path !== 'src/app.ts' && !path.startsWith('routes/'),
      ),
    ).toEqual([]);
  });

  it('no file has more than 400 lines, and no operation more than 130', () => {
    const large = sources.filter(
      ({ path, lines }) =>
        lines > (/^src\/operations\/\w+\/\w+\.ts$/.test(path) && !path.endsWith('shapes.ts') ? 130 : 400),
    );
    expect(large.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });

  it('every file of src/operations that defines an operation is in the index', () => {
    const index = readFileSync(join(ROOT, 'src/operations/index.ts'), 'utf8');
    const defined = sources.filter(({ path }) =>
      /export default operation\(/.test(readFileSync(join(ROOT, path), 'utf8')),
    );
    expect(defined.length).toBeGreaterThan(10);
    expect(
      defined
        .filter(({ path }) => !index.includes(`'./${path.slice('src/operations/'.length)}'`))
        .map(({ path }) => path),
    ).toEqual([]);
  });
});
