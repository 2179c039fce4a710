/** Arguments of a method as XML, in the order of the schema: a real vCenter refuses any other. */
import { type Field, KIND, type Schema } from './schema.ts';
import type { MoRef, VimMethod } from './vim25/types.ts';
import { escapeXml, unsendable } from './xml-text.ts';

/** The arguments do not fit the method: a mistake on our side of the wire, found before anything is sent. */
export class EncodeError extends TypeError {
  /** Where, e.g. `ReconfigVM_Task.spec.deviceChange[0].device`. */
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.name = 'EncodeError';
    this.path = path;
  }
}

/** Longest id of a managed object that is sent. */
const MOREF_LENGTH = 256;
// biome-ignore lint/suspicious/noControlCharactersInRegex: no id of vSphere's holds any
const CONTROLS = /[\0-\x1f\x7f]/;
const INTEGERS: Record<string, [min: number, max: number]> = {
  'xsd:byte': [-128, 127],
  'xsd:short': [-32_768, 32_767],
  'xsd:int': [-2_147_483_648, 2_147_483_647],
};

type Fields = Record<string, unknown>;

/** The element that stands in the Body of the envelope. */
export function encodeCall(schema: Schema, name: VimMethod, self: MoRef, args: object): string {
  const method = schema.method(name);
  const encoder = new Encoder(schema);
  const target = encoder.reference('_this', '', self, method.on, `${name}._this`);
  return `<${name} xmlns="urn:vim25">${target}${encoder.members(method.params, { ...args }, name)}</${name}>`;
}

class Encoder {
  readonly #schema: Schema;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  /** The fields of a data object, or the parameters of a method. */
  members(fields: ReadonlyMap<string, Field>, values: Fields, path: string): string {
    for (const key of Object.keys(values)) {
      if (key !== '$type' && !fields.has(key)) throw new EncodeError(path, `has no field ${key}`);
    }
    let xml = '';
    for (const field of fields.values()) {
      const value = values[field.name];
      const at = `${path}.${field.name}`;
      if (value === undefined || value === null) {
        if (!field.optional && !field.array) throw new EncodeError(at, 'is required');
      } else if (!field.array) xml += this.#element(field, value, at);
      else if (!Array.isArray(value)) throw new EncodeError(at, 'an array is needed');
      else for (const [i, item] of value.entries()) xml += this.#element(field, item, `${at}[${i}]`);
    }
    return xml;
  }

  /** @param attributes what stands before the `type` attribute. */
  reference(name: string, attributes: string, value: unknown, managed: string, path: string): string {
    const { $type, value: id } = isObject(value) ? value : {};
    if (typeof $type !== 'string' || typeof id !== 'string')
      throw new EncodeError(path, `a reference to a ${managed} is needed`);
    if (!/^\w+$/.test($type)) throw new EncodeError(path, 'the type of the reference is not a name');
    if (!this.#schema.mayBeA($type, managed)) throw new EncodeError(path, `a ${managed} is needed, not a ${$type}`);
    if (id === '' || id.length > MOREF_LENGTH || CONTROLS.test(id) || unsendable(id))
      throw new EncodeError(path, 'not an id of vSphere');
    return `<${name}${attributes} type="${$type}">${escapeXml(id)}</${name}>`;
  }

  #element(field: Field, value: unknown, path: string): string {
    const { name, kind } = field;
    switch (kind) {
      case KIND.object:
        return this.#object(field, value, path);
      case KIND.moRef:
        return this.reference(name, '', value, field.wire.slice('mo:'.length), path);
      case KIND.any:
        return this.#any(name, value, path);
      default:
        return `<${name}>${simple(field, value, path)}</${name}>`;
    }
  }

  #object(field: Field, value: unknown, path: string): string {
    const { name, type: declared } = field;
    if (!isObject(value)) throw new EncodeError(path, `a ${declared.name} is needed`);
    const typeName = value['$type'] ?? declared.name;
    if (typeName === declared.name) return `<${name}>${this.members(declared.fields, value, path)}</${name}>`;
    const type = this.#schema.types.get(String(typeName));
    if (type === undefined) throw new EncodeError(path, `vim25 has no type ${typeName}`);
    if (!this.#schema.isA(type.name, declared.name))
      throw new EncodeError(path, `${type.name} is not a ${declared.name}`);
    return `<${name} xsi:type="${type.name}">${this.members(type.fields, value, path)}</${name}>`;
  }

