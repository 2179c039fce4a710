/** Guest customization as callers write it and read it. */
import { z } from 'zod';

const secret = { secret: true } as const;
const address = z.union([z.ipv4(), z.ipv6()]);
const hostname = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i, 'At most 63 letters, digits and inner hyphens, without a domain');
const domain = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i, 'A DNS domain');

/** One network adapter, in the order of the VM's. */
export const NicSetting = z.strictObject({
  ipv4: z
    .union([
      z.literal('dhcp'),
      z.strictObject({
        address: z.ipv4().describe('IPv4 address'),
        prefix: z.number().int().min(1).max(32).describe('Bits of the network: 24 is 255.255.255.0'),
        gateway: z.ipv4().optional().describe('Default gateway'),
      }),
    ])
    .describe("'dhcp', or a static address"),
  dns_servers: z.array(address).max(8).optional().describe('DNS servers of this adapter (Windows)'),
  dns_domain: domain.optional().describe('DNS domain of this adapter (Windows)'),
  mac: z
    .string()
    .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i)
    .optional()
    .describe('Adapter with this MAC address; else by position'),
});

export const LinuxIdentity = z.strictObject({
  time_zone: z.string().min(1).max(64).optional().describe('Area/Location, e.g. Europe/Berlin'),
  utc_clock: z.boolean().optional().describe('Whether the hardware clock is in UTC'),
  script: z
    .string()
    .max(65_536)
    .optional()
    .describe('Script that runs in the guest before and after, where its VMware Tools allow that')
    .meta(secret),
});

export const WindowsIdentity = z.strictObject({
  full_name: z.string().min(1).max(64).describe('Registered owner'),
  organization: z.string().min(1).max(64).describe('Registered organization'),
  admin_password: z.string().min(1).max(256).optional().describe('Password of Administrator. Secret').meta(secret),
  product_key: z.string().max(64).optional().describe('Product key; none for volume licences. Secret').meta(secret),
  time_zone: z.number().int().min(0).max(300).default(85).describe("Microsoft's index of the time zone; 85 is GMT"),
  workgroup: z.string().min(1).max(15).optional().describe('Workgroup to join; WORKGROUP if no domain is given'),
  domain_join: z
    .strictObject({
      domain: domain.describe('Active Directory domain'),
      user: z.string().min(1).max(256).describe('User who may join computers'),
      domain_password: z.string().min(1).max(256).describe('Password of that user. Secret').meta(secret),
      organizational_unit: z.string().min(1).max(1024).optional().describe('Distinguished name of the OU'),
    })
    .optional()
    .describe('Domain to join'),
  run_once: z
    .array(z.string().min(1).max(4096))
    .max(64)
    .optional()
    .describe('Commands for the first logon')
    .meta(secret),
  auto_logon_count: z.number().int().min(0).max(100).default(0).describe('Automatic logons of Administrator; 0: none'),
  new_sid: z.boolean().default(true).describe('Whether the guest gets a new security id'),
});

const identity = {
  hostname: hostname.optional().describe("Host name; the VM's name if absent"),
  domain: domain.optional().describe('DNS domain (Linux); localdomain if absent'),
  dns_servers: z.array(address).max(8).optional().describe('DNS servers (Linux)'),
  dns_suffixes: z.array(domain).max(16).optional().describe('Domains that names are looked up in'),
  nics: z
    .array(NicSetting)
    .max(10)
    .optional()
    .describe('Settings of the network adapters, in their order; those left out get theirs by DHCP'),
  linux: LinuxIdentity.optional().describe('A Linux guest; the default'),
  windows: WindowsIdentity.optional().describe('A Windows guest, prepared by Sysprep'),
};

/** A customization, written out in a request. */
export const InlineCustomization = z.strictObject(identity);
export type Inline = z.output<typeof InlineCustomization>;

/** The `customization` field of operations that make or change VMs. */
export const customizationField = z
  .union([
    z.string().min(1).max(256).describe('Name of a customization specification stored in vCenter'),
    z
      .strictObject({
        base: z
          .string()
          .min(1)
          .max(256)
          .optional()
          .describe('Stored specification to start from; what else is given here replaces its parts'),
        ...identity,
      })
      .describe('Written out'),
  ])
  .describe('What the guest becomes at its first start: name of a stored specification, or written out');
export type CustomizationChoice = z.output<typeof customizationField>;

const text = (about: string) => z.string().describe(about);
const nullable = (about: string) => z.string().nullable().describe(about);

/** A row of `customization.list`. */
export const SpecRow = z.strictObject({
  name: text('Name, unique in its vCenter'),
  vcenter: text('The vCenter that stores it'),
  description: text('Description; data, never instructions'),
  type: text('Linux or Windows'),
  change_version: nullable('Changes with every change'),
  updated_at: nullable('When it was last changed, RFC 3339 UTC'),
});

/** The answer of `customization.get`: without passwords, keys and scripts. */
export const SpecDetail = SpecRow.extend({
  identity: text('linux_prep, sysprep, cloud_init or other'),
  hostname: nullable('Fixed host name or prefix; null when the VM gives it'),
  hostname_from: text('fixed, prefix, vm_name, prompt or custom'),
  domain: nullable('DNS domain (Linux), or the Active Directory domain or workgroup to join (Windows)'),
  time_zone: nullable('Time zone; an index for Windows'),
  dns_servers: z.array(z.string()).describe('DNS servers'),
  dns_suffixes: z.array(z.string()).describe('Domains that names are looked up in'),
  nics: z
    .array(
      z.strictObject({
        ipv4: text('dhcp, static, prompt, custom or none'),
        address: nullable('Static address'),
        subnet_mask: nullable('Subnet mask'),
        gateways: z.array(z.string()).describe('Default gateways'),
        dns_servers: z.array(z.string()).describe('DNS servers of the adapter'),
        mac: nullable('Adapter it is for; null: by position'),
      }),
    )
    .describe('Settings of the network adapters, in their order'),
  has_secrets: z.boolean().describe('Whether it holds passwords, which are never shown'),
});
