/** vim25 values as JSON: references as ids, times as RFC 3339, types named, secrets withheld. */
import { DataType, type Field, type Method, NOTHING, type Schema, vimSchema } from './schema.ts';
import { hasTellingKey, hasTellingName, isSecret, WITHHELD } from './secrets.ts';
import { replaceForbidden } from './xml-text.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What a value is declared as: several types where only derived ones have the rest of a property's path. */
interface Declared {
  readonly types: readonly DataType[];
  readonly secret: boolean;
}

/** A reference has a type that is no data object, an id and nothing else. */
export function isReference(value: unknown): value is { $type: string; value: string } {
  if (typeof value !== 'object' || value === null || !('$type' in value) || !('value' in value)) return false;
  const { $type, value: id } = value;
  return (
    typeof $type === 'string' &&
    typeof id === 'string' &&
    Object.keys(value).length === 2 &&
    !vimSchema().types.has($type)
  );
}

function toJson(vcenter: string, value: unknown, { types, secret }: Declared): unknown {
  if (typeof value === 'string') return secret ? WITHHELD : replaceForbidden(value);
  // JSON has no words for these, and JSON.stringify would say null.
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => toJson(vcenter, item, { types, secret }));
  if (typeof value !== 'object' || value === null) return value;
  if (isReference(value)) return { id: `${vcenter}:${value.value}`, type: value.$type };
  return objectToJson(vcenter, { ...value }, types);
}

function objectToJson(vcenter: string, value: Fields, declared: readonly DataType[]): Fields {
  const said = typeof value['$type'] === 'string' ? vimSchema().types.get(value['$type']) : undefined;
  const types = said === undefined ? declared : [said];
  const withheldValue = hasTellingKey(value['key']);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name === '$type') return [name, inner];
      const known = declaredAs(owned(types, name), name);
      return [name, toJson(vcenter, inner, name === 'value' && withheldValue ? { ...known, secret: true } : known)];
    }),
  );
}

type Owned = readonly (readonly [DataType, Field])[];

function declaredAs(owned: Owned, name: string): Declared {
  return {
    types: owned.map(([, field]) => field.type).filter((type) => type !== NOTHING),
    secret: hasTellingName(name) || owned.some(([owner, field]) => isSecret(owner, field)),
  };
}

function fieldsOf(schema: Schema, owners: readonly DataType[], name: string): Owned {
  const own = owned(owners, name);
  if (own.length > 0 || owners.length === 0) return own;
  // `config.hardware.device[4000].backing.fileName`: the declared type of `backing` has no fileName, its descendants do.
  const heirs = [...schema.types.values()].filter((type) =>
    owners.some(({ name: base }) => schema.isA(type.name, base)),
  );
  return owned(heirs, name);
}

function owned(owners: readonly DataType[], name: string): Owned {
  return owners.flatMap((owner) => {
    const field = owner.fields.get(name);
    return field === undefined ? [] : [[owner, field] as const];
  });
}

/**
 * The value of a property of a managed object.
 * @param managed type of the object. @param path as the property collector takes it.
 */
export function propertyToJson(vcenter: string, managed: string, path: string, value: unknown): unknown {
  const schema = vimSchema();
  const type = schema.managedType(managed);
  let declared: Declared = { types: type === undefined ? [] : [type], secret: false };
  for (const [, name = '', , key] of path.matchAll(/([^.[\]"]+)(\["?([^\]"]*)"?\])?/g)) {
    const next = declaredAs(fieldsOf(schema, declared.types, name), name);
    declared = { types: next.types, secret: declared.secret || next.secret || hasTellingKey(key) };
  }
  return toJson(vcenter, value, declared);
}

/** What a method has returned; null for nothing. */
export function resultToJson(vcenter: string, { name, result }: Method, value: unknown): unknown {
  if (value === undefined || result === undefined) return null;
  return toJson(vcenter, value, declaredAs([[new DataType(name, undefined, () => new Map()), result]], result.name));
}

/** The arguments of a method, as they may be shown. */
export function argumentsToJson(vcenter: string, { name, params }: Method, args: Fields): Fields {
  return objectToJson(vcenter, args, [new DataType(name, undefined, () => params)]);
}
