import { XmlDocument } from 'libxml2-wasm';
import { describe, expect, test } from 'vitest';
import { EncodeError, encodeCall } from '../../src/vsphere/encode.ts';
import { vimSchema } from '../../src/vsphere/schema.ts';
import type { MoRef, VimMethod } from '../../src/vsphere/vim25/types.ts';

const schema = vimSchema();
const vm: MoRef = { $type: 'VirtualMachine', value: 'vm-1' };
const encode = (method: VimMethod, args: object, self = vm) => encodeCall(schema, method, self, args);
const reconfigure = (spec: object) => encode('ReconfigVM_Task', { spec });
const option = (value: unknown) => reconfigure({ extraConfig: [{ key: 'k', value }] });
const valueElement = (xml: string) => /<value .*<\/value>/s.exec(xml)?.[0];

describe('a call', () => {
  test('is one element in the namespace of vim25, with its object first', () => {
    expect(encode('PowerOnVM_Task', { host: { $type: 'HostSystem', value: 'host-9' } })).toBe(
      '<PowerOnVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">vm-1</_this><host type="HostSystem">host-9</host></PowerOnVM_Task>',
    );
  });

  test('has its fields in the order of the schema, whatever the order of the keys', () => {
    const xml = reconfigure({ memoryMB: 1024, numCPUs: 2, name: 'n', changeVersion: 'v' });
    expect(xml).toContain(
      '<changeVersion>v</changeVersion><name>n</name><numCPUs>2</numCPUs><memoryMB>1024</memoryMB>',
    );
  });

  test('orders the fields of a derived type, bases first, and says which it is', () => {
    const device = { unitNumber: 2, capacityInKB: 5, backing: undefined, key: -1, $type: 'VirtualDisk' };
    expect(reconfigure({ deviceChange: [{ device, operation: 'add' }] })).toContain(
      '<deviceChange><operation>add</operation><device xsi:type="VirtualDisk"><key>-1</key><unitNumber>2</unitNumber><capacityInKB>5</capacityInKB></device></deviceChange>',
    );
  });

  test('does not say the type that is declared anyway', () => {
    expect(reconfigure({ $type: 'VirtualMachineConfigSpec', name: 'n' })).toContain('<spec><name>n</name></spec>');
  });

  test('leaves null and undefined out, and empty arrays', () => {
    expect(reconfigure({ name: null, annotation: undefined, extraConfig: [], deviceChange: null })).toContain(
      '<spec></spec>',
    );
  });

  test('writes times in UTC', () => {
    const xml = encode(
      'QueryPerf',
      {
        querySpec: [{ entity: vm, startTime: new Date('2026-03-01T12:00:00+02:00') }],
      },
      { $type: 'PerformanceManager', value: 'PerfMgr' },
    );
    expect(xml).toContain('<startTime>2026-03-01T10:00:00.000Z</startTime>');
  });
});

