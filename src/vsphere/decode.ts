/** SOAP answers as typed objects: the type table says what each element is, saxes says what is well-formed. */
import { SaxesParser } from 'saxes';
import { type DataType, type Field, KIND, type Kind, NOTHING, type Schema } from './schema.ts';
import { faultOf, type SoapFault, VimFault, XmlError } from './vim-fault.ts';
import { booleanOf, dateOf, numberOf, replaceForbidden, replaceReferences } from './xml-text.ts';
import { XsiPrefixes } from './xsi.ts';

export { VimFault, XmlError };

/** What one answer may hold. */
export interface DecodeLimits {
  elements: number;
  depth: number;
  /** UTF-16 units of one text, name or attribute. */
  text: number;
}

export const DECODE_LIMITS: DecodeLimits = { elements: 20_000_000, depth: 128, text: 16 << 20 };

type Fields = Record<string, unknown>;

/** `Body` holds one `<Method>Response`, and that a `returnval` unless the method returns nothing. */
export interface Envelope {
  Header?: unknown;
  Body: Fields;
}

/** From this length on, V8 cuts a string out of another by pointing into it. */
const SLICED_LENGTH = 13;
/** Longer strings are seldom repeated. */
const INTERNED_LENGTH = 64;
const INTERNED_COUNT = 10_000;

/** An open element that has elements in it. Reused for every one of its depth. */
class Frame {
  field: Field = UNKNOWN;
  type: DataType = NOTHING;
  value: Fields | unknown[] = {};
  nil = false;
}

/**
 * Takes an answer piece by piece. What it does for every element is the cost of the gateway's inventory, so it is little:
 * an element with no elements in it, as most are, is a few fields of the decoder; only the others get a frame.
 */
export class Decoder {
  readonly #schema: Schema;
  readonly #limits: DecodeLimits;
  readonly #parser = new SaxesParser({ position: false });
  readonly #frames: Frame[] = [];
  readonly #interned = new Map<string, string>();
  readonly #unknown = new Map<string, Field>();
  readonly #xsi = new XsiPrefixes();
  /** The innermost open element that has elements in it. */
  #top: Frame;
  /** The open element within it, if that has none so far. */
  #leaf: Field | undefined;
  #leafKind: Kind = KIND.unknown;
  /** What xsi:type said. */
  #typeName: string | undefined;
  /** The `type` attribute: managed type of a reference. */
  #refType: string | undefined;
  #nil = false;
  #text = '';
  #depth = 0;
  #events = 0;
  #elements = 0;
  /** Attributes of the element that is being opened: name, value, name, value … */
  readonly #attributes: string[] = [];
  /** A reference such as `&#27;` was let through and stands in the text as it came. */
  #badReference = false;
  /** Units parsed since an element last opened or closed. */
  #silent = 0;

