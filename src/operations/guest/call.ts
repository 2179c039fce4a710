/** Calls of the guest managers, and where these are. */
import { GatewayError } from '../../errors.ts';
import type { Target } from '../../vsphere/target.ts';
import type { MoRef, ServiceContent, VimMethod, VimMethods } from '../../vsphere/vim25/types.ts';

export interface Managers {
  GuestProcessManager: MoRef<'GuestProcessManager'>;
  GuestFileManager: MoRef<'GuestFileManager'>;
}

export type GuestMethod = { [M in VimMethod]: VimMethods[M]['self'] extends keyof Managers ? M : never }[VimMethod];
type Arguments<M extends GuestMethod> = M extends GuestMethod ? Omit<VimMethods[M]['args'], 'vm' | 'auth'> : never;

/** A call of one of the guest managers, without what all of them have in common. */
export interface GuestCall<M extends GuestMethod> {
  manager: keyof Managers;
  method: M;
  args: Arguments<M>;
}

/** A call of GuestProcessManager or GuestFileManager, by the manager that has the method. */
export function guestCall<M extends GuestMethod>(
  manager: VimMethods[M]['self'] & keyof Managers,
  method: M,
  args: Arguments<M>,
): GuestCall<M> {
  return { manager, method, args };
}

/** The managers are the same for a whole login. */
const known = new WeakMap<ServiceContent, Managers>();

/** @throws {GatewayError} not_supported */
export async function managersOf(target: Target): Promise<Managers> {
  const session = target.session('requests');
  const { content } = await session.ready();
  let managers = known.get(content);
  if (managers !== undefined) return managers;
  const unsupported = () =>
    new GatewayError('not_supported', `'${target.name}' offers no guest operations: it has no guest managers.`);
  if (content.guestOperationsManager === undefined) throw unsupported();
  const { processManager, fileManager } = await session.read(content.guestOperationsManager, [
    'processManager',
    'fileManager',
  ]);
  if (processManager === undefined || fileManager === undefined) throw unsupported();
  // Typed so by GuestOperationsManager.
  managers = {
    GuestProcessManager: processManager as MoRef<'GuestProcessManager'>,
    GuestFileManager: fileManager as MoRef<'GuestFileManager'>,
  };
  known.set(content, managers);
  return managers;
}
