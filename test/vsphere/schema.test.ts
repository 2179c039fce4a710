import { describe, expect, test } from 'vitest';
import { baseOf, KIND, SCHEMA_VERSION, vimSchema } from '../../src/vsphere/schema.ts';

const schema = vimSchema();
const { types, enums, managed, methods } = schema.table;

describe('the generated table', () => {
  test('holds the whole of vim25', () => {
    expect(Object.keys(types).length).toBeGreaterThan(3000);
    expect(Object.keys(methods).length).toBeGreaterThan(400);
  });

  test('is of the release that the code asks servers for', () => {
    expect(schema.table.release).toBe(SCHEMA_VERSION);
  });

  test('names no type that it does not define', () => {
    const known = (wire: string) =>
      wire.startsWith('xsd:') ||
      wire in types ||
      wire in enums ||
      wire === 'mo:ManagedObject' ||
      wire.slice(3) in managed;
    const rows = [
      ...Object.values(types).flatMap(({ fields = [] }) => fields),
      ...Object.values(managed).flatMap(({ fields = [] }) => fields),
      ...Object.values(methods).flatMap(({ params = [] }) => params),
    ];
    const wires = new Set([
      ...rows.map(([, wire]) => wire),
      ...Object.values(methods).flatMap(({ result }) => result?.[0] ?? []),
    ]);
    expect([...wires].filter((wire) => !known(wire))).toEqual([]);
  });

  test('derives every type from one that it defines, and puts every method on a managed type', () => {
    const bases = [
      ...Object.values(types).map(({ base }) => base),
      ...Object.values(methods).flatMap(({ faults = [] }) => faults),
    ];
    expect(bases.filter((base) => base !== undefined && !(base in types))).toEqual([]);
    expect(Object.values(methods).filter(({ on }) => !(on in managed))).toEqual([]);
  });

  test('keeps privileges, faults and releases of methods', () => {
    expect(schema.method('PowerOnVM_Task')).toMatchObject({
      on: 'VirtualMachine',
      since: '2.0',
      privilege: 'VirtualMachine.Interact.PowerOn',
      faults: expect.arrayContaining(['TaskInProgress', 'InsufficientResourcesFault']),
    });
  });

  test('marks passwords', () => {
    expect(schema.types.get('NamePasswordAuthentication')?.fields.get('password')?.secret).toBe(true);
  });
});

describe('a type', () => {
  test('has the fields of its bases first, in wire order', () => {
    const names = [...(schema.types.get('VirtualVmxnet3')?.fields.keys() ?? [])];
    expect(names.slice(0, 3)).toEqual(['key', 'deviceInfo', 'backing']);
    expect(names.indexOf('unitNumber')).toBeLessThan(names.indexOf('addressType'));
    expect(names.indexOf('addressType')).toBeLessThan(names.indexOf('uptv2Enabled'));
  });

  test('is one of its ancestors, and nothing else', () => {
    expect(schema.isA('VirtualVmxnet3', 'VirtualDevice')).toBe(true);
    expect(schema.isA('VirtualDisk', 'VirtualEthernetCard')).toBe(false);
    expect(schema.isA('NoSuchType', 'VirtualDevice')).toBe(false);
  });

  test('tells its base', () => {
    expect(baseOf('InvalidPowerState')).toBe('InvalidState');
    expect(baseOf('MethodFault')).toBeUndefined();
    expect(baseOf('NoSuchFault')).toBeUndefined();
  });

  test('which no managed type of the table contradicts may be any managed type', () => {
    expect(schema.mayBeA('VirtualMachine', 'ManagedEntity')).toBe(true);
    expect(schema.mayBeA('VirtualApp', 'ResourcePool')).toBe(true);
    expect(schema.mayBeA('HostSystem', 'VirtualMachine')).toBe(false);
    expect(schema.mayBeA('TypeOfTheFuture', 'VirtualMachine')).toBe(true);
  });
});

describe('an xsi:type', () => {
  test.each([
    ['xsd:string', KIND.string],
    ['xsd:long', KIND.integer],
    ['xsd:dateTime', KIND.date],
    ['VirtualMachinePowerState', KIND.string],
    ['ManagedObjectReference', KIND.moRef],
    ['vim25:VirtualDisk', KIND.object],
    ['ArrayOfString', KIND.array],
    ['ArrayOfNothingWeKnow', KIND.unknown],
    ['NothingWeKnow', KIND.unknown],
    ['toString', KIND.unknown],
  ])('%s is found', (name, kind) => {
    expect(schema.xsiType(name).kind).toBe(kind);
  });

  test.each([
    ['ArrayOfInt', 'int'],
    ['ArrayOfAnyType', 'anyType'],
    ['ArrayOfManagedObjectReference', 'ManagedObjectReference'],
    ['ArrayOfVirtualDevice', 'VirtualDevice'],
    ['ArrayOfManagedEntityStatus', 'ManagedEntityStatus'],
  ])('%s holds elements named %s', (array, item) => {
    expect(schema.itemOf(array)?.name).toBe(item);
  });
});
