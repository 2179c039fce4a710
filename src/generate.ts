/** The files that follow from the catalogue, as text: `npm run gen` writes them, a test compares them. */
import { stringify } from 'yaml';
import { buildCatalogue, toolName } from './catalogue.ts';
import { openapi } from './openapi.ts';
import type { JsonSchema, Operation } from './operation.ts';
import { operations } from './operations/index.ts';
import { VERSION } from './version.ts';

const BEGIN = '<!-- operations: written by npm run gen -->';
const END = '<!-- /operations -->';

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function fileOf(operation: Operation): string {
  return `src/operations/${operation.name.replaceAll('.', '/').replaceAll('_', '-')}.ts`;
}

/** One row a toolset: README stays short however many operations there are. */
function table(): string {
  const toolsets = [...new Set(operations.map(({ toolset }) => toolset))];
  const rows = toolsets.map((toolset) => {
    const members = operations.filter((operation) => operation.toolset === toolset);
    return `| ${toolset} | ${members.map((operation) => `[${operation.name}](${fileOf(operation)})`).join(' · ')} |`;
  });
  return ['| Toolset | Operations |', '| --- | --- |', ...rows].join('\n');
}

function typeOf(schema: JsonSchema): string {
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => `\`${String(value)}\``).join(', ');
  return String(schema['type'] ?? 'any');
}

function section(operation: Operation): string {
  const { properties = {}, required = [] } = operation.schemas.input as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  const fields = Object.entries(properties).map(([name, schema]) => {
    const needed = required.includes(name) && schema['default'] === undefined ? 'yes' : '';
    const standard = schema['default'] === undefined ? '' : `\`${JSON.stringify(schema['default'])}\``;
    return `| \`${name}\` | ${cell(typeOf(schema))} | ${needed} | ${standard} | ${cell(String(schema['description'] ?? ''))} |`;
  });
  const examples = operation.examples.map(({ title, input }) => `- ${title}: \`${JSON.stringify(input)}\``);
  return [
    `## ${operation.name}`,
    '',
    operation.description,
    '',
    `REST \`${operation.http}\` · JSON-RPC \`${operation.name}\` · MCP \`${toolName(operation.name)}\` · scope \`${operation.scope}\` · ${operation.danger}${operation.availability === 'vcenter' ? ' · vCenter only' : ''}`,
    '',
    ...(fields.length > 0
      ? ['| Field | Type | Required | Default | |', '| --- | --- | --- | --- | --- |', ...fields, '']
      : []),
    ...examples,
    '',
  ].join('\n');
}

/** @param readme the present README, whose table is replaced. @returns text by path from the project's root. */
export function generated(readme: string): Record<string, string> {
  const document = openapi(buildCatalogue(operations), VERSION);
  const before = readme.indexOf(BEGIN);
  const after = readme.indexOf(END);
  if (before < 0 || after < before) throw new Error('README.md has lost the marks of its table of operations');
  return {
    'openapi.yaml': stringify(document, { aliasDuplicateObjects: false }),
    'docs/operations.md': `# Operations\n\nWritten by \`npm run gen\` from \`src/operations\`.\n\n${operations.map(section).join('\n')}`,
    'README.md': `${readme.slice(0, before + BEGIN.length)}\n${table()}\n${readme.slice(after)}`,
  };
}
