/** The one pipeline: every call through every door is authorised, parsed, planned, confirmed, audited and run here. */
import type { z } from 'zod';
import type { AuditLog } from './access/audit.ts';
import { hasScope } from './access/caller.ts';
import type { Call, Context, Services } from './context.ts';
import { type FieldError, GatewayError } from './errors.ts';
import type { Danger, Operation, Plan, ReadOperation, WriteOperation } from './operation.ts';
import { fromVsphere } from './vsphere/faults.ts';

/** What came of a call. */
export interface Outcome {
  operation: Operation;
  /** What the operation's output schema describes or, for a dry run, `DryRun`. */
  result: object;
  dryRun: boolean;
}

export type Invoke = (operation: Operation, input: unknown, call: Call) => Promise<Outcome>;

export interface InvokeOptions {
  services: Services;
  audit: AuditLog;
  /** Counts and times a call for `/metrics`. */
  observe: (operation: string, door: string, outcome: string, seconds: number) => void;
  /** Parse what operations return, too: the tests do. */
  checkOutput?: boolean;
}

function pointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** zod's issues as RFC 6901 pointers; an unknown key points at itself. */
function fieldErrors(issues: readonly z.core.$ZodIssue[]): FieldError[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') {
      const message = issue.message.endsWith('received undefined') ? 'Required' : issue.message;
      return [{ pointer: pointer(issue.path), message }];
    }
    return issue.keys.map((key) => ({ pointer: pointer([...issue.path, key]), message: 'Unknown field' }));
  });
}

function parse(operation: Operation, input: unknown): z.output<typeof operation.input> {
  const parsed = operation.input.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = fieldErrors(parsed.error.issues);
  const first = errors[0];
  const where = first === undefined || first.pointer === '' ? 'The input' : `'${first.pointer.slice(1)}'`;
  throw new GatewayError(
    'invalid_input',
    `${where} does not fit ${operation.name}: ${first?.message ?? 'unreadable'}.`,
    { errors },
  );
}

function authorise(operation: Operation, call: Call): void {
  if (hasScope(call.caller, operation.scope)) return;
  const held = [...call.caller.scopes].join(', ');
  throw new GatewayError(
    'scope_required',
    `${operation.name} needs a key with the scope '${operation.scope}'; this key has '${held}'.`,
    { details: { required: operation.scope } },
  );
}

/** Refuses what a bare ESXi cannot do before anything is asked of it. What is not connected yet gets the benefit of the doubt. */
function checkAvailability(operation: Operation, context: Context, vcenters: readonly string[]): void {
  if (operation.availability === 'any') return;
  const lacking = vcenters.filter((name) => context.targets.get(name)?.capabilities()?.is_vcenter === false);
  if (lacking.length === 0 || (operation.kind === 'read' && lacking.length < vcenters.length)) return;
  throw new GatewayError(
    'not_supported',
    `${operation.name} needs a vCenter; '${lacking.join("', '")}' is an ESXi host. Configure the vCenter that manages it.`,
    { details: { reason: 'not_supported_on_esxi' } },
  );
}

function vcenterOf(id: string): string {
  return id.slice(0, id.indexOf(':'));
}

function checkConfirmation(operation: WriteOperation, danger: Danger, plan: Plan, confirm: string | undefined): void {
  const name = plan.targets[0]?.name;
  if (danger !== 'destructive' || name === undefined || confirm === name) return;
  const got = confirm === undefined ? '' : ` '${confirm}' is not its name.`;
  throw new GatewayError(
    'confirmation_required',
    `${operation.name} is destructive: ${plan.impact}${got} Repeat the call with confirm: '${name}', or with dry_run: true to see what it would do.`,
    { details: { confirm: name } },
  );
}

const secrets = new WeakMap<Operation, ReadonlySet<string>>();

/** Names of the input fields, at any depth, that are marked `.meta({ secret: true })`: the audit log shows none of them. */
function secretsOf(operation: Operation): ReadonlySet<string> {
  const known = secrets.get(operation);
  if (known !== undefined) return known;
  const names = new Set<string>();
  const visit = (node: unknown, field: string): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('secret' in node && node.secret === true) names.add(field);
    for (const [key, child] of Object.entries(node)) {
      if (key !== 'properties') visit(child, field);
      else for (const [name, property] of Object.entries(child)) visit(property, name);
    }
  };
  visit(operation.schemas.input, '');
  secrets.set(operation, names);
  return names;
}

