/** Wrong inputs of an operation, made from its JSON Schema and one right input. */
import type { JsonSchema, Operation } from '../../src/operation.ts';

type Input = Record<string, unknown>;

export interface WrongInput {
  /** Field, and what is wrong with it. */
  title: string;
  field: string;
  input: Input;
  /** `maybe`: the schema allows it, so that only what it names may be refused; it must do no harm either way. */
  verdict: 'wrong' | 'maybe';
}

/** What an attacker, or a confused agent, puts where a text is asked for. */
export const HOSTILE: readonly string[] = [
  '</name><_this type="VirtualMachine">vm-1</_this>',
  '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
  ']]><x/>',
  '../../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '/DC0/../../vm',
  'lab:\u0000',
  'a\u0000b\u0007\u001b[31m',
  '\ud800',
  '\u202egnp.exe',
  '$\u007bjndi:ldap://127.0.0.1/x}',
  "'; DROP TABLE vms; --",
  '__proto__',
  'constructor',
  'lab:',
  ':vm-1',
  'nowhere:vm-1',
  `lab:${'x'.repeat(900)}`,
];

/** A reference to an object is described so by src/operations/shapes.ts. */
const isReference = ({ description }: JsonSchema): boolean =>
  String(description).includes('its id (lab:vm-61), inventory path, UUID or unique name');

const properties = (schema: JsonSchema) => (schema['properties'] ?? {}) as Record<string, JsonSchema>;

function alternatives(schema: JsonSchema): JsonSchema[] {
  const some = (schema['anyOf'] ?? schema['oneOf']) as JsonSchema[] | undefined;
  return some === undefined ? [schema] : some.flatMap(alternatives);
}

function typesOf(schema: JsonSchema): Set<string> {
  const named = ({ type, enum: values }: JsonSchema): string[] => {
    if (typeof type === 'string') return type === 'integer' ? ['integer', 'number'] : [type];
    if (Array.isArray(values)) return values.map((value) => typeof value);
    return ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'];
  };
  return new Set(alternatives(schema).flatMap(named));
}

/** Values of every type that the schema does not take. */
function wrongTypes(schema: JsonSchema): unknown[] {
  const types = typesOf(schema);
  const samples: [string, unknown][] = [
    ['string', 'not-this'],
    ['number', 4.5],
    ['boolean', true],
    ['array', [[]]],
    ['object', { colour: 'red' }],
    ['null', null],
  ];
  return samples.filter(([type]) => !types.has(type)).map(([, value]) => value);
}

function outOfRange(schema: JsonSchema): unknown[] {
  const values: unknown[] = [];
  const { minimum, maximum, exclusiveMinimum, minLength, maxLength, minItems, maxItems, items } = schema;
  if (typeof minimum === 'number') values.push(minimum - 1);
  if (typeof exclusiveMinimum === 'number') values.push(exclusiveMinimum);
  if (typeof maximum === 'number') values.push(maximum + 1);
  if (schema['type'] === 'integer') values.push(1.5, 1e300);
  if (Array.isArray(schema['enum'])) values.push('no-such-word', '');
  if (typeof minLength === 'number' && minLength > 0) values.push('');
  if (typeof maxLength === 'number' && maxLength <= 100_000) values.push('x'.repeat(maxLength + 1));
  if (typeof minItems === 'number' && minItems > 0) values.push([]);
  if (typeof maxItems === 'number' && maxItems <= 1_000 && typeof items === 'object')
    values.push(Array.from({ length: maxItems + 1 }, () => 'x'));
  return values;
}

/** Values that the schema refuses, for the field itself or something within it. */
function wrongValues(schema: JsonSchema, right: unknown, depth = 0): unknown[] {
  const [only, other] = alternatives(schema);
  const here = wrongTypes(schema);
  if (only === undefined || other !== undefined || depth > 3) return here;
  here.push(...outOfRange(only));
  if (only['type'] === 'array' && typeof only['items'] === 'object' && only['items'] !== null) {
    const [first] = Array.isArray(right) ? right : [];
    here.push(...wrongValues(only['items'] as JsonSchema, first, depth + 1).map((value) => [value]));
  }
  if (only['type'] === 'object') {
    const base = typeof right === 'object' && right !== null ? right : {};
    if (only['additionalProperties'] === false) here.push({ ...base, colour: 'red' });
    for (const [name, inner] of Object.entries(properties(only)))
      for (const value of wrongValues(inner, Reflect.get(base, name), depth + 1)) here.push({ ...base, [name]: value });
  }
  return here;
}

function short(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length})` : text;
}

/** @param right an input that the operation takes. */
export function wrongInputs(operation: Operation, right: Input): WrongInput[] {
  const schema = operation.schemas.input;
  const wrong: WrongInput[] = [];
  const add = (title: string, field: string, input: Input, verdict: WrongInput['verdict'] = 'wrong') =>
    wrong.push({ title, field, input, verdict });

  add('an unknown field', 'colour', { ...right, colour: 'red' });
  // As JSON.parse makes it: a field of that name, not the prototype.
  add('a field called __proto__', '__proto__', { ...right, ['__proto__']: { admin: true } });
  for (const field of (schema['required'] ?? []) as string[]) {
    if (properties(schema)[field]?.['default'] !== undefined) continue;
    const { [field]: _left, ...rest } = right;
    add(`no ${field}`, field, rest);
  }
  for (const [field, inner] of Object.entries(properties(schema))) {
    for (const value of wrongValues(inner, right[field]))
      add(`${field}: ${short(value)}`, field, { ...right, [field]: value });
    if (!typesOf(inner).has('string') || inner['enum'] !== undefined) continue;
    for (const text of HOSTILE)
      add(`${field}: ${short(text)}`, field, { ...right, [field]: text }, isReference(inner) ? 'wrong' : 'maybe');
  }
  return wrong;
}

/** Top-level fields that name an object. */
export function referenceFields(operation: Operation): string[] {
  return Object.entries(properties(operation.schemas.input))
    .filter(([, schema]) => isReference(schema))
    .map(([field]) => field);
}
