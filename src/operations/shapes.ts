/** The shapes that several operations share: fields, references, pages and tasks. */
import { z } from 'zod';

const text = (about: string) => z.string().describe(about);
const nullable = (about: string) => z.string().nullable().describe(about);

/** A reference to an object in an input. 1,024 holds the longest inventory path that vSphere allows in practice. */
export const reference = (what: string) =>
  z.string().min(1).max(1024).describe(`${what}: its id (lab:vm-61), inventory path, UUID or unique name`);

export const vmRef = reference('The VM');
export const waitField = z
  .number()
  .min(0)
  .max(60)
  .default(0)
  .describe('Seconds to wait for the task to end before answering, 0 to 60');

export const time = (about: string) => z.string().describe(`${about}, RFC 3339 UTC`);
export const nullableTime = (about: string) => z.string().nullable().describe(`${about}, RFC 3339 UTC, or null`);

/** An object named in an answer. */
export const Ref = z.strictObject({ id: text('Id'), name: text('Name') });

export const Health = z
  .enum(['green', 'yellow', 'red', 'gray'])
  .nullable()
  .describe('overallStatus: green, yellow, red, gray (unknown); null before the first poll');

/** The fields that all list operations take. */
export const pageFields = {
  q: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('Free text, found anywhere in the name and the other texts of a row'),
  name: z.string().min(1).max(256).optional().describe('Name, exactly or as a glob: web-*'),
  vcenter: z.string().min(1).max(64).optional().describe('Only this vCenter'),
  limit: z.number().int().min(1).max(1000).default(100).describe('Rows in the answer, 1 to 1,000'),
  cursor: z.string().min(1).max(2048).optional().describe('next_cursor of the page before'),
  fields: z
    .array(z.string().min(1).max(64))
    .min(1)
    .max(64)
    .optional()
    .describe('Only these fields of each row; id and name always come'),
  sort: z
    .string()
    .regex(/^-?[a-z_]+$/)
    .max(64)
    .default('name')
    .describe('Field to sort by; -field for descending'),
};

/** A page of rows. With `fields`, rows hold only what was asked for. */
export const pageOf = <Row extends z.ZodObject>(row: Row, noun: string) =>
  z.strictObject({
    items: z.array(row.partial().required({ id: true, name: true })).describe(`The ${noun}, sorted`),
    next_cursor: nullable('Pass it as cursor for the next page; null on the last'),
    total: z.number().int().describe('Rows that fit the filters, on all pages'),
    version: text('Version of the inventory that answered'),
    stale: z.boolean().describe('True while a vCenter cannot be followed: what it sent last is shown'),
  });

const TaskError = z.strictObject({
  code: text('Code, as errors have it'),
  message: z.string(),
  fault: z.string().nullable(),
});

/** A vSphere task, or one that the gateway keeps for what vSphere has no task for. */
export const TaskShape = z.strictObject({
  id: text('Id of the task'),
  vcenter: text('The vCenter it runs on'),
  moref: nullable("vSphere's reference; null for a task that the gateway keeps itself"),
  name: text('What it does, e.g. VirtualMachine.powerOn'),
  description: nullable('The same in words'),
  state: z
    .enum(['queued', 'running', 'success', 'error', 'cancelled', 'unknown'])
    .describe('unknown: vCenter has forgotten it before its end was seen'),
  progress: z.number().nullable().describe('Percent, where vSphere tells it'),
  cancelable: z.boolean().describe('Whether task.cancel may stop it'),
  target: nullable('Id of the object it works on'),
  target_name: nullable('Name of that object'),
  result: z
    .strictObject({ id: text('Id of the object') })
    .nullable()
    .describe('The object it made'),
  error: TaskError.nullable().describe('Why it failed'),
  details: z
    .array(
      z.strictObject({
        target: text('Id of the object'),
        target_name: text('Name of the object'),
        state: z.enum(['success', 'error', 'cancelled', 'unknown', 'skipped']).describe('skipped: nothing to do'),
        task: nullable('Id of the task that did it'),
        error: TaskError.nullable(),
      }),
    )
    .optional()
    .describe('Of a task over several objects: what became of each, as far as it is known'),
  user: nullable('The vSphere user it runs for'),
  queued_at: time('When it was queued'),
  started_at: nullableTime('When it started'),
  completed_at: nullableTime('When it ended'),
  origin: z
    .strictObject({ operation: z.string(), key_id: z.string(), request_id: z.string() })
    .nullable()
    .describe('The call of this gateway that began it'),
});
