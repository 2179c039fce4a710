/** Arguments of any vim25 method from JSON: what a person can write becomes what the encoder takes. */
import { EncodeError } from './encode.ts';
import { type Field, KIND, type Method, NOTHING, type Schema, vimSchema } from './schema.ts';
import type { MoRef } from './vim25/types.ts';

type Fields = Record<string, unknown>;

/**
 * The object that an id names.
 * @param declared managed type that is wanted there.
 * @throws Error whose message says what is wrong with it.
 */
export type Refer = (id: string, declared: string) => MoRef;

/** Deeper than any spec of vSphere's. */
const MAX_DEPTH = 40;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `{ id, type? }` as the gateway gives references out, `{ type, value }` as vSphere writes them, or an id. */
function referenceOf(value: unknown, declared: string, refer: Refer): MoRef | undefined {
  if (typeof value === 'string') return refer(value, declared);
  if (!isObject(value)) return undefined;
  const { id, value: moref } = value;
  const type = value['type'] ?? value['$type'];
  if (typeof id === 'string') {
    const reference = refer(id, typeof type === 'string' ? type : declared);
    return typeof type === 'string' ? { $type: type, value: reference.value } : reference;
  }
  return typeof type === 'string' && typeof moref === 'string' ? { $type: type, value: moref } : undefined;
}

class Reader {
  readonly #schema: Schema;
  readonly #refer: Refer;

  constructor(schema: Schema, refer: Refer) {
    this.#schema = schema;
    this.#refer = refer;
  }

  /** Keys that are no fields stay: the encoder refuses them by name. */
  members(fields: ReadonlyMap<string, Field>, values: Fields, path: string, depth: number): Fields {
    if (depth > MAX_DEPTH) throw new EncodeError(path, `is nested deeper than ${MAX_DEPTH} levels`);
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => {
        const field = fields.get(name);
        return [name, field === undefined ? value : this.#field(field, value, `${path}.${name}`, depth + 1)];
      }),
    );
  }

  #field(field: Field, value: unknown, path: string, depth: number): unknown {
    if (!field.array || !Array.isArray(value)) return this.#item(field, value, path, depth);
    return value.map((item, index) => this.#item(field, item, `${path}[${index}]`, depth));
  }

  #item(field: Field, value: unknown, path: string, depth: number): unknown {
    switch (field.kind) {
      case KIND.moRef:
        return this.#reference(value, field.wire.slice('mo:'.length), path);
      case KIND.date:
        return this.#date(value, path);
      case KIND.object: {
        if (!isObject(value)) return value;
        const said = value['$type'];
        const type = typeof said === 'string' ? (this.#schema.types.get(said) ?? NOTHING) : field.type;
        return this.members(type.fields, value, path, depth);
      }
      case KIND.any:
        return this.#any(value, path, depth);
      default:
        return value;
    }
  }

  #reference(value: unknown, declared: string, path: string): unknown {
    try {
      return referenceOf(value, declared, this.#refer) ?? value;
    } catch (error) {
      throw new EncodeError(path, error instanceof Error ? error.message : 'not a reference');
    }
  }

  #date(value: unknown, path: string): unknown {
    if (value === undefined || value === null) return value;
    const date = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? new Date(value) : undefined;
    if (date === undefined || Number.isNaN(date.getTime())) throw new EncodeError(path, 'an RFC 3339 time is needed');
    return date;
  }

  #any(value: unknown, path: string, depth: number): unknown {
    if (depth > MAX_DEPTH) throw new EncodeError(path, `is nested deeper than ${MAX_DEPTH} levels`);
    if (Array.isArray(value)) return value.map((item, index) => this.#any(item, `${path}[${index}]`, depth + 1));
    if (!isObject(value)) return value;
    const said = value['$type'];
    if (typeof said !== 'string') return this.#reference(value, 'ManagedObject', path);
    const { kind, type } = this.#schema.xsiType(said);
    if (kind === KIND.object) return this.members(type.fields, value, path, depth);
    if (kind === KIND.date) return { ...value, value: this.#date(value['value'], path) };
    const [item] = type.fields.values();
    return item === undefined ? value : { ...value, value: this.#field(item, value['value'], path, depth + 1) };
  }
}

/** @throws EncodeError that says where and why. */
export function argumentsFromJson(method: Method, args: Fields, refer: Refer): Fields {
  return new Reader(vimSchema(), refer).members(method.params, args, method.name, 0);
}
