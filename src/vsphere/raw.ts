/** vSphere without a word of ours between: any property of any object, and any method, checked by the type table. */
import { GatewayError } from '../errors.ts';
import { EncodeError, encodeCall } from './encode.ts';
import { argumentsFromJson, type Refer } from './raw-arguments.ts';
import { argumentsToJson, isReference, propertyToJson, resultToJson } from './raw-json.ts';
import { type Method, vimSchema } from './schema.ts';
import type { Target } from './target.ts';
import type { MoRef, VimMethod, VimMethods } from './vim25/types.ts';

type Fields = Record<string, unknown>;

const invalid = (pointer: string, detail: string, message: string): GatewayError =>
  new GatewayError('invalid_input', detail, { errors: [{ pointer, message }] });

/** References whose type vSphere's own numbering tells; those of the inventory are in the inventory. */
const NUMBERED: readonly [RegExp, string][] = [
  [/^(?:task-\d+|haTask-.+)$/, 'Task'],
  [/^snapshot-\d+$/, 'VirtualMachineSnapshot'],
];

/** Managed types by reference: the singletons of this vCenter, and what a number tells. */
export async function typeTeller(target: Target, signal?: AbortSignal): Promise<(moref: string) => string | undefined> {
  const { content } = await target.session('requests').ready(signal);
  const singletons = new Map([['ServiceInstance', 'ServiceInstance']]);
  for (const value of Object.values(content)) if (isReference(value)) singletons.set(value.value, value.$type);
  return (moref) => singletons.get(moref) ?? NUMBERED.find(([form]) => form.test(moref))?.[1];
}

/** @throws GatewayError invalid_input for a type that vim25 does not have. */
export function checkManagedType(type: string, pointer: string): void {
  if (vimSchema().managedType(type) !== undefined) return;
  throw invalid(
    pointer,
    `vim25 has no managed type '${type}'; VirtualMachine, HostSystem and Task are some.`,
    'Unknown managed type',
  );
}

/** What was read of one object. */
export interface RawProperties {
  /** By path; null where it is unset. */
  properties: Record<string, unknown>;
  /** What vSphere would not tell, with the fault that it gave. */
  unreadable: { path: string; fault: string }[];
}

/** Reads properties with RetrievePropertiesEx. Fails as `Session.call` does. */
export async function readRaw(
  target: Target,
  obj: MoRef,
  paths: string[],
  signal: AbortSignal,
): Promise<RawProperties> {
  const session = target.session('requests');
  const { propertyCollector } = (await session.ready(signal)).content;
  const specSet = [{ propSet: [{ type: obj.$type, pathSet: paths }], objectSet: [{ obj }] }];
  const answer = await session.call('RetrievePropertiesEx', propertyCollector, { specSet, options: {} }, { signal });
  const { propSet = [], missingSet = [] } = answer?.objects?.[0] ?? {};
  const found = new Map(propSet.map(({ name, val }) => [name, propertyToJson(target.name, obj.$type, name, val)]));
  return {
    properties: Object.fromEntries(paths.map((path) => [path, found.get(path) ?? null])),
    unreadable: missingSet.map(({ path, fault }) => ({ path, fault: fault.fault.$type ?? 'MethodFault' })),
  };
}

/** A call that is known to fit the type table. */
export interface RawCall {
  readonly method: Method;
  readonly self: MoRef;
  readonly args: Fields;
  /** The arguments as JSON, secrets withheld. */
  readonly shown: Fields;
}

/** Logins, tickets and credentials are the gateway's own; collectors, filters and views belong to its sessions. */
const REFUSED_TYPES: Readonly<Record<string, string>> = {
  SessionManager: 'sessions and logins belong to the gateway',
  GuestAuthManager: 'it deals in credentials of guests',
  PropertyCollector: 'inventory.properties reads properties, and /v1/stream tells changes',
  PropertyFilter: '/v1/stream tells changes',
  ViewManager: 'views live in a session of the gateway',
  View: 'views live in a session of the gateway',
};
const REFUSED_NAMES = /Ticket$|^(?:Login|Logout|Impersonate|CloneSession|TerminateSession)|CredentialsInGuest$/;

/** The methods that a name may have meant, of those that the type has. */
function namesLike(name: string, type: string): string {
  const schema = vimSchema();
  const word = name.toLowerCase().replace(/_task$/, '');
  const all = [...schema.methods.values()].filter(({ on }) => on !== 'ManagedObject' && schema.mayBeA(type, on));
  const near = all.filter((each) => each.name.toLowerCase().includes(word));
  const names = (near.length > 0 ? near : all).map((each) => each.name);
  return names.length > 20 ? `${names.slice(0, 20).join(', ')} …` : names.join(', ');
}

function methodCalled(name: string, type: string): Method {
  const method = vimSchema().methods.get(name);
  if (method === undefined) {
    const names = namesLike(name, type);
    const hint = names === '' ? '' : ` A ${type} has ${names}.`;
    throw invalid('/method', `The type table has no method '${name}'.${hint}`, 'Unknown method');
  }
  const why =
    REFUSED_TYPES[method.on] ?? (REFUSED_NAMES.test(name) ? 'it hands out what admits its holder' : undefined);
  if (why !== undefined) throw invalid('/method', `${name} cannot be called through the gateway: ${why}.`, 'Refused');
  return method;
}

/** `ReconfigVM_Task.spec.deviceChange[0]` as a pointer into the operation's input. */
function pointerOf({ path, message }: EncodeError): string {
  const [, ...rest] = path.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  if (rest[0] === '_this') return '/object';
  const unknown = /: has no field (.+)$/.exec(message)?.[1];
  const names = unknown === undefined ? rest : [...rest, unknown];
  return ['/arguments', ...names.map((name) => name.replaceAll('~', '~0').replaceAll('/', '~1'))].join('/');
}

/**
 * Checks a call against the type table, in full and without sending it.
 * @throws GatewayError invalid_input that points at the field.
 */
export function prepareCall(vcenter: string, self: MoRef, name: string, json: Fields, refer: Refer): RawCall {
  const method = methodCalled(name, self.$type);
  try {
    const args = argumentsFromJson(method, json, refer);
    encodeCall(vimSchema(), name as VimMethod, self, args);
    return { method, self, args, shown: argumentsToJson(vcenter, method, args) };
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    const pointer = pointerOf(error);
    const message = error.message.slice(error.path.length + 2);
    throw invalid(pointer, `'${pointer.slice(1)}' does not fit ${name}: ${message}.`, message);
  }
}

/** @returns the task that a `*_Task` method has begun, or as JSON what any other has returned. Fails as `Session.call` does. */
export async function callRaw(
  target: Target,
  { method, self, args }: RawCall,
): Promise<{ task: MoRef<'Task'> } | { returned: unknown }> {
  // The table, from which these types are made too, has been asked whether the name and the arguments fit.
  const [name, fitting] = [method.name as VimMethod, args as VimMethods[VimMethod]['args']];
  const result: unknown = await target.session('requests').call(name, self, fitting);
  if (method.result?.wire === 'mo:Task' && isReference(result)) return { task: { $type: 'Task', value: result.value } };
  return { returned: resultToJson(target.name, method, result) };
}
