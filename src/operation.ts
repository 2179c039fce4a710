/** What an operation is: one definition, from which every door, the documentation and the tests follow. */
import { z } from 'zod';
import type { Scope } from './access/caller.ts';
import type { Context } from './context.ts';

/** How much a call can hurt: `disruptive` interrupts service, `destructive` loses data or objects and needs `confirm`. */
export type Danger = 'safe' | 'disruptive' | 'destructive';

/** One vSphere call that a write is going to make: what `dry_run` shows and `run` carries out. */
export interface PlannedCall {
  /** vim25 method, e.g. `PowerOnVM_Task`. */
  method: string;
  /** Public id of the object it is called on. */
  object: string;
  arguments: Record<string, unknown>;
}

/** What a write will do, settled before anything is done: the pipeline checks, confirms and audits this. */
export interface Plan<Step = unknown> {
  /** Every object the write touches. */
  targets: { id: string; name: string }[];
  calls: PlannedCall[];
  /** One sentence for a person about to say yes. */
  impact: string;
  /** Whatever `run` needs besides. */
  step: Step;
}

interface Definition<I extends z.ZodObject, O extends z.ZodType> {
  /** `noun.verb`, the path of its file under src/operations. */
  name: string;
  /** One line, imperative. */
  summary: string;
  /** For an agent: when to use it and what comes back. */
  description: string;
  /** `GET /v1/vms/{vm}`; every path parameter is an input field. */
  http: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;
  scope: Scope;
  /** For a write whose danger depends on the input: the worst case, with `dangerOf` for the case at hand. */
  danger: Danger;
  dangerOf?: (input: z.output<I>) => Danger;
  toolset: string;
  /** `vcenter`: answered with 501 on a bare ESXi, before any SOAP call. */
  availability: 'any' | 'vcenter';
  /** Strict, no transforms; every field described. */
  input: I;
  output: O;
  examples: readonly { title: string; input: Record<string, unknown> }[];
}

interface Common<I extends z.ZodObject = z.ZodObject, O extends z.ZodType = z.ZodType> extends Definition<I, O> {
  /** JSON Schemas, made once: `input` as MCP and OpenAPI show it, `output` of one finished call. */
  readonly schemas: { input: JsonSchema; output: JsonSchema };
}

export interface ReadOperation<I extends z.ZodObject = z.ZodObject, O extends z.ZodType = z.ZodType>
  extends Common<I, O> {
  kind: 'read';
  run(input: z.output<I>, context: Context): Promise<z.input<O>> | z.input<O>;
}

export interface WriteOperation<I extends z.ZodObject = z.ZodObject, O extends z.ZodType = z.ZodType>
  extends Common<I, O> {
  kind: 'write';
  plan(input: z.output<I>, context: Context): Promise<Plan> | Plan;
  run(plan: Plan, input: z.output<I>, context: Context): Promise<z.input<O>> | z.input<O>;
}

export type Operation = ReadOperation | WriteOperation;
export type JsonSchema = Record<string, unknown>;

/** Fields that every write takes; the pipeline acts on them, no operation sees them. */
export const WRITE_FIELDS = {
  dry_run: z
    .boolean()
    .optional()
    .describe('Change nothing: answer with the objects, the vSphere calls and the impact that the call would have'),
  confirm: z.string().max(256).optional().describe('For destructive calls: the name of the object, typed again'),
};

/** What `dry_run: true` answers. */
export const DryRun = z.strictObject({
  dry_run: z.literal(true).describe('Nothing was changed'),
  operation: z.string().describe('Name of the operation'),
  danger: z.enum(['safe', 'disruptive', 'destructive']).describe('How much the call can hurt'),
  targets: z
    .array(z.strictObject({ id: z.string().describe('Id'), name: z.string().describe('Name') }))
    .describe('Every object the call would touch'),
  plan: z
    .array(
      z.strictObject({
        method: z.string().describe('vSphere method'),
        object: z.string().describe('Id of the object it is called on'),
        arguments: z.record(z.string(), z.unknown()).describe('Its arguments'),
      }),
    )
    .describe('The vSphere calls, in order'),
  impact: z.string().describe('What the call would mean'),
});

/** Read as MCP hosts like it best: inlined, without the patterns and bounds that only lengthen a prompt. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, {
    io,
    reused: 'inline',
    override: ({ jsonSchema: node }) => {
      if (node.format !== undefined) delete node.pattern;
      if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
      if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
    },
  });
  return json;
}

/** A write's answer is what it did or, for a dry run, what it would do. The root stays an object: some MCP clients insist. */
function writeOutput(output: z.ZodType): JsonSchema {
  return { type: 'object', anyOf: [jsonSchema(output, 'output'), jsonSchema(DryRun, 'output')] };
}

interface PlanStep<I extends z.ZodObject, O extends z.ZodType, Step> {
  run(fn: (plan: Plan<Step>, input: z.output<I>, context: Context) => Promise<z.input<O>> | z.input<O>): WriteOperation;
}

interface Unfinished<I extends z.ZodObject, O extends z.ZodType> {
  /** A read: answers from what the gateway knows. */
  run(fn: (input: z.output<I>, context: Context) => Promise<z.input<O>> | z.input<O>): ReadOperation;
  /** A write: first says what it is going to do, then (`run`) does exactly that. */
  plan<Step>(fn: (input: z.output<I>, context: Context) => Promise<Plan<Step>> | Plan<Step>): PlanStep<I, O, Step>;
}

/**
 * Defines an operation. Schemas are fixed first and the function is chained, because one object literal with both would
 * widen what `run` returns and let wrong values through.
 */
export function operation<I extends z.ZodObject, O extends z.ZodType>(definition: Definition<I, O>): Unfinished<I, O> {
  return {
    run: (run) => {
      const schemas = { input: jsonSchema(definition.input, 'input'), output: jsonSchema(definition.output, 'output') };
      // The catalogue holds operations of all shapes; the pipeline hands each only what its own schema has parsed.
      return Object.freeze({ ...definition, kind: 'read', schemas, run }) as unknown as ReadOperation;
    },
    plan: (plan) => ({
      run: (run) => {
        const input = definition.input.extend(WRITE_FIELDS);
        const schemas = { input: jsonSchema(input, 'input'), output: writeOutput(definition.output) };
        return Object.freeze({ ...definition, input, kind: 'write', schemas, plan, run }) as unknown as WriteOperation;
      },
    }),
  };
}