describe('what does not fit is refused with its path:', () => {
  const device = (fields: object) => ({
    spec: {
      deviceChange: [{ operation: 'add', device: { $type: 'VirtualDisk', key: 1, capacityInKB: 1, ...fields } }],
    },
  });
  test.each<[string, VimMethod, object, string]>([
    ['an unknown key', 'ReconfigVM_Task', { spec: { memory: 1 } }, 'ReconfigVM_Task.spec: has no field memory'],
    ['an unknown argument', 'PowerOnVM_Task', { hosts: [] }, 'PowerOnVM_Task: has no field hosts'],
    ['an inherited key', 'ReconfigVM_Task', { spec: { toString: 'x' } }, 'ReconfigVM_Task.spec: has no field toString'],
    ['a missing argument', 'ReconfigVM_Task', {}, 'ReconfigVM_Task.spec: is required'],
    [
      'a missing field',
      'ReconfigVM_Task',
      { spec: { deviceChange: [{ operation: 'add' }] } },
      'ReconfigVM_Task.spec.deviceChange[0].device: is required',
    ],
    [
      'a string for a number',
      'ReconfigVM_Task',
      { spec: { memoryMB: '1024' } },
      'ReconfigVM_Task.spec.memoryMB: an integer',
    ],
    [
      'a fraction for an integer',
      'ReconfigVM_Task',
      { spec: { memoryMB: 1.5 } },
      'ReconfigVM_Task.spec.memoryMB: an integer',
    ],
    [
      'an integer too large for its type',
      'ReconfigVM_Task',
      { spec: { numCPUs: 2 ** 31 } },
      'ReconfigVM_Task.spec.numCPUs: an integer from -2147483648 to 2147483647',
    ],
    ['a number for a string', 'ReconfigVM_Task', { spec: { name: 5 } }, 'ReconfigVM_Task.spec.name: a string'],
    [
      'a string for a boolean',
      'ReconfigVM_Task',
      { spec: { cpuHotAddEnabled: 'true' } },
      'ReconfigVM_Task.spec.cpuHotAddEnabled: true or false',
    ],
    [
      'a string for a time',
      'ReconfigVM_Task',
      { spec: { createDate: '2026-01-01' } },
      'ReconfigVM_Task.spec.createDate: a Date',
    ],
    [
      'no time at all',
      'ReconfigVM_Task',
      { spec: { createDate: new Date(Number.NaN) } },
      'ReconfigVM_Task.spec.createDate: a Date',
    ],
    [
      'no value of the enum',
      'ReconfigVM_Task',
      { spec: { deviceChange: [{ operation: 'replace', device: {} }] } },
      'ReconfigVM_Task.spec.deviceChange[0].operation: not one of add, remove, edit',
    ],
    [
      'one object for an array',
      'ReconfigVM_Task',
      { spec: { deviceChange: {} } },
      'ReconfigVM_Task.spec.deviceChange: an array',
    ],
    ['an array for one object', 'ReconfigVM_Task', { spec: [] }, 'ReconfigVM_Task.spec: a VirtualMachineConfigSpec'],
    [
      'a hole in an array',
      'ReconfigVM_Task',
      { spec: { deviceChange: [null] } },
      'ReconfigVM_Task.spec.deviceChange[0]: a VirtualDeviceConfigSpec',
    ],
    [
      'an unknown type',
      'ReconfigVM_Task',
      device({ backing: { $type: 'VirtualDiskTapeBackingInfo' } }),
      'ReconfigVM_Task.spec.deviceChange[0].device.backing: vim25 has no type VirtualDiskTapeBackingInfo',
    ],
    [
      'a type that is not derived',
      'ReconfigVM_Task',
      device({ backing: { $type: 'VirtualMachineConfigSpec' } }),
      'ReconfigVM_Task.spec.deviceChange[0].device.backing: VirtualMachineConfigSpec is not a VirtualDeviceBackingInfo',
    ],
    [
      'a string for a reference',
      'PowerOnVM_Task',
      { host: 'host-9' },
      'PowerOnVM_Task.host: a reference to a HostSystem',
    ],
    [
      'a reference to another type',
      'PowerOnVM_Task',
      { host: vm },
      'PowerOnVM_Task.host: a HostSystem is needed, not a VirtualMachine',
    ],
    [
      'a reference with an empty id',
      'PowerOnVM_Task',
      { host: { $type: 'HostSystem', value: '' } },
      'PowerOnVM_Task.host: not an id',
    ],
    [
      'a reference with a long id',
      'PowerOnVM_Task',
      { host: { $type: 'HostSystem', value: 'h'.repeat(257) } },
      'PowerOnVM_Task.host: not an id',
    ],
    [
      'a reference with a control in its id',
      'PowerOnVM_Task',
      { host: { $type: 'HostSystem', value: 'host\n9' } },
      'PowerOnVM_Task.host: not an id',
    ],
    [
      'a reference whose type is markup',
      'PowerOnVM_Task',
      { host: { $type: 'HostSystem" x="', value: 'host-9' } },
      'PowerOnVM_Task.host: the type of the reference',
    ],
  ])('%s', (_what, method, args, message) => {
    expect(() => encode(method, args)).toThrow(EncodeError);
    expect(() => encode(method, args)).toThrow(message);
  });

  test('an object that the method does not belong to', () => {
    expect(() => encode('PowerOnVM_Task', {}, { $type: 'HostSystem', value: 'host-9' })).toThrow(
      'PowerOnVM_Task._this: a VirtualMachine',
    );
  });
});

