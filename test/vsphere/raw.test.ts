/** Raw values as JSON, secrets withheld, and arguments of any method from JSON. */
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import { prepareCall } from '../../src/vsphere/raw.ts';
import { argumentsToJson, propertyToJson, resultToJson } from '../../src/vsphere/raw-json.ts';
import { vimSchema } from '../../src/vsphere/schema.ts';

const method = (name: string) => vimSchema().methods.get(name)!;
const vm = (path: string, value: unknown) => propertyToJson('lab', 'VirtualMachine', path, value);

describe('values as JSON', () => {
  it('have references as ids, times as RFC 3339 and types named', () => {
    expect(vm('runtime.host', { $type: 'HostSystem', value: 'host-1' })).toEqual({
      id: 'lab:host-1',
      type: 'HostSystem',
    });
    expect(vm('runtime.bootTime', new Date(0))).toBe('1970-01-01T00:00:00.000Z');
    const cdrom = { $type: 'VirtualCdrom', key: 1, backing: { $type: 'VirtualCdromIsoBackingInfo', fileName: 'x' } };
    expect(vm('config.hardware.device', [cdrom])).toEqual([cdrom]);
  });

  it('keep an object that looks like a reference but has a type of data', () => {
    expect(vm('config.extraConfig', [{ $type: 'OptionValue', value: 'x' }])).toEqual([
      { $type: 'OptionValue', value: 'x' },
    ]);
  });

  it('name numbers that JSON lacks', () => {
    expect(vm('summary.quickStats', { a: Number.NaN, b: 1 })).toEqual({ a: 'NaN', b: 1 });
  });

  it('withhold what the type table marks as secret, in objects that bear no type', () => {
    const identity = { $type: 'CustomizationSysprep', guiUnattended: { password: { value: 'hush', plainText: true } } };
    const item = { spec: { identity } };
    expect(JSON.stringify(resultToJson('lab', method('GetCustomizationSpec'), item))).not.toContain('hush');
    expect(vm('config.vAppConfig.property', [{ key: 1, id: 'a', value: 'hush', defaultValue: 'hush' }])).toEqual([
      { key: 1, id: 'a', value: '[redacted]', defaultValue: '[redacted]' },
    ]);
  });

  it('withhold a secret that a path leads to, through types that only derived ones have', () => {
    expect(propertyToJson('lab', 'SessionManager', 'currentSession.key', 'hush')).toBe('[redacted]');
    expect(vm('config.vAppConfig.property[1].value', 'hush')).toBe('[redacted]');
    expect(vm('config.hardware.device[4000].backing.fileName', '[ds] a.vmdk')).toBe('[ds] a.vmdk');
  });

  it('withhold keys of sessions, addresses with tickets, and what names itself a password', () => {
    const session = { key: 'hush', userName: 'alice' };
    expect(propertyToJson('lab', 'SessionManager', 'sessionList', [session])).toEqual([
      { key: '[redacted]', userName: 'alice' },
    ]);
    expect(propertyToJson('lab', 'HttpNfcLease', 'info.deviceUrl', [{ key: '1', url: 'hush' }])).toEqual([
      { key: '1', url: '[redacted]' },
    ]);
    expect(vm('config.colour', { newPassword: 'hush', apiToken: ['hush'], passwordAge: 3 })).toEqual({
      newPassword: '[redacted]',
      apiToken: ['[redacted]'],
      passwordAge: 3,
    });
  });

  it('withhold options by their key, asked for as a list, one by one or by value', () => {
    const options = [
      { key: 'guestinfo.userdata', value: 'hush' },
      { key: 'guestinfo.role', value: 'web' },
    ];
    const kept = [{ key: 'guestinfo.userdata', value: '[redacted]' }, options[1]];
    expect(vm('config.extraConfig', options)).toEqual(kept);
    expect(vm('config.extraConfig["guestinfo.userdata"]', options[0])).toEqual(kept[0]);
    expect(vm('config.extraConfig["guestinfo.userdata"].value', 'hush')).toBe('[redacted]');
    expect(vm('config.extraConfig["guestinfo.role"].value', 'web')).toBe('web');
  });

  it('withhold the passwords of arguments', () => {
    const spec = { hostName: 'esx-1', userName: 'root', password: 'hush', force: false };
    const shown = argumentsToJson('lab', method('AddStandaloneHost_Task'), { spec, addConnected: true });
    expect(shown).toEqual({ spec: { ...spec, password: '[redacted]' }, addConnected: true });
  });
});