/** vSphere's faults become the gateway's errors here, whatever the operation called. */
async function guarded<T>(about: { write: boolean; vcenter?: string }, run: () => Promise<T> | T): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw fromVsphere(error, about);
  }
}

async function runRead(operation: ReadOperation, input: z.output<z.ZodObject>, context: Context): Promise<unknown> {
  checkAvailability(operation, context, [...context.targets.keys()]);
  // Most reads are answered at once from memory; a promise is only awaited where there is one.
  const result = operation.run(input, context);
  return result instanceof Promise ? guarded({ write: false }, () => result) : result;
}

async function runWrite(
  operation: WriteOperation,
  parsed: z.output<z.ZodObject>,
  context: Context,
  audit: AuditLog,
): Promise<{ result: unknown; dryRun: boolean }> {
  const { dry_run: dryRun, confirm, ...input } = parsed as { dry_run?: boolean; confirm?: string };
  const danger = operation.dangerOf?.(input) ?? operation.danger;
  const plan = await guarded({ write: false }, () => operation.plan(input, context));
  checkAvailability(operation, context, [...new Set(plan.targets.map((target) => vcenterOf(target.id)))]);
  if (dryRun === true) {
    const { targets, calls, impact } = plan;
    return { result: { dry_run: true, operation: operation.name, danger, targets, plan: calls, impact }, dryRun: true };
  }
  checkConfirmation(operation, danger, plan, confirm);
  const entry = {
    operation: operation.name,
    door: context.door,
    request_id: context.requestId,
    key_id: context.caller.key_id,
    owner: context.caller.owner,
    targets: plan.targets.map((target) => target.id),
    input,
  };
  const line = await audit.begin(entry, secretsOf(operation));
  try {
    const [target] = plan.targets;
    const about = { write: true, ...(target === undefined ? {} : { vcenter: vcenterOf(target.id) }) };
    const result = await guarded(about, () => operation.run(plan, input, context));
    await line.finish({ outcome: 'ok', task_id: taskId(result) });
    return { result, dryRun: false };
  } catch (error) {
    await line.finish({ outcome: error instanceof GatewayError ? error.code : 'internal', task_id: null });
    throw error;
  }
}

/** The id of the task that an answer is, or holds. */
function taskId(result: unknown): string | null {
  if (typeof result !== 'object' || result === null || !('queued_at' in result) || !('id' in result)) return null;
  return String(result.id);
}

/** What an operation is handed; spelled out, because a spread would look at `signal`, which is made only for those who wait. */
class CallContext implements Context {
  readonly inventory: Services['inventory'];
  readonly metrics: Services['metrics'];
  readonly tasks: Services['tasks'];
  readonly targets: Services['targets'];
  readonly provisioning: Services['provisioning'];
  readonly version: string;
  readonly startedAt: Date;
  readonly caller: Call['caller'];
  readonly door: Call['door'];
  readonly requestId: string;
  readonly operation: string;
  readonly #call: Call;

  constructor(services: Services, call: Call, operation: string) {
    this.inventory = services.inventory;
    this.metrics = services.metrics;
    this.tasks = services.tasks;
    this.targets = services.targets;
    this.provisioning = services.provisioning;
    this.version = services.version;
    this.startedAt = services.startedAt;
    this.caller = call.caller;
    this.door = call.door;
    this.requestId = call.requestId;
    this.operation = operation;
    this.#call = call;
  }

  /** Made only for those who wait. */
  get signal(): AbortSignal {
    return this.#call.signal;
  }
}

/** Builds the pipeline. Everything it throws is a GatewayError or a fault of the gateway's own, which doors show as `internal`. */
export function createInvoke({ services, audit, observe, checkOutput = false }: InvokeOptions): Invoke {
  return async (operation, rawInput, call) => {
    const began = process.hrtime.bigint();
    let outcome = 'ok';
    try {
      authorise(operation, call);
      const input = parse(operation, rawInput ?? {});
      const context = new CallContext(services, call, operation.name);
      const { result, dryRun } =
        operation.kind === 'read'
          ? { result: await runRead(operation, input, context), dryRun: false }
          : await runWrite(operation, input, context, audit);
      if (checkOutput && !dryRun) operation.output.parse(result);
      // Every output schema describes an object; the catalogue test holds that.
      return { operation, result: result as object, dryRun };
    } catch (error) {
      outcome = error instanceof GatewayError ? error.code : 'internal';
      throw error;
    } finally {
      observe(operation.name, call.door, outcome, Number(process.hrtime.bigint() - began) / 1e9);
    }
  };
}
