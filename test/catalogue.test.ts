/** Rules that every operation keeps, present and future. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildCatalogue, toolName } from '../src/catalogue.ts';
import type { JsonSchema, Operation } from '../src/operation.ts';
import { operations } from '../src/operations/index.ts';

const each = operations.map((operation) => [operation.name, operation] as const);

function walk(schema: unknown, visit: (node: JsonSchema, path: string) => void, path = ''): void {
  if (Array.isArray(schema)) for (const [index, item] of schema.entries()) walk(item, visit, `${path}/${index}`);
  else if (typeof schema === 'object' && schema !== null) {
    visit(schema as JsonSchema, path);
    for (const [key, value] of Object.entries(schema)) walk(value, visit, `${path}/${key}`);
  }
}

function propertiesOf(operation: Operation): Record<string, JsonSchema> {
  return operation.schemas.input['properties'] as Record<string, JsonSchema>;
}

describe('the catalogue', () => {
  it('gives each operation a name and an address of its own', () => {
    expect(() => buildCatalogue(operations)).not.toThrow();
    expect(() => buildCatalogue([...operations, operations[0]!])).toThrow('two operations');
  });

  it.each(each)('%s says what it is in few words', (name, { summary, description, toolset, http }) => {
    expect(name).toMatch(/^[a-z]+(\.[a-z_]+)+$/);
    expect(toolName(name)).toMatch(/^[a-z_]{1,64}$/);
    expect(summary.length).toBeLessThanOrEqual(60);
    expect(summary).not.toMatch(/\.$/);
    expect(description.length).toBeGreaterThan(40);
    expect(description.length).toBeLessThanOrEqual(400);
    expect(toolset).toMatch(/^[a-z]+$/);
    expect(http).toMatch(/^(GET|POST|PUT|PATCH|DELETE) \/v1\//);
  });

  it.each(each)('%s takes a strict object in which every field is described', (_name, operation) => {
    expect(operation.schemas.input['type']).toBe('object');
    expect(operation.schemas.input['additionalProperties']).toBe(false);
    for (const [field, schema] of Object.entries(propertiesOf(operation))) {
      expect(schema['description'], field).toBeTypeOf('string');
      expect(field).toMatch(/^[a-z][a-z0-9_]*$/);
    }
  });

  it.each(each)('%s has every path parameter among its fields', (_name, operation) => {
    for (const [, parameter = ''] of operation.http.matchAll(/\{(\w+)\}/g))
      expect(propertiesOf(operation)).toHaveProperty(parameter);
  });

  it.each(each)('%s answers with an object in which every field is described', (_name, operation) => {
    expect(operation.schemas.output['type']).toBe('object');
    const described = z.toJSONSchema(operation.output, { io: 'output' })['properties'] as Record<string, JsonSchema>;
    for (const [field, schema] of Object.entries(described)) expect(schema['description'], field).toBeTypeOf('string');
  });

  it.each(each)('%s has schemas without references, which agents read badly', (_name, { schemas }) => {
    walk(schemas, (node, path) => expect(node['$ref'], path).toBeUndefined());
  });

  it.each(each)('%s has examples that its own schema accepts', (_name, { examples, input }) => {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(() => input.parse(example.input), example.title).not.toThrow();
  });

  it.each(each)('%s writes only with a scope above read, and reads only safely', (_name, operation) => {
    if (operation.kind === 'write') expect(operation.scope).not.toBe('read');
    else expect(operation.danger).toBe('safe');
  });
});
