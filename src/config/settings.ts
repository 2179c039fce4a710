/** Questions about the schema: what may stand at a path, whether it is secret, how to say what is expected. */

import { z } from 'zod';
import { configSchema } from './schema.ts';

/** Keys and array positions from the root, e.g. `['vcenters', 0, 'url']`. */
export type SettingPath = readonly (string | number)[];

/** `vcenters[0].url`, as people write it. */
export function pathText(path: SettingPath): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index > 0 ? `.${part}` : part)).join('');
}

/** The schema without its default, optional and nullable wrappers. */
function bare(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodNullable
  ) {
    // The wrappers are typed by zod's core, whose every class is a ZodType too.
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

/** Names of the settings in the section at a path; undefined when there is no section. */
export function settingNames(path: SettingPath): string[] | undefined {
  const schema = schemaAt(path);
  const section = schema && bare(schema);
  return section instanceof z.ZodObject ? Object.keys(section.shape) : undefined;
}

/** The schema of the setting at a path, undefined when there is none. */
export function schemaAt(path: SettingPath): z.ZodType | undefined {
  let schema: z.ZodType = configSchema;
  for (const part of path) {
    const outer = bare(schema);
    let next: z.ZodType | undefined;
    if (outer instanceof z.ZodObject && typeof part === 'string' && Object.hasOwn(outer.shape, part)) {
      next = outer.shape[part];
    } else if (outer instanceof z.ZodArray && typeof part === 'number') {
      next = outer.element as z.ZodType;
    }
    if (next === undefined) return undefined;
    schema = next;
  }
  return schema;
}

export function acceptsNull(schema: z.ZodType): boolean {
  return schema.safeParse(null).success;
}

export function isText(schema: z.ZodType): boolean {
  return bare(schema) instanceof z.ZodString;
}

export function isList(schema: z.ZodType): boolean {
  return schema.safeParse([]).success;
}

export function isSecret(path: SettingPath): boolean {
  return schemaAt(path)?.meta()?.['secret'] === true;
}

/** A value that would do: the schema's example, else its default. */
export function exampleFor(path: SettingPath): unknown {
  const schema = schemaAt(path);
  if (schema === undefined) return undefined;
  const example = schema.meta()?.['example'];
  if (example !== undefined) return example;
  const whenAbsent = schema.safeParse(undefined);
  return whenAbsent.success && typeof whenAbsent.data !== 'object' ? whenAbsent.data : undefined;
}

/** What may stand at a path, for the middle of a sentence: "a whole number from 1 to 65535". */
export function expectedAt(path: SettingPath): string {
  const schema = schemaAt(path);
  return schema === undefined ? 'a setting' : phrase(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
}

function phrase(json: z.core.JSONSchema.BaseSchema): string {
  if (json.anyOf) return json.anyOf.map((branch) => (typeof branch === 'object' ? phrase(branch) : '')).join(' or ');
  if (json.enum) return `one of ${json.enum.join(', ')}`;
  switch (json.type) {
    case 'integer':
    case 'number': {
      const noun = json.type === 'integer' ? 'a whole number' : 'a number';
      const step = json.multipleOf === undefined ? '' : ` that is a multiple of ${json.multipleOf},`;
      return `${noun}${step} from ${json.minimum} to ${json.maximum}`;
    }
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list';
    case 'object':
      return 'a section with settings in it';
    case 'null':
      return 'null';
    default:
      return 'a text';
  }
}

/** The value at a path of anything parsed; undefined where there is none. */
export function valueAt(values: unknown, path: SettingPath): unknown {
  return path.reduce<unknown>(
    (value, part) => (typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined),
    values,
  );
}
