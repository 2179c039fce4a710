/** Who the guest becomes: the identity of a CustomizationSpec, for Linux and for Windows. */
import type {
  AnyCustomizationName,
  CustomizationLinuxPrep,
  CustomizationPassword,
  CustomizationSysprep,
} from '../../vsphere/vim25/types.ts';
import type { Inline } from './shapes.ts';

/** Host name: the given one, else the VM's own name. */
export const nameOf = (hostname: string | undefined): AnyCustomizationName =>
  hostname === undefined
    ? { $type: 'CustomizationVirtualMachineName' }
    : { $type: 'CustomizationFixedName', name: hostname };

const password = (value: string): CustomizationPassword => ({ value, plainText: true });

/** Identity of a Linux guest. */
export function linuxPrep({ hostname, domain = 'localdomain', linux }: Inline): CustomizationLinuxPrep {
  const { time_zone, utc_clock, script } = linux ?? {};
  return {
    $type: 'CustomizationLinuxPrep',
    hostName: nameOf(hostname),
    domain,
    ...(time_zone === undefined ? {} : { timeZone: time_zone }),
    ...(utc_clock === undefined ? {} : { hwClockUTC: utc_clock }),
    ...(script === undefined ? {} : { scriptText: script }),
  };
}

/** Identity of a Windows guest. */
export function sysprep(hostname: string | undefined, windows: NonNullable<Inline['windows']>): CustomizationSysprep {
  const { admin_password, domain_join: join, workgroup = 'WORKGROUP', run_once, auto_logon_count } = windows;
  return {
    $type: 'CustomizationSysprep',
    guiUnattended: {
      ...(admin_password === undefined ? {} : { password: password(admin_password) }),
      timeZone: windows.time_zone,
      autoLogon: auto_logon_count > 0,
      autoLogonCount: auto_logon_count,
    },
    userData: {
      fullName: windows.full_name,
      orgName: windows.organization,
      computerName: nameOf(hostname),
      productId: windows.product_key ?? '',
    },
    ...(run_once === undefined ? {} : { guiRunOnce: { commandList: run_once } }),
    identification:
      join === undefined
        ? { joinWorkgroup: workgroup }
        : {
            joinDomain: join.domain,
            domainAdmin: join.user,
            domainAdminPassword: password(join.domain_password),
            ...(join.organizational_unit === undefined ? {} : { domainOU: join.organizational_unit }),
          },
  };
}
