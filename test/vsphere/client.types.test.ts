import { expectTypeOf, test } from 'vitest';
import type { VimClient } from '../../src/vsphere/client.ts';
import type {
  AnyVirtualDevice,
  ManagedProperties,
  MoRef,
  UserSession,
  VimMethods,
  VirtualDisk,
  VirtualMachineConfigSpec,
} from '../../src/vsphere/vim25/types.ts';

// Nothing here runs: the compiler is the test.
const unrun = (_check: (client: VimClient, vm: MoRef) => void): void => {};

test('the arguments of a method are checked', () => {
  unrun((client, vm) => {
    void client.call('PowerOnVM_Task', vm, {});
    void client.call('PowerOnVM_Task', vm, { host: { $type: 'HostSystem', value: 'host-1' } });
    // @ts-expect-error there is no such method
    void client.call('PowerOn', vm, {});
    // @ts-expect-error a host is no string
    void client.call('PowerOnVM_Task', vm, { host: 'host-1' });
    // @ts-expect-error a host is no VM
    void client.call('PowerOnVM_Task', vm, { host: { $type: 'VirtualMachine', value: 'vm-1' } });
    // @ts-expect-error a misspelt argument
    void client.call('PowerOnVM_Task', vm, { hosts: undefined });
    // @ts-expect-error a missing argument
    void client.call('ReconfigVM_Task', vm, {});
    // @ts-expect-error a method without arguments
    void client.call('Logout', vm, { key: 'k' });
  });
});

test('what a method returns is known', () => {
  unrun((client, vm) => {
    expectTypeOf(client.call('PowerOnVM_Task', vm, {})).resolves.toEqualTypeOf<MoRef<'Task'>>();
    expectTypeOf(client.call('Login', vm, { userName: 'u', password: 'p' })).resolves.toEqualTypeOf<UserSession>();
    expectTypeOf(client.call('Logout', vm, {})).resolves.toEqualTypeOf<void>();
    expectTypeOf(client.call('CurrentTime', vm, {})).resolves.toEqualTypeOf<Date>();
  });
  expectTypeOf<VimMethods['CloneVM_Task']['task']>().toEqualTypeOf<MoRef<'VirtualMachine'> | undefined>();
  expectTypeOf<VimMethods['FindAllByUuid']['result']>().toEqualTypeOf<VimMethods['FindAllByIp']['result']>();
});

test('a reference to a base takes one to any of its descendants, and no other', () => {
  expectTypeOf<MoRef<'VirtualApp'>>().toExtend<
    VimMethods['CloneVM_Task']['args']['spec']['location']['pool'] & object
  >();
  expectTypeOf<MoRef<'HostSystem'>>().not.toExtend<
    VimMethods['CloneVM_Task']['args']['spec']['location']['pool'] & object
  >();
});

test('a device is told by its $type, and a misspelt field of it is seen', () => {
  expectTypeOf<Extract<AnyVirtualDevice, { $type: 'VirtualDisk' }>>().toEqualTypeOf<VirtualDisk>();
  unrun(() => {
    const spec: VirtualMachineConfigSpec = {
      deviceChange: [{ operation: 'add', device: { $type: 'VirtualDisk', key: -1, capacityInKB: 1 } }],
    };
    // @ts-expect-error capacityInMB is no field of a disk
    const disk: AnyVirtualDevice = { $type: 'VirtualDisk', key: -1, capacityInKB: 1, capacityInMB: 1 };
    // @ts-expect-error there is no such device
    const tape: AnyVirtualDevice = { $type: 'VirtualTape', key: -1 };
    // @ts-expect-error no value of the enum
    spec.deviceChange = [{ operation: 'replace', device: disk }, { device: tape }];
  });
});

test('properties of managed objects are typed, inherited ones too', () => {
  expectTypeOf<ManagedProperties['VirtualMachine']['name']>().toEqualTypeOf<string>();
  expectTypeOf<ManagedProperties['VirtualMachine']['runtime']['powerState']>().toEqualTypeOf<
    'poweredOff' | 'poweredOn' | 'suspended'
  >();
});
