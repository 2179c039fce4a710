/** One guest, worked in through VMware Tools: the VM, the credentials of this call, and what is asked of it. */
import type { Context } from '../../context.ts';
import { GatewayError } from '../../errors.ts';
import { toId, type VmRecord } from '../../live/model.ts';
import type { PlannedCall } from '../../operation.ts';
import type { Target } from '../../vsphere/target.ts';
import type { AnyGuestFileAttributes, MoRef, VimMethods } from '../../vsphere/vim25/types.ts';
import { resolveOne } from '../resolve.ts';
import { targetOf } from '../start-task.ts';
import { type GuestCall, type GuestMethod, guestCall, type Managers, managersOf } from './call.ts';

/** What stands for a secret in a plan. */
export const REDACTED = '[redacted]';

export interface Credentials {
  username: string;
  password: string;
}

export interface Fetched {
  content: Buffer;
  truncated: boolean;
  size: number;
  attributes: AnyGuestFileAttributes;
}

function whyUnavailable({ name, power_state, tools_status }: VmRecord): string {
  if (power_state !== 'on') return `'${name}' is ${power_state}; power it on and wait until its VMware Tools run.`;
  if (tools_status === 'guestToolsRunning')
    return `VMware Tools of '${name}' run, but are not ready yet; try again shortly.`;
  return `VMware Tools do not run in '${name}' (${tools_status ?? 'not reported'}); wait until they do, or install them.`;
}

/** @throws {GatewayError} guest_unavailable where VMware Tools do not take guest operations now; not_found … */
function readyVm(reference: string, context: Context): VmRecord {
  const vm = resolveOne('vm', reference, context);
  if (vm.guest_operations_ready) return vm;
  throw new GatewayError('guest_unavailable', whyUnavailable(vm), {
    details: { power_state: vm.power_state, tools_status: vm.tools_status },
    retry_after: 15,
  });
}

export class Guest {
  readonly vm: VmRecord;
  readonly #target: Target;
  readonly #managers: Managers;
  readonly #username: string;
  readonly #password: string;
  readonly #isKnownHost: (host: string) => boolean;

  private constructor(vm: VmRecord, target: Target, managers: Managers, input: Credentials, context: Context) {
    this.vm = vm;
    this.#target = target;
    this.#managers = managers;
    this.#username = input.username;
    this.#password = input.password;
    this.#isKnownHost = (name) =>
      context.inventory.all('host').some((host) => host.vcenter === vm.vcenter && host.name.toLowerCase() === name);
  }

  /** Nothing is sent to the guest yet. @throws {GatewayError} guest_unavailable, with the next step. */
  static async open(input: Credentials & { vm: string }, context: Context): Promise<Guest> {
    const vm = readyVm(input.vm, context);
    const target = targetOf(context, vm.vcenter);
    return new Guest(vm, target, await managersOf(target), input, context);
  }

  /** The VM as a plan names it. */
  get targets(): { id: string; name: string }[] {
    return [{ id: this.vm.id, name: this.vm.name }];
  }

  /** The call as it will be sent, but for the password. */
  plan<M extends GuestMethod>({ manager, method, args }: GuestCall<M>): PlannedCall {
    const object = toId(this.vm.vcenter, this.#managers[manager].value);
    return { method, object, arguments: this.#arguments(args, REDACTED) };
  }

  /** @param signal for reads only: what changes the guest must not end half-way because a client has left. */
  send<M extends GuestMethod>(
    { manager, method, args }: GuestCall<M>,
    signal?: AbortSignal,
  ): Promise<VimMethods[M]['result']> {
    const session = this.#target.session('requests');
    // GuestCall has left out exactly what is put in here.
    const all = this.#arguments(args, this.#password) as VimMethods[M]['args'];
    return session.call(method, this.#managers[manager], all, { signal });
  }

  /** The first `maxBytes` of a file; `size` is that of the whole. */
  async fetch(path: string, maxBytes: number, signal?: AbortSignal): Promise<Fetched> {
    const call = guestCall('GuestFileManager', 'InitiateFileTransferFromGuest', { guestFilePath: path });
    const { url, size, attributes } = await this.send(call, signal);
    const options = { isKnownHost: this.#isKnownHost, maxBytes, signal };
    return { size, attributes, ...(await this.#target.transfer.download(url, options)) };
  }

  /** Sends a file by the address that InitiateFileTransferToGuest gave. */
  store(address: string, content: Uint8Array): Promise<void> {
    return this.#target.transfer.upload(address, content, { isKnownHost: this.#isKnownHost });
  }

  /** guest.guestFamily, which the guest itself reports; before it has, what the VM is configured for. */
  async isWindows(): Promise<boolean> {
    const read = await this.#target.session('requests').read(this.#reference, ['guest.guestFamily']);
    const { 'guest.guestFamily': family } = read;
    return typeof family === 'string' && family !== ''
      ? family === 'windowsGuest'
      : (this.vm.guest_id ?? '').startsWith('win');
  }

  get #reference(): MoRef<'VirtualMachine'> {
    return { $type: 'VirtualMachine', value: this.vm.moref };
  }

  #arguments(args: object, password: string): Record<string, unknown> {
    const auth = {
      $type: 'NamePasswordAuthentication',
      interactiveSession: false,
      username: this.#username,
      password,
    };
    return { vm: this.#reference, auth, ...args };
  }
}
