/** The WSDL that soap works by: operations only, because the type table knows the types; and our decoder in place of soap's. */
import { isAscii } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WSDL } from 'soap';
import { Decoder, decode, type Envelope } from './decode.ts';
import { type Schema, vimSchema } from './schema.ts';

/** How long decoding may keep the event loop, in ms. */
const TURN_MS = 8;
/** How much is decoded between two looks at the clock, in bytes. */
const SLICE = 32 << 10;

/** Before the versions of a server are known: the oldest that is supported. */
const SOAP_ACTION = 'urn:vim25/6.5';

/** soap's WSDL, which its Client asks to decode every answer: a text, or bytes as they arrive. */
export class VimWsdl extends WSDL {
  readonly #schema: Schema;

  constructor(schema: Schema) {
    super(operations([...schema.methods.keys()]), 'vim25', {});
    this.#schema = schema;
  }

  override xmlToObject(text: string): Envelope;
  override xmlToObject(chunks: AsyncIterable<Uint8Array>, done: (error: unknown, envelope?: Envelope) => void): void;
  override xmlToObject(
    answer: string | AsyncIterable<Uint8Array>,
    done?: (error: unknown, envelope?: Envelope) => void,
  ): Envelope | undefined {
    if (typeof answer === 'string') return decode(this.#schema, answer);
    decodeStream(this.#schema, answer).then(
      (envelope) => done?.(null, envelope),
      (error) => done?.(error),
    );
    return undefined;
  }
}

let wsdl: Promise<VimWsdl> | undefined;

/** The one WSDL of the process; every client shares it. */
export function vimWsdl(): Promise<VimWsdl> {
  wsdl ??= new Promise((resolve, reject) => {
    const made = new VimWsdl(vimSchema());
    made.onReady((error) => {
      // The values of xsd:anyType name types of this namespace.
      made.xmlnsInEnvelope += ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"';
      if (error) reject(error);
      else resolve(made);
    });
  });
  return wsdl;
}

/** Decodes while the bytes arrive, and lets others run in between. */
export async function decodeStream(schema: Schema, chunks: AsyncIterable<Uint8Array>): Promise<Envelope> {
  const decoder = new Decoder(schema);
  // Made when the first byte beyond ASCII comes; it also replaces what is no UTF-8 by U+FFFD.
  let utf8: StringDecoder | undefined;
  let since = performance.now();
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += SLICE) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset + at, Math.min(SLICE, chunk.length - at));
      if (utf8 === undefined && !isAscii(bytes)) utf8 = new StringDecoder('utf8');
      decoder.write(utf8?.write(bytes) ?? bytes.toString('latin1'));
      if (performance.now() - since < TURN_MS) continue;
      await nextTurn();
      since = performance.now();
    }
  }
  decoder.write(utf8?.end() ?? '');
  return decoder.end();
}

function operations(methods: string[]): string {
  const each = (text: (method: string) => string) => methods.map(text).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="VimService" targetNamespace="urn:vim25Service" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
 xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:vim25="urn:vim25" xmlns:vims="urn:vim25Service">
<wsdl:types><xsd:schema targetNamespace="urn:vim25" elementFormDefault="qualified">${each(
    (m) => `<xsd:element name="${m}"/><xsd:element name="${m}Response"/>`,
  )}</xsd:schema></wsdl:types>
${each(
  (m) => `<wsdl:message name="${m}In"><wsdl:part name="parameters" element="vim25:${m}"/></wsdl:message>
<wsdl:message name="${m}Out"><wsdl:part name="parameters" element="vim25:${m}Response"/></wsdl:message>`,
)}
<wsdl:portType name="VimPortType">${each(
    (m) =>
      `<wsdl:operation name="${m}"><wsdl:input message="vims:${m}In"/><wsdl:output message="vims:${m}Out"/></wsdl:operation>`,
  )}</wsdl:portType>
<wsdl:binding name="VimBinding" type="vims:VimPortType"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>${each(
    (m) => `<wsdl:operation name="${m}"><soap:operation soapAction="${SOAP_ACTION}"/>
<wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output></wsdl:operation>`,
  )}</wsdl:binding>
<wsdl:service name="VimService"><wsdl:port name="VimPort" binding="vims:VimBinding"><soap:address location="https://localhost/sdk"/></wsdl:port></wsdl:service>
</wsdl:definitions>`;
}
