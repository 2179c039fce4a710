/** Customizations as requests write them, as vSphere takes them and as they are shown. */
import { describe, expect, it } from 'vitest';
import { type Inline, InlineCustomization } from '../../src/operations/customization/shapes.ts';
import { overridden, specOf } from '../../src/operations/customization/spec.ts';
import { withoutSecrets } from '../../src/operations/customization/stored.ts';
import { specDetail } from '../../src/operations/customization/view.ts';
import { encodeCall } from '../../src/vsphere/encode.ts';
import { vimSchema } from '../../src/vsphere/schema.ts';
import { xsdFault } from '../support/xsd.ts';

const inline = (input: unknown): Inline => InlineCustomization.parse(input);
const self = { $type: 'VirtualMachine', value: 'vm-1' };
const isTaken = (spec: ReturnType<typeof specOf>) =>
  xsdFault(encodeCall(vimSchema(), 'CustomizeVM_Task', self, { spec })) === undefined;

const linux = inline({
  hostname: 'web-01',
  domain: 'example.com',
  dns_servers: ['10.0.0.53', 'fd00::53'],
  dns_suffixes: ['example.com'],
  nics: [{ ipv4: { address: '10.0.0.7', prefix: 20, gateway: '10.0.0.1' }, mac: '00:50:56:00:00:01' }],
  linux: { time_zone: 'Europe/Berlin', utc_clock: true, script: 'secret-script' },
});
const windows = inline({
  windows: {
    full_name: 'Ops',
    organization: 'Example',
    admin_password: 'secret-admin',
    product_key: 'secret-key',
    domain_join: { domain: 'corp.example.com', user: 'joiner', domain_password: 'secret-join' },
    run_once: ['net user x secret-run'],
    auto_logon_count: 2,
  },
});

describe('a customization', () => {
  it('of Linux with a static address has its subnet mask, and DHCP for adapters that are left out', () => {
    const spec = specOf(linux, 3);
    expect(isTaken(spec)).toBe(true);
    expect(spec.identity).toMatchObject({ $type: 'CustomizationLinuxPrep', hostName: { name: 'web-01' } });
    expect(spec.nicSettingMap).toMatchObject([
      {
        macAddress: '00:50:56:00:00:01',
        adapter: { ip: { ipAddress: '10.0.0.7' }, subnetMask: '255.255.240.0', gateway: ['10.0.0.1'] },
      },
      { adapter: { ip: { $type: 'CustomizationDhcpIpGenerator' } } },
      { adapter: { ip: { $type: 'CustomizationDhcpIpGenerator' } } },
    ]);
  });

  it.each([
    [1, '128.0.0.0'],
    [24, '255.255.255.0'],
    [32, '255.255.255.255'],
  ])('with %d bits of network has the mask %s', (prefix, mask) => {
    const spec = specOf(inline({ nics: [{ ipv4: { address: '10.0.0.7', prefix } }] }), undefined);
    expect(spec.nicSettingMap?.[0]?.adapter.subnetMask).toBe(mask);
  });

  it('of Windows takes its name from the VM and joins a domain', () => {
    const spec = specOf(windows, 1);
    expect(isTaken(spec)).toBe(true);
    expect(spec).toMatchObject({
      options: { changeSID: true },
      identity: {
        guiUnattended: { password: { value: 'secret-admin', plainText: true }, autoLogon: true, autoLogonCount: 2 },
        userData: { computerName: { $type: 'CustomizationVirtualMachineName' } },
        identification: { joinDomain: 'corp.example.com', domainAdmin: 'joiner' },
      },
    });
    expect(specOf(inline({ windows: { full_name: 'a', organization: 'b' } }), 1).identity).toMatchObject({
      identification: { joinWorkgroup: 'WORKGROUP' },
    });
  });

  it('has no more adapters than the VM, and one identity', () => {
    expect(() => specOf(linux, 0)).toThrow('has 0 network adapters');
    expect(() => specOf({ ...windows, linux: {} }, 1)).toThrow('either linux or windows');
  });

  it('over a stored one replaces only what is said', () => {
    const stored = specOf(windows, undefined);
    const spec = overridden(stored, inline({ hostname: 'db-01', nics: [{ ipv4: 'dhcp' }] }), 1);
    expect(spec.identity).toMatchObject({
      guiUnattended: { password: { value: 'secret-admin' } },
      userData: { computerName: { name: 'db-01' }, orgName: 'Example' },
    });
    expect(spec.nicSettingMap).toHaveLength(1);
    expect(stored.nicSettingMap).toHaveLength(0);
    expect(() => overridden(stored, windows, 1)).toThrow('over a base');
  });

  it('is shown without any secret', () => {
    for (const spec of [specOf(linux, 1), specOf(windows, 1)]) {
      expect(JSON.stringify(spec)).toContain('secret-');
      expect(JSON.stringify(withoutSecrets({ spec }))).not.toContain('secret-');
      const info = { name: 'n', description: '', type: 'Linux' };
      const shown = specDetail('lab', { info, spec });
      expect(JSON.stringify(shown)).not.toContain('secret-');
      expect(shown.has_secrets).toBe(true);
    }
  });
});
