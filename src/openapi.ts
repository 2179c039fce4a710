/** The catalogue as an OpenAPI 3.1 document. */
import { z } from 'zod';
import type { Catalogue } from './catalogue.ts';
import { ERROR_TABLE } from './errors.ts';
import { DryRun, type JsonSchema, jsonSchema, type Operation } from './operation.ts';
import { TaskShape } from './operations/shapes.ts';

type Json = Record<string, unknown>;

const Problem = z.object({
  type: z.string().describe('URN of the code'),
  title: z.string().describe('What the code means'),
  status: z.number().int().describe('HTTP status'),
  detail: z.string().describe('What went wrong here, and the next step'),
  code: z.enum(Object.keys(ERROR_TABLE) as [string, ...string[]]).describe('For programs; stable'),
  retryable: z.boolean().describe('Whether the same request may succeed later'),
  instance: z.string().optional().describe('Path of the request'),
  request_id: z.string().optional().describe("Finds the request in the gateway's log"),
  fault: z.string().optional().describe("vSphere's type of the fault"),
  details: z.record(z.string(), z.unknown()).optional().describe('Facts a program may act on'),
  errors: z
    .array(z.object({ pointer: z.string(), message: z.string() }))
    .optional()
    .describe('For invalid_input: each field that is wrong, as an RFC 6901 pointer'),
  candidates: z
    .array(z.object({ id: z.string(), name: z.string(), path: z.string().optional() }))
    .optional()
    .describe('For ambiguous_name'),
  task_id: z.string().optional().describe('The task that failed'),
  retry_after: z.number().optional().describe('Seconds'),
});

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: ref('Problem') } },
});
const json = (schema: Json) => ({ 'application/json': { schema } });

/** Parameters in the address and, for GET and DELETE, in the query; the rest is the body. */
function inputOf(operation: Operation): Json {
  const { properties = {}, required = [] } = operation.schemas.input as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  const [method = '', path = ''] = operation.http.split(' ');
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  const byQuery = method === 'GET' || method === 'DELETE';
  const parameters: Json[] = [];
  const body: Record<string, JsonSchema> = {};
  for (const [name, { description, ...schema }] of Object.entries(properties)) {
    if (inPath.includes(name)) parameters.push({ name, in: 'path', required: true, description, schema });
    else if (!byQuery) body[name] = { ...schema, description };
    else {
      const style = schema['type'] === 'array' ? { style: 'form', explode: false } : {};
      parameters.push({
        name,
        in: 'query',
        required: required.includes(name) && schema['default'] === undefined,
        description,
        ...style,
        schema,
      });
    }
  }
  const needed = required.filter((name) => name in body && body[name]?.['default'] === undefined);
  const schema = {
    type: 'object',
    additionalProperties: false,
    properties: body,
    ...(needed.length > 0 ? { required: needed } : {}),
  };
  const examples = Object.fromEntries(
    operation.examples.map(({ title, input }) => [
      title,
      { value: Object.fromEntries(Object.entries(input).filter(([name]) => name in body)) },
    ]),
  );
  return {
    parameters,
    ...(byQuery
      ? {}
      : { requestBody: { required: needed.length > 0, content: { 'application/json': { schema, examples } } } }),
  };
}

function responsesOf(operation: Operation): Json {
  const isTask = operation.output === TaskShape;
  const output = isTask ? ref('Task') : jsonSchema(operation.output, 'output');
  const location = {
    Location: { description: 'Where to follow the task', schema: { type: 'string' } },
    'Retry-After': { description: 'Seconds', schema: { type: 'integer' } },
  };
  const write = operation.kind === 'write';
  return {
    '200': {
      description: write ? 'Done, or what a dry run would do' : 'The answer',
      content: json(write ? { anyOf: [output, ref('DryRun')] } : output),
    },
    ...(write && isTask
      ? { '202': { description: 'Begun; the task runs', headers: location, content: json(output) } }
      : {}),
    '400': problem('The request is wrong'),
    '401': problem('No valid key'),
    '403': problem('The key, or the vSphere account, may not do this'),
    '404': problem('Not found'),
    ...(write ? { '409': problem('The state of the object, or a missing confirmation, forbids it') } : {}),
    '429': problem('Too many requests'),
    default: problem('Any other failure'),
  };
}

/** The whole document. */
export function openapi(catalogue: Catalogue, version: string): Json {
  const paths: Record<string, Json> = {};
  for (const operation of catalogue.operations) {
    const [method = '', path = ''] = operation.http.split(' ');
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: {
        operationId: operation.name,
        tags: [operation.toolset],
        summary: operation.summary,
        description: operation.description,
        'x-scope': operation.scope,
        'x-danger': operation.danger,
        ...(operation.availability === 'vcenter' ? { 'x-vcenter-only': true } : {}),
        ...inputOf(operation),
        responses: responsesOf(operation),
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'vsphere-gateway',
      version,
      description:
        'REST in front of VMware vSphere. The same operations answer at POST /rpc (JSON-RPC 2.0) and /mcp (MCP).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { apiKey: [] }],
    tags: [...new Set(catalogue.operations.map((operation) => operation.toolset))].map((name) => ({ name })),
    paths: { ...paths, ...OTHER_PATHS },
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A key, made with `keys create`' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
      schemas: {
        Problem: jsonSchema(Problem, 'output'),
        DryRun: jsonSchema(DryRun, 'output'),
        Task: jsonSchema(TaskShape, 'output'),
      },
    },
  };
}

const text = (description: string, type = 'text/plain') => ({
  description,
  content: { [type]: { schema: { type: 'string' } } },
});
const query = (name: string, description: string) => ({ name, in: 'query', description, schema: { type: 'string' } });

/** What is served beside the operations. */
const OTHER_PATHS: Record<string, Json> = {
  '/v1/stream': {
    get: {
      operationId: 'stream',
      tags: ['stream'],
      summary: 'Follow changes, tasks and metrics as server-sent events',
      parameters: [
        query(
          'topics',
          'Of vm, host, cluster, datastore, network, folder, datacenter, pool, metrics, task, system; comma-separated. Default: all',
        ),
        query('ids', 'Only these objects; comma-separated'),
        query('vcenter', 'Only these vCenters; comma-separated'),
        query('counters', 'Only these counters in metrics; comma-separated'),
        query('snapshot', 'true: begin with the present state'),
        query('lastEventId', 'As the header Last-Event-ID, for clients that cannot send it'),
      ],
      responses: {
        '200': text('Events; `id` resumes after a break', 'text/event-stream'),
        '400': problem('The query is wrong'),
        '401': problem('No valid key'),
        '406': problem('The client does not accept text/event-stream'),
        default: problem('Any other failure'),
      },
    },
  },
  '/healthz': {
    get: {
      operationId: 'healthz',
      tags: ['system'],
      security: [],
      summary: 'Whether the process is alive',
      responses: { '200': { description: 'Alive', content: json({ type: 'object' }) }, default: problem('A failure') },
    },
  },
  '/readyz': {
    get: {
      operationId: 'readyz',
      tags: ['system'],
      security: [],
      summary: 'Whether an inventory is loaded',
      responses: {
        '200': { description: 'Ready', content: json({ type: 'object' }) },
        '503': problem('Not yet, with the reason'),
        default: problem('Any other failure'),
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'metrics',
      tags: ['system'],
      summary: 'Prometheus metrics of the gateway, VMs and hosts',
      responses: {
        '200': text('Text format 0.0.4'),
        '401': problem('No valid key'),
        default: problem('Any other failure'),
      },
    },
  },
};
