import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { DECODE_LIMITS, Decoder, decode, VimFault, XmlError } from '../../src/vsphere/decode.ts';
import { vimSchema } from '../../src/vsphere/schema.ts';
import { envelope, fault } from '../support/soap-server.ts';

const schema = vimSchema();

const properties = (inner: string) =>
  envelope(
    `<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval>${inner}</returnval></RetrievePropertiesExResponse>`,
  );
const property = (val: string) =>
  properties(`<objects><obj type="VirtualMachine">vm-1</obj><propSet><name>p</name>${val}</propSet></objects>`);

interface Retrieved {
  token?: string;
  objects: { obj: unknown; propSet: { name: string; val: unknown }[] }[];
}

function retrieved(xml: string): Retrieved {
  const { Body } = decode(schema, xml);
  return (Body['RetrievePropertiesExResponse'] as { returnval: Retrieved }).returnval;
}
const valueFrom = (val: string) => retrieved(property(val)).objects[0]?.propSet[0]?.val;
const textOf = (text: string) => valueFrom(`<val xsi:type="xsd:string">${text}</val>`);

describe('a value', () => {
  test.each<[string, string, unknown]>([
    ['a string', '<val xsi:type="xsd:string">a</val>', 'a'],
    ['an empty string', '<val xsi:type="xsd:string"></val>', ''],
    ['an empty element', '<val xsi:type="xsd:string"/>', ''],
    ['white space', '<val xsi:type="xsd:string"> a \n\t</val>', ' a \n\t'],
    ['an int', '<val xsi:type="xsd:int">-5</val>', -5],
    [
      'a long beyond 2^53, as near as a number comes',
      '<val xsi:type="xsd:long">9007199254740993</val>',
      9007199254740992,
    ],
    ['a double', '<val xsi:type="xsd:double">1.5E3</val>', 1500],
    ['an infinite double', '<val xsi:type="xsd:double">-INF</val>', Number.NEGATIVE_INFINITY],
    ['a boolean', '<val xsi:type="xsd:boolean">true</val>', true],
    ['a boolean in figures', '<val xsi:type="xsd:boolean">0</val>', false],
    ['a time', '<val xsi:type="xsd:dateTime">2026-01-01T00:00:00.123456Z</val>', new Date('2026-01-01T00:00:00.123Z')],
    [
      'a time with an offset',
      '<val xsi:type="xsd:dateTime">2026-01-01T02:00:00+02:00</val>',
      new Date('2026-01-01T00:00:00Z'),
    ],
    [
      'a time without a zone, as UTC',
      '<val xsi:type="xsd:dateTime">2026-01-01T00:00:00</val>',
      new Date('2026-01-01T00:00:00Z'),
    ],
    [
      'the time that is none',
      '<val xsi:type="xsd:dateTime">0001-01-01T00:00:00Z</val>',
      new Date('0001-01-01T00:00:00Z'),
    ],
    ['an enum', '<val xsi:type="VirtualMachinePowerState">poweredOn</val>', 'poweredOn'],
    ['an empty enum', '<val xsi:type="VirtualMachineFaultToleranceState"></val>', ''],
    [
      'a reference',
      '<val type="HostSystem" xsi:type="ManagedObjectReference">host-1</val>',
      { $type: 'HostSystem', value: 'host-1' },
    ],
    ['strings', '<val xsi:type="ArrayOfString"><string>a</string><string/><string> </string></val>', ['a', '', ' ']],
    ['bytes', '<val xsi:type="ArrayOfByte"><byte>1</byte><byte>-2</byte></val>', [1, -2]],
    ['an empty array', '<val xsi:type="ArrayOfInt"/>', []],
    [
      'references',
      '<val xsi:type="ArrayOfManagedObjectReference"><ManagedObjectReference type="Datastore" xsi:type="ManagedObjectReference">d-1</ManagedObjectReference><ManagedObjectReference type="Datastore">d-2</ManagedObjectReference></val>',
      [
        { $type: 'Datastore', value: 'd-1' },
        { $type: 'Datastore', value: 'd-2' },
      ],
    ],
    [
      'values of any type',
      '<val xsi:type="ArrayOfAnyType"><anyType xsi:type="xsd:int">1</anyType><anyType xsi:type="xsd:string">1</anyType></val>',
      [1, '1'],
    ],
    [
      'an object',
      '<val xsi:type="Description"><label></label><summary>s</summary></val>',
      { $type: 'Description', label: '', summary: 's' },
    ],
    ['an empty object', '<val xsi:type="VirtualMachineQuickStats"></val>', { $type: 'VirtualMachineQuickStats' }],
    ['nothing', '<val xsi:nil="true"/>', undefined],
    ['CDATA and comments', '<val xsi:type="xsd:string">a<!-- > <x> -->b<![CDATA[<raw> & ]]>c</val>', 'ab<raw> & c'],
    [
      'references to characters',
      '<val xsi:type="xsd:string">&lt;&amp;&gt;&quot;&apos;&#x30C6;&#13;</val>',
      '<&>"\'テ\r',
    ],
  ])('%s', (_what, xml, value) => {
    expect(valueFrom(xml)).toEqual(value);
  });

  test('of a derived type is decoded as that type, at any depth', () => {
    const xml =
      '<val xsi:type="ArrayOfVirtualDevice"><VirtualDevice xsi:type="VirtualDisk"><key>2000</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>f</fileName><thinProvisioned>true</thinProvisioned></backing><capacityInKB>5</capacityInKB></VirtualDevice></val>';
    expect(valueFrom(xml)).toEqual([
      {
        $type: 'VirtualDisk',
        key: 2000,
        backing: { $type: 'VirtualDiskFlatVer2BackingInfo', fileName: 'f', thinProvisioned: true },
        capacityInKB: 5,
      },
    ]);
  });

  test('of a type that is one of several bears its $type though the server does not say it', () => {
    const xml =
      '<val xsi:type="VmPoweredOnEvent"><key>1</key><vm><name>n</name><vm type="VirtualMachine">vm-1</vm></vm><template>false</template></val>';
    expect(valueFrom(xml)).toEqual({
      $type: 'VmPoweredOnEvent',
      key: 1,
      vm: { $type: 'VmEventArgument', name: 'n', vm: { $type: 'VirtualMachine', value: 'vm-1' } },
      template: false,
    });
  });

  test.each([
    ['an int', '<val xsi:type="xsd:int">five</val>', '<val> is not a number: five'],
    ['an empty int', '<val xsi:type="xsd:int"/>', '<val> is not a number'],
    ['a boolean', '<val xsi:type="xsd:boolean">maybe</val>', '<val> is not a boolean: maybe'],
    ['a time', '<val xsi:type="xsd:dateTime">yesterday</val>', '<val> is not a time: yesterday'],
    ['a string', '<val xsi:type="xsd:string"><a/></val>', '<val> holds elements where a value was expected'],
  ])('that is not %s is refused', (_what, xml, message) => {
    expect(() => valueFrom(xml)).toThrow(XmlError);
    expect(() => valueFrom(xml)).toThrow(message);
  });
});

