/** The XML Schema of vim25, made from the type table, and libxml2 to hold requests against it: the simulator checks no order, a vCenter does. */
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import { vimSchema } from '../../src/vsphere/schema.ts';

const ARRAY = 1;
const OPTIONAL = 2;

function typeName(wire: string): string {
  if (wire.startsWith('xsd:')) return wire;
  return wire.startsWith('mo:') ? 'vim25:ManagedObjectReference' : `vim25:${wire}`;
}

function element(name: string, wire: string, flags: number): string {
  const least = (flags & (ARRAY | OPTIONAL)) === 0 ? '' : ' minOccurs="0"';
  const most = (flags & ARRAY) === 0 ? '' : ' maxOccurs="unbounded"';
  return `<xsd:element name="${name}" type="${typeName(wire)}"${least}${most}/>`;
}

const sequence = (elements: string[]) => `<xsd:sequence>${elements.join('')}</xsd:sequence>`;

/** The schema document, with one global element a method. */
export function vimXsd(): string {
  const { types, enums, methods } = vimSchema().table;
  const out = [
    '<xsd:schema targetNamespace="urn:vim25" xmlns:vim25="urn:vim25" xmlns:xsd="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">',
    '<xsd:complexType name="ManagedObjectReference"><xsd:simpleContent><xsd:extension base="xsd:string"><xsd:attribute name="type" type="xsd:string"/></xsd:extension></xsd:simpleContent></xsd:complexType>',
  ];
  for (const [name, { base, fields = [] }] of Object.entries(types)) {
    const own = sequence(fields.map(([field, wire, flags]) => element(field, wire, flags)));
    const content =
      base === undefined
        ? own
        : `<xsd:complexContent><xsd:extension base="vim25:${base}">${own}</xsd:extension></xsd:complexContent>`;
    out.push(`<xsd:complexType name="${name}">${content}</xsd:complexType>`);
  }
  for (const [name, values] of Object.entries(enums)) {
    const facets = values.map((value) => `<xsd:enumeration value="${value}"/>`).join('');
    out.push(
      `<xsd:simpleType name="${name}"><xsd:restriction base="xsd:string">${facets}</xsd:restriction></xsd:simpleType>`,
    );
  }
  const simple = ['string', 'int', 'long', 'short', 'byte', 'boolean', 'double', 'dateTime', 'anyType'];
  for (const name of simple) {
    const array = `ArrayOf${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
    out.push(`<xsd:complexType name="${array}">${sequence([element(name, `xsd:${name}`, ARRAY)])}</xsd:complexType>`);
  }
  for (const name of [...Object.keys(types), ...Object.keys(enums)]) {
    out.push(`<xsd:complexType name="ArrayOf${name}">${sequence([element(name, name, ARRAY)])}</xsd:complexType>`);
  }
  const references = sequence([element('ManagedObjectReference', 'mo:ManagedObject', ARRAY)]);
  out.push(`<xsd:complexType name="ArrayOfManagedObjectReference">${references}</xsd:complexType>`);
  for (const [name, { on, params = [] }] of Object.entries(methods)) {
    const all = [element('_this', `mo:${on}`, 0), ...params.map(([param, wire, flags]) => element(param, wire, flags))];
    out.push(`<xsd:element name="${name}"><xsd:complexType>${sequence(all)}</xsd:complexType></xsd:element>`);
  }
  return `${out.join('\n')}\n</xsd:schema>`;
}

let validator: XsdValidator | undefined;

/**
 * What is wrong with the XML of a call, as `encodeCall` makes it; undefined where nothing is.
 * Any test that builds a request may ask.
 */
export function xsdFault(callXml: string): string | undefined {
  validator ??= XsdValidator.fromDoc(XmlDocument.fromString(vimXsd()));
  const prefixes = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"';
  const document = XmlDocument.fromString(callXml.replace(/^<\w+/, (start) => `${start} ${prefixes}`));
  try {
    validator.validate(document);
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    document.dispose();
  }
}