describe('a value of xsd:anyType says its type:', () => {
  test.each<[string, unknown, string]>([
    ['a string', 'x', '<value xsi:type="xsd:string">x</value>'],
    ['an empty string', '', '<value xsi:type="xsd:string"></value>'],
    ['a boolean', false, '<value xsi:type="xsd:boolean">false</value>'],
    ['a small integer', -5, '<value xsi:type="xsd:int">-5</value>'],
    ['a large integer', 2 ** 31, '<value xsi:type="xsd:long">2147483648</value>'],
    ['a fraction', 0.5, '<value xsi:type="xsd:double">0.5</value>'],
    ['a time', new Date(0), '<value xsi:type="xsd:dateTime">1970-01-01T00:00:00.000Z</value>'],
    ['a reference', vm, '<value xsi:type="ManagedObjectReference" type="VirtualMachine">vm-1</value>'],
    ['strings', ['a', 'b'], '<value xsi:type="ArrayOfString"><string>a</string><string>b</string></value>'],
    ['integers', [1, 2], '<value xsi:type="ArrayOfInt"><int>1</int><int>2</int></value>'],
    [
      'references',
      [vm],
      '<value xsi:type="ArrayOfManagedObjectReference"><ManagedObjectReference type="VirtualMachine">vm-1</ManagedObjectReference></value>',
    ],
    [
      'an object',
      { $type: 'Description', summary: 's', label: 'l' },
      '<value xsi:type="Description"><label>l</label><summary>s</summary></value>',
    ],
    [
      'objects',
      [{ $type: 'Description', label: 'l', summary: 's' }],
      '<value xsi:type="ArrayOfDescription"><Description><label>l</label><summary>s</summary></Description></value>',
    ],
    ['a number of a chosen type', { $type: 'xsd:long', value: 5 }, '<value xsi:type="xsd:long">5</value>'],
    ['an array of a chosen type', { $type: 'ArrayOfString', value: [] }, '<value xsi:type="ArrayOfString"></value>'],
  ])('%s', (_what, value, xml) => {
    expect(valueElement(option(value))).toBe(xml);
  });

  test.each<[string, unknown, string]>([
    ['an empty array without a type', [], 'its type cannot be told'],
    ['items of several types', ['a', 1], 'its items differ in type'],
    ['an object without a type', { a: 1 }, 'its type cannot be told'],
    ['an unknown type', { $type: 'Nothing', a: 1 }, 'vim25 has no type Nothing'],
    ['a chosen type that does not fit', { $type: 'xsd:int', value: 'x' }, 'an integer'],
    ['not a number', Number.NaN, 'a number is needed'],
  ])('%s is refused', (_what, value, message) => {
    expect(() => option(value)).toThrow(`ReconfigVM_Task.spec.extraConfig[0].value: ${message}`);
  });
});

describe('any text', () => {
  /** As libxml2 reads it. */
  const textOf = (document: XmlDocument, name: string) => document.get(`//v:${name}`, { v: 'urn:vim25' })?.content;
  const nasty = [
    ']]></name><x>',
    '<![CDATA[x]]>',
    '&amp;&lt;&#0;',
    '"\'',
    ' lead and trail ',
    '\t\n\r\r\n',
    '\u0085\u2028',
    'テスト🚀',
    '\ud83d\ude80',
    '-->',
    '\u007f\u0080\ufffd\ufdd0',
  ];
  const random = (seed: number) => {
    const ranges: [number, number][] = [
      [0x20, 0x7e],
      [0x20, 0x3f],
      [0xa0, 0x2ff],
      [0x3040, 0x30ff],
      [0xe000, 0xfffd],
      [0x1f300, 0x1f6ff],
      [9, 10],
      [13, 13],
    ];
    let state = seed;
    const next = (below: number) => {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      return state % below;
    };
    return Array.from({ length: next(40) }, () => {
      const [from, to] = ranges[next(ranges.length)]!;
      return String.fromCodePoint(from + next(to - from + 1));
    }).join('');
  };

  test('that XML can hold arrives as it was', () => {
    for (const text of [...nasty, ...Array.from({ length: 300 }, (_, i) => random(i + 1))]) {
      const document = XmlDocument.fromString(encode('Rename_Task', { newName: text }));
      expect(textOf(document, 'newName')).toBe(text);
      document.dispose();
    }
  });

  test('in an id arrives as it was', () => {
    for (const value of ['HaNetwork-VM Network', '10.0.0.1:/vol/a"b', '<&>', 'ネット']) {
      const document = XmlDocument.fromString(encode('PowerOnVM_Task', { host: { $type: 'HostSystem', value } }));
      expect(textOf(document, 'host')).toBe(value);
      document.dispose();
    }
  });

  test.each(['\0', 'a\u001bb', '\ud800', 'x\udc00y', '\ufffe', '\uffff', '\u000b'])(
    'that XML cannot hold is refused: %j',
    (text) => {
      expect(() => encode('Rename_Task', { newName: text })).toThrow(
        'Rename_Task.newName: holds a character that XML forbids',
      );
    },
  );
});
