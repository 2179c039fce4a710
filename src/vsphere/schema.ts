/** The type table of vim25: the fields of every type in wire order, found by type, by method and by xsi:type. */
import { readFileSync } from 'node:fs';
import type { VimMethod } from './vim25/types.ts';

/** What a value is on the wire. Numbers, because the decoder branches on them for every element. */
export const KIND = {
  string: 0,
  integer: 1,
  float: 2,
  boolean: 3,
  date: 4,
  moRef: 5,
  object: 6,
  array: 7,
  /** xsd:anyType: xsi:type tells. */
  any: 8,
  /** Nothing is known: text or fields, as they come. */
  unknown: 9,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** [name, type, flags, since?]; type is `xsd:…`, a data type, an enum, or `mo:` and a managed type. */
type FieldRow = [name: string, type: string, flags: number, since?: string];
const ARRAY = 1;
const OPTIONAL = 2;
const SECRET = 4;

interface StructureRow {
  base?: string;
  since?: string;
  fields?: FieldRow[];
}

interface MethodRow {
  on: string;
  params?: FieldRow[];
  result?: [type: string, flags: number];
  task?: [type: string, flags: number];
  since?: string;
  privilege?: string;
  faults?: string[];
}

/** The shape of vim25.json, which tools/gen-vim25 writes. */
export interface Vim25Table {
  source: string;
  release: string;
  types: Record<string, StructureRow>;
  enums: Record<string, string[]>;
  managed: Record<string, StructureRow>;
  methods: Record<string, MethodRow>;
}

const PRIMITIVES: Record<string, Kind> = {
  string: KIND.string,
  anyURI: KIND.string,
  base64Binary: KIND.string,
  int: KIND.integer,
  long: KIND.integer,
  short: KIND.integer,
  byte: KIND.integer,
  integer: KIND.integer,
  unsignedInt: KIND.integer,
  float: KIND.float,
  double: KIND.float,
  decimal: KIND.float,
  boolean: KIND.boolean,
  dateTime: KIND.date,
  anyType: KIND.any,
};

/** One field of a data object, parameter of a method, or item of an array. */
export interface Field {
  readonly name: string;
  readonly kind: Kind;
  /** Type of the fields beneath it; NOTHING for what has none. */
  readonly type: DataType;
  readonly array: boolean;
  readonly optional: boolean;
  /** vSphere marks it as a password or the like. */
  readonly secret: boolean;
  /** As vim25.json has it: `xsd:int`, `VirtualDevice`, `mo:HostSystem`. */
  readonly wire: string;
  /** Of an enum. */
  readonly values?: ReadonlySet<string>;
}

/** A data object type, flattened on first use: its bases' fields come first, as they do on the wire. */
export class DataType {
  readonly name: string;
  readonly base: string | undefined;
  /** Its values always bear `$type`, because it is one of several that a declared type may stand for. */
  readonly tagged: boolean;
  readonly #load: () => ReadonlyMap<string, Field>;
  #fields: ReadonlyMap<string, Field> | undefined;

  constructor(name: string, base: string | undefined, load: () => ReadonlyMap<string, Field>) {
    this.name = name;
    this.base = base;
    this.tagged = base !== undefined && base !== 'DynamicData';
    this.#load = load;
  }

  /** In wire order. */
  get fields(): ReadonlyMap<string, Field> {
    this.#fields ??= this.#load();
    return this.#fields;
  }
}

/** The type of what has no fields that we know. */
export const NOTHING = new DataType('', undefined, () => new Map());

/** What an xsi:type says. */
export interface XsiType {
  /** Without its prefix. */
  readonly name: string;
  readonly kind: Kind;
  readonly type: DataType;
}

export interface Method {
  readonly name: string;
  /** Managed type it belongs to; descendants have it too. */
  readonly on: string;
  readonly params: ReadonlyMap<string, Field>;
  readonly result: Field | undefined;
  readonly since: string | undefined;
  readonly privilege: string | undefined;
  readonly faults: readonly string[];
}

/** How many xsi:types of answers are remembered; the API has fewer, so only a hostile server reaches it. */
const XSI_CACHE = 8192;

export class Schema {
  readonly table: Vim25Table;
  readonly types: ReadonlyMap<string, DataType>;
  readonly methods: ReadonlyMap<string, Method>;
  /** What an answer is: `Envelope.Body.<Method>Response.returnval`, or `Envelope.Body.Fault`. */
  readonly document: DataType;
  /** `detail` of a SOAP fault: its one child is named after the fault. */
  readonly faultDetail = new DataType('detail', undefined, () => new Map());
  readonly #enums = new Map<string, ReadonlySet<string>>();
  readonly #xsi = new Map<string, XsiType>();

  constructor(table: Vim25Table) {
    this.table = table;
    for (const [name, values] of Object.entries(table.enums)) this.#enums.set(name, new Set(values));
    this.types = new Map(
      Object.entries(table.types).map(([name, { base, fields = [] }]) => [
        name,
        new DataType(name, base, () => {
          const inherited = base === undefined ? [] : (this.types.get(base)?.fields ?? []);
          return new Map([...inherited, ...this.#fields(fields)]);
        }),
      ]),
    );
    this.methods = new Map(
      Object.entries(table.methods).map(([name, row]) => [
        name,
        {
          name,
          on: row.on,
          params: this.#fields(row.params ?? []),
          result: row.result && this.#field(['returnval', ...row.result]),
          since: row.since,
          privilege: row.privilege,
          faults: row.faults ?? [],
        },
      ]),
    );
    this.document = this.#documentType();
  }

  /** The method of that name, which the type of the name says exists. */
  method(name: VimMethod): Method {
    const method = this.methods.get(name);
    if (method === undefined) throw new TypeError(`vim25 has no method ${name}`);
    return method;
  }

  /** Whether a data object type is that other one or derived from it. */
  isA(name: string, ancestor: string): boolean {
    for (let at: string | undefined = name; at !== undefined; at = this.table.types[at]?.base)
      if (at === ancestor) return true;
    return false;
  }

  /** The same for managed types. A type that the table does not know may be anything. */
  mayBeA(managed: string, ancestor: string): boolean {
    if (ancestor === 'ManagedObject' || this.table.managed[managed] === undefined) return true;
    for (let at: string | undefined = managed; at !== undefined; at = this.table.managed[at]?.base)
      if (at === ancestor) return true;
    return false;
  }

  /** The properties of a managed type, those of its bases first; undefined for a type that the table does not know. */
  managedType(name: string): DataType | undefined {
    if (!Object.hasOwn(this.table.managed, name)) return undefined;
    const { base, fields = [] } = this.table.managed[name] ?? {};
    return new DataType(name, base, () => {
      const inherited = base === undefined ? [] : (this.managedType(base)?.fields ?? []);
      return new Map([...inherited, ...this.#fields(fields)]);
    });
  }

  /** @param qname value of an xsi:type attribute, with or without its prefix. */
  xsiType(qname: string): XsiType {
    let found = this.#xsi.get(qname);
    if (found === undefined) {
      found = this.#resolve(qname.slice(qname.indexOf(':') + 1));
      if (this.#xsi.size < XSI_CACHE) this.#xsi.set(qname, found);
    }
    return found;
  }

  #resolve(name: string): XsiType {
    const type = this.types.get(name);
    if (type !== undefined) return { name, kind: KIND.object, type };
    const primitive = Object.hasOwn(PRIMITIVES, name) ? PRIMITIVES[name] : undefined;
    if (primitive !== undefined) return { name, kind: primitive, type: NOTHING };
    if (name === 'ManagedObjectReference') return { name, kind: KIND.moRef, type: NOTHING };
    if (this.#enums.has(name)) return { name, kind: KIND.string, type: NOTHING };
    const item = name.startsWith('ArrayOf') ? this.itemOf(name) : undefined;
    if (item === undefined) return { name, kind: KIND.unknown, type: NOTHING };
    return { name, kind: KIND.array, type: new DataType(name, undefined, () => new Map([[item.name, item]])) };
  }

  /** The item of an ArrayOf…: `ArrayOfInt` holds elements named `int`, `ArrayOfEvent` elements named `Event`. */
  itemOf(array: string): Field | undefined {
    const of = array.slice('ArrayOf'.length);
    const primitive = of.slice(0, 1).toLowerCase() + of.slice(1);
    if (Object.hasOwn(PRIMITIVES, primitive)) return this.#field([primitive, `xsd:${primitive}`, ARRAY]);
    if (of === 'ManagedObjectReference') return this.#field([of, 'mo:ManagedObject', ARRAY]);
    return this.types.has(of) || this.#enums.has(of) ? this.#field([of, of, ARRAY]) : undefined;
  }

  #fields(rows: FieldRow[]): ReadonlyMap<string, Field> {
    return new Map(rows.map((row) => [row[0], this.#field(row)]));
  }

  #field([name, wire, flags]: FieldRow): Field {
    const type = this.types.get(wire);
    const values = this.#enums.get(wire);
    let kind: Kind = KIND.object;
    if (wire.startsWith('xsd:')) kind = PRIMITIVES[wire.slice(4)] ?? KIND.string;
    else if (wire.startsWith('mo:')) kind = KIND.moRef;
    else if (values !== undefined) kind = KIND.string;
    const shape = { array: (flags & ARRAY) !== 0, optional: (flags & OPTIONAL) !== 0, secret: (flags & SECRET) !== 0 };
    return { name, kind, type: type ?? NOTHING, ...shape, wire, ...(values === undefined ? {} : { values }) };
  }

  #documentType(): DataType {
    const made = (name: string, kind: Kind, type: DataType): [string, Field] => [
      name,
      { name, kind, type, array: false, optional: true, secret: false, wire: '' },
    ];
    const fault = new DataType('Fault', undefined, () => {
      return new Map([
        made('faultcode', KIND.string, NOTHING),
        made('faultstring', KIND.string, NOTHING),
        made('detail', KIND.object, this.faultDetail),
      ]);
    });
    const body = new DataType('Body', undefined, () => {
      const fields = new Map([made('Fault', KIND.object, fault)]);
      for (const { name, result } of this.methods.values()) {
        const response = new DataType(
          `${name}Response`,
          undefined,
          () => new Map(result === undefined ? [] : [['returnval', result]]),
        );
        fields.set(...made(response.name, KIND.object, response));
      }
      return fields;
    });
    const envelope = new DataType('Envelope', undefined, () => new Map([made('Body', KIND.object, body)]));
    return new DataType('document', undefined, () => new Map([made('Envelope', KIND.object, envelope)]));
  }
}

/** The newest API release the table describes; nothing above it is asked of a server. */
export const SCHEMA_VERSION = '9.1.1.0';

let schema: Schema | undefined;

/** The one schema of the process, read on first use. */
export function vimSchema(): Schema {
  schema ??= new Schema(JSON.parse(readFileSync(new URL('./vim25/vim25.json', import.meta.url), 'utf8')));
  return schema;
}

/** The type that a data object type extends; undefined for DynamicData, MethodFault and what the table does not know. */
export function baseOf(type: string): string | undefined {
  return vimSchema().types.get(type)?.base;
}
