/** Customization specifications that vCenter stores, what a request makes of them, and how they are shown without secrets. */
import type { Context } from '../../context.ts';
import { GatewayError } from '../../errors.ts';
import { toId, type VmRecord } from '../../live/model.ts';
import type {
  AnyVirtualDevice,
  CustomizationSpec,
  CustomizationSpecInfo,
  CustomizationSpecItem,
  MoRef,
} from '../../vsphere/vim25/types.ts';
import { targetOf } from '../start-task.ts';
import type { CustomizationChoice } from './shapes.ts';
import { overridden, specOf } from './spec.ts';

/** How the id of a specification begins, behind that of its vCenter: vSphere itself knows them by name only. */
const ID_PREFIX = 'customization-';

export const specId = (vcenter: string, name: string): string => toId(vcenter, ID_PREFIX + name);

/** @throws GatewayError `not_supported` where there is no vCenter. */
export async function managerOf(context: Context, vcenter: string): Promise<MoRef<'CustomizationSpecManager'>> {
  const session = targetOf(context, vcenter).session('requests');
  const { customizationSpecManager } = (await session.ready(context.signal)).content;
  if (customizationSpecManager !== undefined) return customizationSpecManager;
  throw new GatewayError('not_supported', `'${vcenter}' stores no customization specifications: only a vCenter does.`);
}

/** What CustomizationSpecManager.info says of all that are stored. */
export async function storedInfos(context: Context, vcenter: string): Promise<CustomizationSpecInfo[]> {
  const manager = await managerOf(context, vcenter);
  const session = targetOf(context, vcenter).session('requests');
  const { info } = await session.read(manager, ['info'], { signal: context.signal });
  return (info ?? []) as CustomizationSpecInfo[]; // the type of that property
}

/** @throws GatewayError `not_found` with the names that there are. */
export async function storedSpec(context: Context, vcenter: string, name: string): Promise<CustomizationSpecItem> {
  const infos = await storedInfos(context, vcenter);
  if (!infos.some((info) => info.name === name)) {
    const names = infos.map((info) => `'${info.name}'`).join(', ');
    throw new GatewayError(
      'not_found',
      `'${vcenter}' has no customization specification '${name}'; it has ${names || 'none'}.`,
    );
  }
  const manager = await managerOf(context, vcenter);
  const session = targetOf(context, vcenter).session('requests');
  return session.call('GetCustomizationSpec', manager, { name }, { signal: context.signal });
}

/** Network adapters of a VM (config.hardware.device). */
async function nicCount(context: Context, vm: VmRecord): Promise<number> {
  const session = targetOf(context, vm.vcenter).session('requests');
  const self = { $type: 'VirtualMachine', value: vm.moref };
  const { 'config.hardware.device': devices } = await session.read(self, ['config.hardware.device'], {
    signal: context.signal,
  });
  // Only network adapters have a MAC address.
  return ((devices ?? []) as AnyVirtualDevice[]).filter((device) => 'macAddress' in device).length;
}

/**
 * The specification that a request chooses for a VM, or for a clone of it.
 * @throws GatewayError `not_found`, `invalid_input`
 */
export async function chosenSpec(
  context: Context,
  vm: VmRecord,
  choice: CustomizationChoice | undefined,
): Promise<CustomizationSpec | undefined> {
  if (choice === undefined) return undefined;
  if (typeof choice === 'string') return (await storedSpec(context, vm.vcenter, choice)).spec;
  const { base, ...inline } = choice;
  const count = await nicCount(context, vm);
  if (base === undefined) return specOf(inline, count);
  return overridden((await storedSpec(context, vm.vcenter, base)).spec, inline, count);
}

const SECRET = new Set([
  'password',
  'domainAdminPassword',
  'productId',
  'scriptText',
  'guiRunOnce',
  'metadata',
  'userdata',
  'encryptionKey',
]);

/** A specification, or anything that holds one, as it may be shown. */
export function withoutSecrets<T>(value: T): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      SECRET.has(key) && inner !== '' && inner !== undefined ? '[redacted]' : withoutSecrets(inner),
    ]),
  );
}