  constructor(schema: Schema, limits = DECODE_LIMITS) {
    this.#schema = schema;
    this.#limits = limits;
    this.#top = new Frame();
    this.#top.type = schema.document;
    this.#frames.push(this.#top);
    this.#parser.on('opentag', ({ name }) => this.#open(name));
    this.#parser.on('closetag', () => this.#close());
    this.#parser.on('attribute', ({ name, value }) => {
      this.#attributes.push(name, value);
    });
    this.#parser.on('text', (text) => this.#append(text));
    this.#parser.on('cdata', (text) => this.#append(text));
    this.#parser.on('doctype', () => refuseDoctype());
    this.#parser.on('error', (error) => this.#malformed(error));
  }

  /** Takes the next piece of the answer, of any length. */
  write(piece: string): void {
    const events = this.#events;
    this.#parser.write(replaceForbidden(piece));
    this.#silent = events === this.#events ? this.#silent + piece.length : 0;
    if (this.#silent > this.#limits.text) throw new XmlError(`A text has more than ${this.#limits.text} characters`);
  }

  /** @returns what the envelope holds; throws the VimFault that the answer may be. */
  end(): Envelope {
    this.#parser.close();
    // Schema.document is what these two types say.
    const { Envelope: envelope } = this.#top.value as { Envelope?: Partial<Envelope> };
    if (envelope?.Body === undefined) throw new XmlError('The answer has no SOAP body');
    if (envelope.Body['Fault'] !== undefined) throw faultOf(envelope.Body['Fault'] as SoapFault);
    return { ...envelope, Body: envelope.Body };
  }

  #open(qname: string): void {
    this.#events += 1;
    this.#elements += 1;
    if (this.#elements > this.#limits.elements) throw new XmlError(`More than ${this.#limits.elements} elements`);
    if (this.#leaf !== undefined) this.#leafHasElements(this.#leaf);
    const field = this.#top.type.fields.get(qname) ?? this.#fieldFor(qname);
    let { kind, type } = field;
    this.#typeName = undefined;
    this.#refType = undefined;
    this.#nil = false;
    if (this.#attributes.length > 0) {
      this.#readAttributes();
      if (this.#typeName !== undefined) {
        const said = this.#schema.xsiType(this.#typeName);
        this.#typeName = said.name;
        // A type that only the server knows: the declared one decodes what the two share, the rest stays untyped.
        if (said.kind !== KIND.unknown || kind === KIND.any) ({ kind, type } = said);
      }
    }
    this.#text = '';
    if (kind === KIND.object || kind === KIND.array) this.#push(field, kind, type);
    else {
      this.#leaf = field;
      this.#leafKind = kind;
    }
  }

  #push(field: Field, kind: Kind, type: DataType): void {
    this.#depth += 1;
    if (this.#depth > this.#limits.depth) throw new XmlError(`Elements are nested deeper than ${this.#limits.depth}`);
    let frame = this.#frames[this.#depth];
    if (frame === undefined) {
      frame = new Frame();
      this.#frames.push(frame);
    }
    frame.field = field;
    frame.type = type;
    frame.nil = this.#nil;
    const typeName = this.#typeName ?? (type.tagged ? type.name : undefined);
    // `{ $type }` would leave no room in the object for the fields that follow.
    const fields: Fields = {};
    if (typeName !== undefined) fields['$type'] = typeName;
    frame.value = kind === KIND.array ? [] : fields;
    this.#top = frame;
    this.#leaf = undefined;
  }

  #close(): void {
    this.#events += 1;
    const leaf = this.#leaf;
    if (leaf !== undefined) {
      this.#leaf = undefined;
      if (!this.#nil) store(this.#top.value, leaf, this.#leafValue(leaf, this.#mend(this.#text)));
      return;
    }
    const { field, value, nil } = this.#top;
    this.#depth -= 1;
    this.#top = this.#frames[this.#depth] ?? this.#top;
    if (!nil) store(this.#top.value, field, value);
  }

  #leafValue(field: Field, text: string): unknown {
    switch (this.#leafKind) {
      case KIND.string:
        return this.#keep(text);
      case KIND.integer:
      case KIND.float:
        return numberOf(text) ?? refuse(field, text, 'a number');
      case KIND.boolean:
        return booleanOf(text) ?? refuse(field, text, 'a boolean');
      case KIND.date:
        return dateOf(text) ?? refuse(field, text, 'a time');
      case KIND.moRef:
        return { $type: this.#refType ?? 'ManagedObject', value: this.#keep(text) };
      default:
        if (this.#refType !== undefined) return { $type: this.#refType, value: this.#keep(text) };
        if (this.#typeName !== undefined && text.trim() === '') return { $type: this.#typeName };
        return this.#keep(text);
    }
  }

  /** What has elements in it is an object, though nothing said so. */
  #leafHasElements(leaf: Field): void {
    if (this.#leafKind < KIND.any) throw new XmlError(`<${leaf.name}> holds elements where a value was expected`);
    this.#push(leaf, KIND.object, NOTHING);
  }

  /** The field of an element that is prefixed, of a newer server, or of something else altogether. */
  #fieldFor(qname: string): Field {
    const name = qname.slice(qname.indexOf(':') + 1);
    const { type } = this.#top;
    const known = type.fields.get(name);
    if (known !== undefined) return known;
    if (type === this.#schema.document) throw new XmlError(`Not a SOAP envelope: <${name.slice(0, 40)}>`);
    if (name === '__proto__') throw new XmlError('An element is named __proto__');
    const fault = type === this.#schema.faultDetail ? this.#schema.types.get(name.replace(/Fault$/, '')) : undefined;
    if (fault !== undefined) return { ...UNKNOWN, name: this.#intern(name), kind: KIND.object, type: fault };
    let field = this.#unknown.get(name);
    if (field === undefined) {
      field = { ...UNKNOWN, name: this.#intern(name) };
      if (this.#unknown.size < INTERNED_COUNT) this.#unknown.set(field.name, field);
    }
    return field;
  }

  #readAttributes(): void {
    const attributes = this.#attributes;
    let bound = false;
    for (let i = 0; i < attributes.length; i += 2) {
      const name = attributes[i] ?? '';
      const value = attributes[i + 1] ?? '';
      if (name === this.#xsi.typeAttribute) this.#typeName = value;
      else if (name === 'type') this.#refType = this.#intern(value);
      else if (name.startsWith('xmlns:')) bound = this.#xsi.bind(name.slice('xmlns:'.length), value) || bound;
      else this.#readRare(name, value);
    }
    // A prefix may be bound behind its first use in the same element.
    if (bound)
      for (let i = 0; i < attributes.length; i += 2) this.#readRare(attributes[i] ?? '', attributes[i + 1] ?? '');
    attributes.length = 0;
  }

  #readRare(name: string, value: string): void {
    const local = this.#xsi.localName(name);
    if (local === 'type') this.#typeName = value;
    else if (local === 'nil') this.#nil = value === 'true' || value === '1';
  }

  #append(text: string): void {
    this.#text = this.#text === '' ? text : this.#text + text;
  }

  /** A long slice would hold the whole piece it was cut from, so that what stays is copied. */
  #keep(text: string): string {
    if (text.length < SLICED_LENGTH) return text;
    return text.length > INTERNED_LENGTH ? copyOf(text) : this.#intern(text);
  }

  /** A string that comes again and again is held once. */
  #intern(text: string): string {
    const known = this.#interned.get(text);
    if (known !== undefined) return known;
    const copy = copyOf(text);
    if (this.#interned.size < INTERNED_COUNT) this.#interned.set(copy, copy);
    return copy;
  }

  #mend(text: string): string {
    if (!this.#badReference) return text;
    this.#badReference = false;
    return replaceReferences(text);
  }

  #malformed(error: Error): void {
    // `&#27;` is no more welcome in XML than the raw character, and no more of a reason to lose the whole answer.
    if (error.message.includes('malformed character entity')) this.#badReference = true;
    else throw new XmlError(`The answer is not well-formed XML: ${error.message}`);
  }
}

/** An element that the table does not know. */
const UNKNOWN: Field = {
  name: '',
  kind: KIND.unknown,
  type: NOTHING,
  array: false,
  optional: true,
  secret: false,
  wire: '',
};

function store(into: Fields | unknown[], field: Field, value: unknown): void {
  if (Array.isArray(into)) {
    into.push(value);
    return;
  }
  const { name } = field;
  if (field.array) {
    const list = into[name];
    if (list === undefined) into[name] = [value];
    // Nothing but the line above puts a value under the name of a repeated field.
    else (list as unknown[]).push(value);
  } else if (field.wire === '' && Object.hasOwn(into, name)) {
    // Whether an unknown field is a list shows when it comes a second time.
    const before = into[name];
    if (Array.isArray(before)) before.push(value);
    else into[name] = [before, value];
  } else into[name] = value;
}

function copyOf(text: string): string {
  return ` ${text}`.slice(1);
}

function refuse({ name }: Field, text: string, what: string): never {
  throw new XmlError(`<${name}> is not ${what}: ${text.slice(0, 40)}`);
}

function refuseDoctype(): never {
  throw new XmlError('The answer has a document type definition');
}

/** One whole answer. */
export function decode(schema: Schema, text: string, limits?: DecodeLimits): Envelope {
  const decoder = new Decoder(schema, limits);
  decoder.write(text);
  return decoder.end();
}