describe('a raw call', () => {
  const self = { $type: 'VirtualMachine', value: 'vm-1' };
  const refer = (id: string, declared: string) => {
    if (!id.startsWith('lab:')) throw new Error("an id of 'lab' is needed");
    return { $type: declared, value: id.slice(4) };
  };
  const prepare = (name: string, args: Record<string, unknown>, on = self) => prepareCall('lab', on, name, args, refer);

  function refusal(run: () => unknown): { detail: string; pointer: string } {
    try {
      run();
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'invalid_input')
        return { detail: error.message, pointer: error.extras.errors?.[0]?.pointer ?? '' };
      throw error;
    }
    throw new Error('it was accepted');
  }

  it('takes references as ids, as the gateway gives them out and as vSphere writes them', () => {
    const host = { $type: 'HostSystem', value: 'host-2' };
    for (const given of [
      'lab:host-2',
      { id: 'lab:host-2' },
      { id: 'lab:host-2', type: 'HostSystem' },
      { type: 'HostSystem', value: 'host-2' },
      host,
    ])
      expect(prepare('PowerOnVM_Task', { host: given }).args).toEqual({ host });
  });

  it('takes references, times and typed objects where the schema says anything may stand', () => {
    const option = (value: unknown) =>
      prepare('ReconfigVM_Task', { spec: { extraConfig: [{ key: 'k', value }] } }).args['spec'] as object;
    expect(option({ id: 'lab:vm-2', type: 'VirtualMachine' })).toMatchObject({
      extraConfig: [{ value: { $type: 'VirtualMachine', value: 'vm-2' } }],
    });
    expect(option({ $type: 'xsd:dateTime', value: '2026-01-01T00:00:00Z' })).toMatchObject({
      extraConfig: [{ value: { value: new Date('2026-01-01T00:00:00Z') } }],
    });
  });

  it.each([
    ['an unknown argument', { spec: {}, colour: 1 }, '/arguments/colour'],
    ['an unknown field deep down', { spec: { cpuAllocation: { colour: 1 } } }, '/arguments/spec/cpuAllocation/colour'],
    ['a wrong type', { spec: { numCPUs: 'two' } }, '/arguments/spec/numCPUs'],
    ['an unknown word', { spec: { firmware: 5 } }, '/arguments/spec/firmware'],
    [
      'a type that is none',
      { spec: { deviceChange: [{ device: { $type: 'Door', key: 1 } }] } },
      '/arguments/spec/deviceChange/0/device',
    ],
    ['a time that is none', { spec: { createDate: 'yesterday' } }, '/arguments/spec/createDate'],
    ['control characters', { spec: { annotation: 'a\u0000' } }, '/arguments/spec/annotation'],
    ['nothing at all', {}, '/arguments/spec'],
    ['a prototype', { spec: {}, ['__proto__']: {} }, '/arguments/__proto__'],
  ])('with %s is refused and points at the field', (_what, args, pointer) => {
    expect(refusal(() => prepare('ReconfigVM_Task', args)).pointer).toBe(pointer);
  });

  it('with a reference of another vCenter, or to an object of the wrong type, is refused', () => {
    expect(refusal(() => prepare('PowerOnVM_Task', { host: 'other:host-1' }))).toEqual({
      pointer: '/arguments/host',
      detail: "'arguments/host' does not fit PowerOnVM_Task: an id of 'lab' is needed.",
    });
    const folder = { type: 'Folder', value: 'group-v1' };
    expect(refusal(() => prepare('PowerOnVM_Task', { host: folder })).pointer).toBe('/arguments/host');
  });

  it('on an object that lacks the method, or that is unknown, is refused with what there is', () => {
    expect(refusal(() => prepare('EnterMaintenanceMode_Task', { timeout: 0 })).pointer).toBe('/object');
    expect(refusal(() => prepare('PowerOn', {})).detail).toContain('PowerOnVM_Task');
  });

  it('that is nested without end is refused before the stack is', () => {
    let value: unknown = 1;
    for (let depth = 0; depth < 50_000; depth++) value = [value];
    const args = { spec: { extraConfig: [{ key: 'k', value }] } };
    expect(refusal(() => prepare('ReconfigVM_Task', args)).detail).toContain('nested deeper');
  });

  it.each([
    'Login',
    'LoginByToken',
    'Logout',
    'TerminateSession',
    'CloneSession',
    'AcquireCloneTicket',
    'AcquireGenericServiceTicket',
    'SetLocale',
    'SessionIsActive',
    'AcquireTicket',
    'AcquireMksTicket',
    'AcquireCimServicesTicket',
    'AcquireCredentialsInGuest',
    'ValidateCredentialsInGuest',
    'RetrievePropertiesEx',
    'WaitForUpdatesEx',
    'CreateFilter',
    'DestroyPropertyFilter',
    'CreateContainerView',
    'DestroyView',
  ])('of %s is refused whatever its object and arguments', (name) => {
    const on = { $type: method(name).on, value: 'x' };
    expect(refusal(() => prepare(name, {}, on)).pointer).toBe('/method');
  });
});
