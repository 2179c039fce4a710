/** Stored customization specifications as the gateway shows them: never with a password, key or script. */
import type { z } from 'zod';
import type {
  AnyCustomizationIdentitySettings,
  AnyCustomizationName,
  CustomizationAdapterMapping,
  CustomizationSpecInfo,
  CustomizationSpecItem,
} from '../../vsphere/vim25/types.ts';
import type { SpecDetail, SpecRow } from './shapes.ts';

type Detail = z.output<typeof SpecDetail>;

/** A row of `customization.list`. */
export function specRow(vcenter: string, info: CustomizationSpecInfo): z.output<typeof SpecRow> {
  const { name, description, type, changeVersion, lastUpdateTime } = info;
  return {
    name,
    vcenter,
    description: description.slice(0, 4096),
    type,
    change_version: changeVersion ?? null,
    updated_at: lastUpdateTime?.toISOString() ?? null,
  };
}

function hostnameOf(name: AnyCustomizationName | undefined): Pick<Detail, 'hostname' | 'hostname_from'> {
  switch (name?.$type) {
    case 'CustomizationFixedName':
      return { hostname: name.name, hostname_from: 'fixed' };
    case 'CustomizationPrefixName':
      return { hostname: name.base, hostname_from: 'prefix' };
    case 'CustomizationVirtualMachineName':
      return { hostname: null, hostname_from: 'vm_name' };
    case 'CustomizationUnknownName':
      return { hostname: null, hostname_from: 'prompt' };
    default:
      return { hostname: null, hostname_from: 'custom' };
  }
}

type Identity = Pick<Detail, 'identity' | 'hostname' | 'hostname_from' | 'domain' | 'time_zone' | 'has_secrets'>;

function identityOf(identity: AnyCustomizationIdentitySettings): Identity {
  switch (identity.$type) {
    case 'CustomizationLinuxPrep':
      return {
        identity: 'linux_prep',
        ...hostnameOf(identity.hostName),
        domain: identity.domain,
        time_zone: identity.timeZone ?? null,
        has_secrets: identity.password !== undefined || identity.scriptText !== undefined,
      };
    case 'CustomizationSysprep': {
      const { guiUnattended, userData, identification } = identity;
      return {
        identity: 'sysprep',
        ...hostnameOf(userData.computerName),
        domain: identification.joinDomain || identification.joinWorkgroup || null,
        time_zone: String(guiUnattended.timeZone),
        has_secrets: guiUnattended.password !== undefined || identification.domainAdminPassword !== undefined,
      };
    }
    default: {
      const known = identity.$type === 'CustomizationCloudinitPrep' ? 'cloud_init' : 'other';
      return { identity: known, ...hostnameOf(undefined), domain: null, time_zone: null, has_secrets: true };
    }
  }
}

const MODES: Readonly<Record<string, string>> = {
  CustomizationDhcpIpGenerator: 'dhcp',
  CustomizationFixedIp: 'static',
  CustomizationUnknownIpGenerator: 'prompt',
  CustomizationCustomIpGenerator: 'custom',
  CustomizationDisableIpV4: 'none',
};

function nicOf({ macAddress, adapter }: CustomizationAdapterMapping): Detail['nics'][number] {
  const { ip, subnetMask, gateway, dnsServerList } = adapter;
  return {
    ipv4: MODES[ip.$type ?? ''] ?? 'custom',
    address: ip.$type === 'CustomizationFixedIp' ? ip.ipAddress : null,
    subnet_mask: subnetMask || null,
    gateways: gateway ?? [],
    dns_servers: dnsServerList ?? [],
    mac: macAddress || null,
  };
}

/** The answer of `customization.get`. */
export function specDetail(vcenter: string, { info, spec }: CustomizationSpecItem): Detail {
  return {
    ...specRow(vcenter, info),
    ...identityOf(spec.identity),
    dns_servers: spec.globalIPSettings.dnsServerList ?? [],
    dns_suffixes: spec.globalIPSettings.dnsSuffixList ?? [],
    nics: (spec.nicSettingMap ?? []).map(nicOf),
  };
}
