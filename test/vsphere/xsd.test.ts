import { describe, expect, test } from 'vitest';
import { encodeCall } from '../../src/vsphere/encode.ts';
import { type Field, KIND, vimSchema } from '../../src/vsphere/schema.ts';
import type { MoRef, VimMethod, VimMethods } from '../../src/vsphere/vim25/types.ts';
import { xsdFault } from '../support/xsd.ts';

const schema = vimSchema();
const ref = <T extends string>(type: T, value = 'x-1'): MoRef<T> => ({ $type: type, value });

/** The same value with the keys of every object turned round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, each]) => [key, reversed(each)]),
  );
}

function faultOf<M extends VimMethod>(method: M, self: MoRef, args: VimMethods[M]['args']): string | undefined {
  return (
    xsdFault(encodeCall(schema, method, self, args)) ??
    xsdFault(encodeCall(schema, method, self, reversed(args) as object))
  );
}

test('libxml2 sees what is out of order, unknown, missing or of the wrong type', () => {
  const xml = encodeCall(schema, 'ReconfigVM_Task', ref('VirtualMachine'), { spec: { name: 'n', numCPUs: 2 } });
  expect(xsdFault(xml)).toBeUndefined();
  expect(xsdFault(xml.replace(/(<name>.*<\/name>)(<numCPUs>.*<\/numCPUs>)/, '$2$1'))).toContain('name');
  expect(xsdFault(xml.replace('<name>', '<nome>').replace('</name>', '</nome>'))).toContain('nome');
  expect(xsdFault(xml.replace('>2<', '>two<'))).toContain('two');
  expect(xsdFault(xml.replace(/<spec>.*<\/spec>/, ''))).toContain('spec');
});

describe('requests that a vCenter takes, keys in any order:', () => {
  test('a VM reconfigured: disk, network card, options of several types', () => {
    const spec = {
      memoryMB: 2048,
      deviceChange: [
        {
          operation: 'add' as const,
          fileOperation: 'create' as const,
          device: {
            $type: 'VirtualDisk' as const,
            key: -1,
            backing: {
              $type: 'VirtualDiskFlatVer2BackingInfo' as const,
              fileName: '',
              diskMode: 'persistent',
              thinProvisioned: true,
              datastore: ref('Datastore'),
            },
            controllerKey: 1000,
            unitNumber: 2,
            capacityInKB: 1024,
          },
        },
        {
          operation: 'add' as const,
          device: {
            $type: 'VirtualVmxnet3' as const,
            key: -2,
            addressType: 'generated',
            backing: {
              $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo' as const,
              port: { switchUuid: 'u', portgroupKey: 'dvportgroup-1' },
            },
          },
        },
      ],
      extraConfig: [
        { key: 'a', value: 'text' },
        { key: 'b', value: { $type: 'xsd:long', value: 1 } },
        { key: 'c', value: ['x', 'y'] },
        { key: 'd', value: [ref('Datastore')] },
      ],
    };
    expect(faultOf('ReconfigVM_Task', ref('VirtualMachine'), { spec })).toBeUndefined();
  });

  test('a VM customized', () => {
    const spec = {
      identity: {
        $type: 'CustomizationLinuxPrep' as const,
        hostName: { $type: 'CustomizationFixedName' as const, name: 'h' },
        domain: 'example.org',
        timeZone: 'UTC',
      },
      options: { $type: 'CustomizationLinuxOptions' as const },
      globalIPSettings: { dnsServerList: ['192.0.2.1'] },
      nicSettingMap: [
        {
          adapter: {
            ip: { $type: 'CustomizationFixedIp' as const, ipAddress: '192.0.2.5' },
            subnetMask: '255.255.255.0',
            gateway: ['192.0.2.1'],
          },
        },
      ],
    };
    expect(faultOf('CustomizeVM_Task', ref('VirtualMachine'), { spec })).toBeUndefined();
  });

  test('properties read through nested selections', () => {
    const specSet = [
      {
        propSet: [{ type: 'VirtualMachine', pathSet: ['name'] }],
        objectSet: [
          {
            obj: ref('Folder'),
            skip: false,
            selectSet: [
              {
                $type: 'TraversalSpec' as const,
                name: 'children',
                type: 'Folder',
                path: 'childEntity',
                selectSet: [{ $type: 'SelectionSpec' as const, name: 'children' }],
              },
            ],
          },
        ],
      },
    ];
    expect(
      faultOf('RetrievePropertiesEx', ref('PropertyCollector'), { specSet, options: { maxObjects: 5 } }),
    ).toBeUndefined();
  });
});

/** A value that fits a field, with everything optional down to a depth. */
function sample(field: Field, depth: number): unknown {
  const one = () => {
    switch (field.kind) {
      case KIND.integer:
      case KIND.float:
        return 7;
      case KIND.boolean:
        return true;
      case KIND.date:
        return new Date(0);
      case KIND.moRef:
        return ref(field.wire.slice('mo:'.length));
      case KIND.object:
        return sampleFields(field.type.fields, depth - 1);
      case KIND.string:
        return field.values === undefined ? 'AAAA' : [...field.values][0];
      default:
        return 'any';
    }
  };
  return field.array ? [one(), one()] : one();
}

function sampleFields(fields: ReadonlyMap<string, Field>, depth: number): object {
  const wanted = [...fields.values()].filter((field) => depth > 0 || !(field.optional || field.array));
  return Object.fromEntries(wanted.reverse().map((field) => [field.name, sample(field, depth)]));
}

test('every method, with every argument and two levels of every field, keys reversed, is valid', () => {
  const faults = [...schema.methods.values()].flatMap((method) => {
    const xml = encodeCall(schema, method.name as VimMethod, ref(method.on), sampleFields(method.params, 3));
    const fault = xsdFault(xml);
    return fault === undefined ? [] : [`${method.name}: ${fault.slice(0, 200)}`];
  });
  expect(faults).toEqual([]);
});