  /**
   * xsd:anyType says its type itself. Numbers go as xsd:int, xsd:long or xsd:double, as they fit;
   * `{ $type: 'xsd:long', value: 5 }` and `{ $type: 'ArrayOfString', value: [] }` say another.
   */
  #any(name: string, value: unknown, path: string): string {
    if (this.#isReference(value)) {
      return this.reference(name, ' xsi:type="ManagedObjectReference"', value, 'ManagedObject', path);
    }
    const said = isObject(value) && typeof value['$type'] === 'string' ? value['$type'] : undefined;
    const typeName = said ?? this.#naturalType(value, path);
    const { kind, type } = this.#schema.xsiType(typeName);
    const open = `<${name} xsi:type="${escapeXml(typeName)}">`;
    if (kind === KIND.unknown) throw new EncodeError(path, `vim25 has no type ${typeName}`);
    if (kind === KIND.object && isObject(value)) return `${open}${this.members(type.fields, value, path)}</${name}>`;

    const content = isObject(value) ? value['value'] : value;
    const [item] = type.fields.values();
    if (item === undefined) return `${open}${simple({ kind, wire: typeName }, content, path)}</${name}>`;
    if (!Array.isArray(content)) throw new EncodeError(path, 'an array is needed');
    return `${open}${content.map((each, i) => this.#element(item, each, `${path}[${i}]`)).join('')}</${name}>`;
  }

  #isReference(value: unknown): boolean {
    if (!isObject(value) || typeof value['$type'] !== 'string' || typeof value['value'] !== 'string') return false;
    return this.#schema.xsiType(value['$type']).kind === KIND.unknown;
  }

  /** The xsi:type that a value has of itself. */
  #naturalType(value: unknown, path: string): string {
    if (typeof value === 'string') return 'xsd:string';
    if (typeof value === 'boolean') return 'xsd:boolean';
    if (typeof value === 'number' && !Number.isInteger(value)) return 'xsd:double';
    if (typeof value === 'number') return Math.abs(value) < 2 ** 31 ? 'xsd:int' : 'xsd:long';
    if (value instanceof Date) return 'xsd:dateTime';
    if (!Array.isArray(value) || value.length === 0)
      throw new EncodeError(path, 'its type cannot be told: give it a $type');
    const [first, ...others] = new Set(value.map((item) => this.#itemName(item, path)));
    if (others.length > 0) throw new EncodeError(path, 'its items differ in type: give it a $type');
    return `ArrayOf${first}`;
  }

  #itemName(item: unknown, path: string): string {
    if (this.#isReference(item)) return 'ManagedObjectReference';
    if (isObject(item)) return String(item['$type']);
    const name = this.#naturalType(item, path).replace('xsd:', '');
    return name.slice(0, 1).toUpperCase() + name.slice(1);
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function simple({ kind, wire, values }: Pick<Field, 'kind' | 'wire' | 'values'>, value: unknown, path: string): string {
  switch (kind) {
    case KIND.integer: {
      const [min, max] = INTEGERS[wire] ?? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
      if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return String(value);
      throw new EncodeError(path, `an integer from ${min} to ${max} is needed`);
    }
    case KIND.float:
      if (typeof value === 'number' && Number.isFinite(value)) return String(value);
      throw new EncodeError(path, 'a number is needed');
    case KIND.boolean:
      if (typeof value === 'boolean') return String(value);
      throw new EncodeError(path, 'true or false is needed');
    case KIND.date:
      if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
      throw new EncodeError(path, 'a Date is needed');
    default:
      if (typeof value !== 'string') throw new EncodeError(path, 'a string is needed');
      if (values !== undefined && !values.has(value))
        throw new EncodeError(path, `not one of ${[...values].join(', ')}`);
      if (unsendable(value)) throw new EncodeError(path, 'holds a character that XML forbids');
      return escapeXml(value);
  }
}
