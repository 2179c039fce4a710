/** From a customization as a request writes it to vSphere's CustomizationSpec. */
import { GatewayError } from '../../errors.ts';
import type { CustomizationAdapterMapping, CustomizationSpec } from '../../vsphere/vim25/types.ts';
import { linuxPrep, nameOf, sysprep } from './identity.ts';
import type { Inline } from './shapes.ts';

type Nic = NonNullable<Inline['nics']>[number];

const DHCP: CustomizationAdapterMapping = { adapter: { ip: { $type: 'CustomizationDhcpIpGenerator' } } };

/** 24 → 255.255.255.0 */
function subnetMask(prefix: number): string {
  const bits = (0xffffffff << (32 - prefix)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
}

function adapterOf({ ipv4, dns_servers, dns_domain, mac }: Nic): CustomizationAdapterMapping {
  const own = {
    ...(dns_servers === undefined ? {} : { dnsServerList: dns_servers }),
    ...(dns_domain === undefined ? {} : { dnsDomain: dns_domain }),
  };
  const address: CustomizationAdapterMapping['adapter'] =
    ipv4 === 'dhcp'
      ? { ip: { $type: 'CustomizationDhcpIpGenerator' } }
      : {
          ip: { $type: 'CustomizationFixedIp', ipAddress: ipv4.address },
          subnetMask: subnetMask(ipv4.prefix),
          ...(ipv4.gateway === undefined ? {} : { gateway: [ipv4.gateway] }),
        };
  return { ...(mac === undefined ? {} : { macAddress: mac }), adapter: { ...address, ...own } };
}

/** vSphere wants a mapping for each adapter. @param count adapters of the VM; undefined for a stored specification. */
function mappings(nics: readonly Nic[], count: number | undefined): CustomizationAdapterMapping[] {
  if (count !== undefined && nics.length > count) {
    const detail = `The VM has ${count} network adapters; customization.nics has ${nics.length}.`;
    throw new GatewayError('invalid_input', detail, {
      errors: [{ pointer: '/customization/nics', message: `At most ${count}` }],
    });
  }
  return [
    ...nics.map(adapterOf),
    ...Array<CustomizationAdapterMapping>((count ?? nics.length) - nics.length).fill(DHCP),
  ];
}

/**
 * The specification that a request writes out.
 * @param nicCount network adapters of the VM it is for; undefined for a specification to be stored.
 * @throws GatewayError `invalid_input` for two identities at once, or more adapters than the VM has.
 */
export function specOf(inline: Inline, nicCount: number | undefined): CustomizationSpec {
  const { hostname, dns_servers, dns_suffixes, nics = [], linux, windows } = inline;
  if (linux !== undefined && windows !== undefined)
    throw new GatewayError('invalid_input', 'A guest is either linux or windows; give one of the two.');
  return {
    options:
      windows === undefined
        ? { $type: 'CustomizationLinuxOptions' }
        : { $type: 'CustomizationWinOptions', changeSID: windows.new_sid, deleteAccounts: false, reboot: 'reboot' },
    identity: windows === undefined ? linuxPrep(inline) : sysprep(hostname, windows),
    globalIPSettings: {
      ...(dns_suffixes === undefined ? {} : { dnsSuffixList: dns_suffixes }),
      ...(dns_servers === undefined ? {} : { dnsServerList: dns_servers }),
    },
    nicSettingMap: mappings(nics, nicCount),
  };
}

/** A stored specification with what a request says in place of its parts. Its identity stays Linux or Windows. */
export function overridden(stored: CustomizationSpec, inline: Inline, nicCount: number): CustomizationSpec {
  const { hostname, domain, dns_servers, dns_suffixes, nics, linux, windows } = inline;
  if (linux !== undefined || windows !== undefined)
    throw new GatewayError('invalid_input', 'linux and windows cannot be changed over a base; leave them or base out.');
  const { identity, globalIPSettings } = stored;
  const changed = { ...identity };
  if (hostname !== undefined && changed.$type === 'CustomizationSysprep')
    changed.userData = { ...changed.userData, computerName: nameOf(hostname) };
  if (hostname !== undefined && changed.$type === 'CustomizationLinuxPrep') changed.hostName = nameOf(hostname);
  if (domain !== undefined && changed.$type === 'CustomizationLinuxPrep') changed.domain = domain;
  return {
    ...stored,
    identity: changed,
    globalIPSettings: {
      ...globalIPSettings,
      ...(dns_suffixes === undefined ? {} : { dnsSuffixList: dns_suffixes }),
      ...(dns_servers === undefined ? {} : { dnsServerList: dns_servers }),
    },
    ...(nics === undefined ? {} : { nicSettingMap: mappings(nics, nicCount) }),
  };
}
