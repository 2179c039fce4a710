import { Client, WSDL } from 'soap';
import { describe, expect, test } from 'vitest';
import { XmlError } from '../../src/vsphere/decode.ts';
import { vimSchema } from '../../src/vsphere/schema.ts';
import { decodeStream, type VimWsdl, vimWsdl } from '../../src/vsphere/wsdl.ts';
import { envelope } from '../support/soap-server.ts';

const schema = vimSchema();
const answer = (text: string) =>
  envelope(`<CurrentTimeResponse xmlns="urn:vim25"><returnval>${text}</returnval></CurrentTimeResponse>`);
const time = answer('2026-01-01T00:00:00Z');
const named = (text: string) =>
  envelope(
    `<RetrieveArgumentDescriptionResponse xmlns="urn:vim25"><returnval><name>${text}</name></returnval></RetrieveArgumentDescriptionResponse>`,
  );

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const decoded = (wsdl: VimWsdl, bytes: AsyncIterable<Uint8Array>) =>
  new Promise((resolve, reject) => {
    wsdl.xmlToObject(bytes, (error, envelope) => (error ? reject(error) : resolve(envelope)));
  });

// What this package does that its documentation does not promise. A release that moves one of these fails here.
describe('the seams of soap', () => {
  test('one WSDL serves many clients, each with a method and an Async method for every operation', async () => {
    const wsdl = await vimWsdl();
    expect(await vimWsdl()).toBe(wsdl);
    expect(wsdl).toBeInstanceOf(WSDL);
    const clients = [new Client(wsdl, 'http://one.invalid/sdk'), new Client(wsdl, 'http://two.invalid/sdk')];
    for (const client of clients) {
      for (const name of schema.methods.keys()) expect(typeof client[`${name}Async`]).toBe('function');
    }
  });

  test('_xml is sent as it is, in an envelope that binds xsi and xsd', async () => {
    const sent: string[] = [];
    const client = new Client(await vimWsdl(), 'http://one.invalid/sdk', {
      stream: true,
      httpClient: {
        request: () => Promise.reject(new Error('not streamed')),
        requestStream: (_url, data) => {
          sent.push(data);
          return Promise.reject(new Error('enough'));
        },
      },
    });
    const call: Promise<unknown> = client['CurrentTimeAsync']({
      _xml: '<CurrentTime xmlns="urn:vim25">&amp;</CurrentTime>',
    });
    await expect(call).rejects.toThrow('enough');
    expect(sent[0]).toMatch(
      /^<\?xml version="1.0" encoding="utf-8"\?><soap:Envelope [^>]*xmlns:soap="http:\/\/schemas.xmlsoap.org\/soap\/envelope\/"/,
    );
    expect(sent[0]).toContain('xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"');
    expect(sent[0]?.match(/xmlns:xsd="http:\/\/www.w3.org\/2001\/XMLSchema"/g)).toHaveLength(1);
    expect(sent[0]).toContain('<soap:Body><CurrentTime xmlns="urn:vim25">&amp;</CurrentTime></soap:Body>');
  });

  test('options reach requestStream, an answer of 200 goes to xmlToObject as a stream, and comes back by its name', async () => {
    const options = { mine: true };
    const seen: unknown[] = [];
    const client = new Client(await vimWsdl(), 'http://one.invalid/sdk', {
      stream: true,
      httpClient: {
        request: () => Promise.reject(new Error('not streamed')),
        // biome-ignore lint/suspicious/noExplicitAny: soap's types want a response of axios
        requestStream: async (_url, _data, headers, given): Promise<any> => {
          seen.push(headers?.['SOAPAction'], given);
          return { status: 200, headers: {}, config: {}, data: chunksOf(Buffer.from(time), 10) };
        },
      },
    });
    client.setSOAPAction('urn:vim25/8.0.3.0');
    const [result] = await client['CurrentTimeAsync']({ _xml: '<CurrentTime/>' }, options);
    expect(result).toEqual({ returnval: new Date('2026-01-01T00:00:00Z') });
    expect(seen).toEqual(['"urn:vim25/8.0.3.0"', options]);
  });

  test('the last exchange is kept under names that we can clear', async () => {
    const client = new Client(await vimWsdl(), 'http://one.invalid/sdk', {
      stream: true,
      httpClient: {
        request: () => Promise.reject(new Error('x')),
        requestStream: () => Promise.reject(new Error('x')),
      },
    });
    const call: Promise<unknown> = client['CurrentTimeAsync']({ _xml: '<CurrentTime>secret</CurrentTime>' });
    const keepers = Object.entries(client).filter(([, value]) => typeof value === 'string' && value.includes('secret'));
    expect(keepers.map(([name]) => name).sort()).toEqual(['lastMessage', 'lastRequest']);
    await expect(call).rejects.toThrow('x');
  });
});

describe('decoding bytes', () => {
  test('gives what decoding the text gives, wherever the bytes of a character are parted', async () => {
    const wsdl = await vimWsdl();
    const xml = named('ascii, テスト, 🚀');
    const whole = wsdl.xmlToObject(xml);
    for (const size of [1, 2, 3, 5, 1000]) expect(await decoded(wsdl, chunksOf(Buffer.from(xml), size))).toEqual(whole);
  });

  test('replaces what is no UTF-8 and keeps the rest', async () => {
    const [head = '', tail = ''] = named('a|b').split('|');
    const bytes = Buffer.concat([Buffer.from(head), Buffer.from([0xff, 0x1b, 0xc3]), Buffer.from(tail)]);
    const { Body } = await decodeStream(schema, chunksOf(bytes, 7));
    expect(Body['RetrieveArgumentDescriptionResponse']).toEqual({ returnval: [{ name: 'a\ufffd\ufffd\ufffdb' }] });
  });

  test('refuses an answer that ends within a character', async () => {
    const bytes = Buffer.concat([Buffer.from(time), Buffer.from([0xe3, 0x83])]);
    await expect(decodeStream(schema, chunksOf(bytes, 1000))).rejects.toThrow(XmlError);
  });

  test('hands errors of the stream and of the XML to the callback', async () => {
    const wsdl = await vimWsdl();
    const broken = (async function* () {
      yield Buffer.from(time.slice(0, 100));
      throw new Error('reset');
    })();
    await expect(decoded(wsdl, broken)).rejects.toThrow('reset');
    await expect(decoded(wsdl, chunksOf(Buffer.from(time.slice(0, 100)), 50))).rejects.toThrow(XmlError);
  });

  test('lets others run in between, even where all bytes are there', async () => {
    const item = `<string>${'x'.repeat(20)}</string>`;
    const xml = envelope(
      `<CurrentTimeResponse xmlns="urn:vim25"><extra xsi:type="ArrayOfString">${item.repeat(100_000)}</extra></CurrentTimeResponse>`,
    );
    let turns = 0;
    let done = false;
    const count = () => {
      turns += 1;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    const { Body } = await decodeStream(schema, chunksOf(Buffer.from(xml), xml.length));
    done = true;
    expect((Body['CurrentTimeResponse'] as { extra: string[] }).extra).toHaveLength(100_000);
    expect(turns).toBeGreaterThan(2);
  });
});