test('a time without a zone is UTC wherever the gateway runs', () => {
  const zone = process.env['TZ'];
  process.env['TZ'] = 'Asia/Tokyo';
  expect(valueFrom('<val xsi:type="xsd:dateTime">2026-01-01T00:00:00</val>')).toEqual(new Date('2026-01-01T00:00:00Z'));
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

describe('what the table does not know is kept:', () => {
  test('fields of a newer server, lists and objects among them', () => {
    const xml =
      '<val xsi:type="VirtualMachineQuickStats"><overallCpuUsage>12</overallCpuUsage><news>x</news><things><a>1</a><a>2</a><b/></things></val>';
    expect(valueFrom(xml)).toEqual({
      $type: 'VirtualMachineQuickStats',
      overallCpuUsage: 12,
      news: 'x',
      things: { a: ['1', '2'], b: '' },
    });
  });

  test('a type of a newer server, with what of it can be told', () => {
    expect(valueFrom('<val xsi:type="News"><k>1</k><r type="Folder">f</r><n xsi:type="xsd:int">1</n></val>')).toEqual({
      $type: 'News',
      k: '1',
      r: { $type: 'Folder', value: 'f' },
      n: 1,
    });
    expect(valueFrom('<val xsi:type="News"/>')).toEqual({ $type: 'News' });
    expect(valueFrom('<val xsi:type="NewEnum">x</val>')).toBe('x');
  });

  test('a newer type in place of one we know keeps what both share', () => {
    const xml =
      '<val xsi:type="ArrayOfVirtualDevice"><VirtualDevice xsi:type="VirtualQuantumCard"><key>7</key><qubits>3</qubits></VirtualDevice></val>';
    expect(valueFrom(xml)).toEqual([{ $type: 'VirtualQuantumCard', key: 7, qubits: '3' }]);
  });

  test('names that objects have by birth', () => {
    expect(valueFrom('<val xsi:type="News"><constructor>c</constructor><toString>t</toString></val>')).toEqual({
      $type: 'News',
      constructor: 'c',
      toString: 't',
    });
  });

  test('but never a __proto__', () => {
    expect(() => valueFrom('<val xsi:type="News"><__proto__><x>1</x></__proto__></val>')).toThrow(XmlError);
  });
});

describe('prefixes', () => {
  const plain = property('<val xsi:type="xsd:int">5</val>');

  test('of the instance namespace are the choice of the server, also in a single element', () => {
    const odd =
      '<val _XMLSchema-instance:type="xsd:int" xmlns:_XMLSchema-instance="http://www.w3.org/2001/XMLSchema-instance">5</val>';
    expect(valueFrom(odd)).toBe(5);
    expect(retrieved(plain.replaceAll('xsi', 'i'))).toEqual(retrieved(plain));
  });

  test('of another namespace make no type', () => {
    expect(valueFrom('<val xmlns:o="urn:other" o:type="xsd:int">5</val>')).toBe('5');
    expect(valueFrom('<val xmlns:xsi="urn:other" xsi:type="xsd:int">5</val>')).toBe('5');
    expect(retrieved(plain.replace('XMLSchema-instance', 'other')).objects[0]?.propSet[0]?.val).toBe('5');
  });

  test('of elements make no difference', () => {
    const prefixed = plain
      .replace(/<(\/?)(?=[a-z])(?!soapenv)/g, '<$1v:')
      .replace('xmlns=', 'xmlns:v=')
      .replaceAll(/(RetrievePropertiesExResponse)/g, '$1')
      .replace('<RetrieveP', '<v:RetrieveP')
      .replace('</RetrieveP', '</v:RetrieveP');
    expect(retrieved(prefixed)).toEqual(retrieved(plain));
  });
});

describe('bad text', () => {
  test('of forbidden characters becomes U+FFFD, and the rest of the answer stays', () => {
    const xml = properties(
      '<token>t</token><objects><obj type="VirtualMachine">vm-1</obj><propSet><name>n</name><val xsi:type="xsd:string">a\u0000b\u001bc\uffffd</val></propSet></objects>',
    );
    expect(retrieved(xml)).toMatchObject({ token: 't', objects: [{ propSet: [{ val: 'a\ufffdb\ufffdc\ufffdd' }] }] });
  });

  test('of forbidden references does too', () => {
    expect(textOf('a&#27;b&#x0;c&#xD800;d&amp;')).toBe('a\ufffdb\ufffdc\ufffdd&');
    const next = '<objects><obj type="VirtualMachine">&#1;</obj></objects><token>&amp;#27;</token>';
    expect(retrieved(properties(next))).toMatchObject({ token: '&#27;', objects: [{ obj: { value: '\ufffd' } }] });
  });
});

describe('an answer that is not what it should be', () => {
  const good = property('<val xsi:type="xsd:string">some text</val>');
  test.each([
    ['is empty', ''],
    ['is HTML', '<html><head></head><body>login</body></html>'],
    ['is text', 'internal error'],
    ['has no body', '<Envelope/>'],
    ['has mismatched tags', good.replace('</obj>', '</obx>')],
    ['has an unknown entity', good.replace('some', '&some;')],
    ['has an unescaped ampersand', good.replace('some', 'a & b')],
    ['has a < in an attribute', good.replace('"VirtualMachine"', '"<"')],
    ['has two roots', `${good}<a/>`],
    ['goes on without an end', `${good}<!-- `],
    ['has a DTD', `<!DOCTYPE a [<!ENTITY x "y">]>${good.replace(/<\?.*\?>\n/, '')}`],
    ['has an empty DTD', `<!DOCTYPE a>${good.replace(/<\?.*\?>\n/, '')}`],
  ])('because it %s, is an XmlError', (_why, xml) => {
    expect(() => decode(schema, xml)).toThrow(XmlError);
  });

  test('because it is HTML, is refused at the first element', () => {
    expect(() => new Decoder(schema).write('<html><p>')).toThrow('Not a SOAP envelope: <html>');
  });

  test('because it is cut off anywhere, is an XmlError', () => {
    const end = good.lastIndexOf('>');
    for (let length = 0; length <= end; length += 1)
      expect(() => decode(schema, good.slice(0, length))).toThrow(XmlError);
    expect(() => decode(schema, good)).not.toThrow();
  });
});

describe('limits', () => {
  const limited = (xml: string, limits: Partial<typeof DECODE_LIMITS>) => () =>
    decode(schema, xml, { ...DECODE_LIMITS, ...limits });

  test('hold for depth', () => {
    const deep = property(`<val>${'<a>'.repeat(130)}${'</a>'.repeat(130)}</val>`);
    expect(limited(deep, {})).toThrow('Elements are nested deeper than 128');
    expect(limited(deep, { depth: 200 })).not.toThrow();
  });

  test('hold for the number of elements', () => {
    const many = property(`<val xsi:type="ArrayOfString">${'<string/>'.repeat(100)}</val>`);
    expect(limited(many, { elements: 100 })).toThrow('More than 100 elements');
    expect(limited(many, { elements: 110 })).not.toThrow();
  });

  test.each([
    ['text', '<RetrievePropertiesExResponse>', ''],
    ['attribute', '<a b="', ''],
    ['name', '<', ''],
    ['comment', '<!--', ''],
    ['DTD', '<!DOCTYPE ', ''],
  ])('hold for a %s before it has all come', (_what, start) => {
    const decoder = new Decoder(schema, { ...DECODE_LIMITS, text: 1000 });
    if (start !== '<!DOCTYPE ') decoder.write('<Envelope><Body>');
    decoder.write(start);
    expect(() => {
      for (let i = 0; i < 20; i += 1) decoder.write('x'.repeat(100));
    }).toThrow('A text has more than 1000 characters');
  });
});

describe('faults', () => {
  const thrown = (xml: string): VimFault => {
    try {
      decode(schema, xml);
    } catch (error) {
      if (error instanceof VimFault) return error;
      throw error;
    }
    throw new Error('no fault');
  };

  test('are thrown with their type, their fields and the text of the server', () => {
    const error = thrown(
      fault(
        'InvalidPowerState',
        'Not allowed now.',
        '<requestedState>poweredOn</requestedState><existingState>poweredOn</existingState>',
      ),
    );
    expect(error).toMatchObject({
      name: 'VimFault',
      faultName: 'InvalidPowerState',
      message: 'Not allowed now.',
      fault: { $type: 'InvalidPowerState', requestedState: 'poweredOn', existingState: 'poweredOn' },
    });
  });

  test('are named after their element where the server gives no xsi:type, and typed all the same', () => {
    const fields = '<unreserved>5</unreserved><requested>7</requested>';
    const untyped = fault('InsufficientMemoryResourcesFault', 'x', fields).replace(/ xsi:type="[^"]*"/, '');
    expect(thrown(untyped).fault).toEqual({ $type: 'InsufficientMemoryResourcesFault', unreserved: 5, requested: 7 });
  });

  test('without a text are named in it', () => {
    expect(thrown(fault('NotAuthenticated', '')).message).toBe('NotAuthenticated');
  });

  test('of a newer server keep their name', () => {
    expect(thrown(fault('QuantumDecoherence', 'x', '<qubit>3</qubit>')).fault).toEqual({
      $type: 'QuantumDecoherence',
      qubit: '3',
    });
    expect(thrown(fault('QuantumDecoherence', 'x')).faultName).toBe('QuantumDecoherence');
    expect(thrown(fault('QuantumDecoherence', 'x').replace(/ xsi:type="[^"]*"/, '')).faultName).toBe(
      'QuantumDecoherence',
    );
  });

  test('that vSphere did not type are a RuntimeFault', () => {
    const untyped = envelope(
      '<soapenv:Fault><faultcode>Server</faultcode><faultstring>no such method</faultstring></soapenv:Fault>',
    );
    expect(thrown(untyped)).toMatchObject({ faultName: 'RuntimeFault', message: 'no such method' });
    const nameless = fault('', 'no such method').replace(' xsi:type=""', '');
    expect(thrown(nameless)).toMatchObject({ faultName: 'RuntimeFault', message: 'no such method' });
  });

  test('within faults are decoded', () => {
    const inner =
      '<faultCause><fault xsi:type="FileNotFound"><file>[ds] a</file></fault><localizedMessage>gone</localizedMessage></faultCause>';
    expect(thrown(fault('GenericVmConfigFault', 'x', inner)).fault).toMatchObject({
      faultCause: { fault: { $type: 'FileNotFound', file: '[ds] a' }, localizedMessage: 'gone' },
    });
  });
});

describe('an answer in pieces', () => {
  const whole = properties(
    '<token>a &amp; b &#x30C6; <![CDATA[<raw>]]>tail</token><objects><obj type="VirtualMachine">vm-1</obj><propSet><name>n</name><val xsi:type="ArrayOfString"><string>テスト🚀</string><string/></val></propSet><!-- c --><propSet><name>q</name><val xsi:type="VirtualMachineQuickStats"><guestMemoryUsage>-7</guestMemoryUsage></val></propSet></objects>',
  );
  const wanted = decode(schema, whole);

  test('is the same wherever it is cut', () => {
    for (let at = 1; at < whole.length; at += 1) {
      const decoder = new Decoder(schema);
      decoder.write(whole.slice(0, at));
      decoder.write(whole.slice(at));
      expect(decoder.end()).toEqual(wanted);
    }
  });

  test('is the same in pieces of any size', () => {
    for (const size of [1, 2, 3, 7, 64]) {
      const decoder = new Decoder(schema);
      for (let at = 0; at < whole.length; at += size) decoder.write(whole.slice(at, at + size));
      expect(decoder.end()).toEqual(wanted);
    }
  });

  test('does not stay in memory with the strings cut out of it', () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const decoder = new Decoder(schema);
    const [head = '', tail = ''] = properties('|').split('|');
    decoder.write(head);
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 300; i += 1) {
      const filler = `<objects>${' '.repeat(64 << 10)}</objects>`;
      decoder.write(`<objects><obj type="VirtualMachine">a unique and long moref ${i}</obj></objects>${filler}`);
    }
    collect();
    const grown = process.memoryUsage().heapUsed - before;
    decoder.write(tail);
    expect(decoder.end().Body).toHaveProperty('RetrievePropertiesExResponse');
    expect(grown).toBeLessThan(5 << 20);
  });
});
