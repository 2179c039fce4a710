/** What a vCenter or an ESXi host can do, read off the managers that its ServiceContent has or lacks. */
import type { ServiceContent } from './vim25/types.ts';

const MANAGERS = {
  alarms: 'alarmManager',
  certificates: 'certificateManager',
  custom_fields: 'customFieldsManager',
  customization: 'customizationSpecManager',
  datastore_clusters: 'storageResourceManager',
  distributed_switches: 'dvSwitchManager',
  events: 'eventManager',
  extensions: 'extensionManager',
  files: 'fileManager',
  guest_operations: 'guestOperationsManager',
  host_profiles: 'hostProfileManager',
  ip_pools: 'ipPoolManager',
  licenses: 'licenseManager',
  ovf: 'ovfManager',
  performance: 'perfManager',
  provisioning_checks: 'vmProvisioningChecker',
  scheduled_tasks: 'scheduledTaskManager',
  search: 'searchIndex',
  tasks: 'taskManager',
  virtual_disks: 'virtualDiskManager',
} as const satisfies Record<string, keyof ServiceContent>;

/** One of the features that only some vSphere servers have. */
export type Feature = keyof typeof MANAGERS;

/** Published per target, hence snake_case. What a feature's manager is absent for is `not_supported` before any SOAP call. */
export interface Capabilities extends Readonly<Record<Feature, boolean>> {
  /** False for a bare ESXi host: no clusters, no clone, no vMotion, no tags. */
  readonly is_vcenter: boolean;
  /** about.apiVersion, e.g. `8.0.3.0`. */
  readonly api_version: string;
}

export function capabilitiesOf(content: ServiceContent): Capabilities {
  const features = Object.entries(MANAGERS).map(([feature, manager]) => [feature, content[manager] !== undefined]);
  return Object.freeze({
    // fromEntries forgets which keys it was given.
    ...(Object.fromEntries(features) as Record<Feature, boolean>),
    is_vcenter: content.about.apiType === 'VirtualCenter',
    api_version: content.about.apiVersion,
  });
}
