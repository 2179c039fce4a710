/** MCP at /mcp in both eras of the protocol, through the SDK's own client. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PROBLEM_META } from '../../routes/mcp/tools.ts';
import { type Doors, openDoors } from './doors.ts';

let doors: Doors;
const clients: Client[] = [];

beforeAll(async () => {
  doors = await openDoors();
});
afterAll(() => doors.app.close());
beforeEach(() => {
  Object.assign(doors.seen, { requestIds: [], ran: [], waiting: [] });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

type Mode = 'legacy' | { pin: string };

async function connect(mode: Mode, key = 'operate'): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  const requestInit = { headers: { 'x-api-key': key } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${doors.url}/mcp`), { requestInit }));
  clients.push(client);
  return client;
}

/** The text of a result, which is one block. */
function textOf({ content }: { content: { type: string; text?: string }[] }): string {
  expect(content.map(({ type }) => type)).toEqual(['text']);
  return content[0]?.text ?? '';
}

const STATS = 'vsphere://lab/vm/vm%206%2F1/stats';

describe.each<[era: string, mode: Mode]>([
  ['2025-11-25, in a session', 'legacy'],
  ['2026-07-28', { pin: '2026-07-28' }],
])('MCP %s', (_era, mode) => {
  it('introduces the gateway', async () => {
    const client = await connect(mode);
    expect(client.getServerVersion()).toMatchObject({ name: 'vsphere-gateway', version: '0.0.0-test' });
    expect(client.getServerCapabilities()).toEqual({ tools: {}, resources: {}, prompts: {}, logging: {} });
    expect(client.getInstructions()).toMatch(/dry_run/);
  });

  it('lists the tools with schemas and annotations, in the order of the catalogue', async () => {
    const { tools } = await (await connect(mode)).listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'thing_list',
      'thing_get',
      'thing_turn',
      'thing_wait',
      'thing_slow',
    ]);
    const [list, , turn] = tools;
    expect(list).toMatchObject({
      title: 'List things',
      description: 'Lists things.',
      inputSchema: { type: 'object', properties: { limit: { description: 'Rows' } } },
      outputSchema: { type: 'object', required: ['items', 'total'] },
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    });
    expect(turn).toMatchObject({
      inputSchema: { properties: { dry_run: { type: 'boolean' } } },
      outputSchema: { type: 'object' },
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    });
  });

  it.each([
    ['read', ['thing_list', 'thing_get', 'thing_wait', 'thing_slow']],
    ['none', []],
  ])('lists only what the scope %s allows', async (key, expected) => {
    const { tools } = await (await connect(mode, key)).listTools();
    expect(tools.map(({ name }) => name)).toEqual(expected);
  });

  it('answers a read with the whole result and a short text', async () => {
    const client = await connect(mode);
    await client.listTools();
    const result = await client.callTool({ name: 'thing_list', arguments: { limit: 30 } });
    const { items } = result.structuredContent as { items: object[] };
    expect([result.isError, items.length]).toEqual([undefined, 30]);
    const lines = textOf(result).split('\n');
    expect(lines[0]).toBe('items: 30, total: 30');
    expect(lines[1]).toBe('id | name | state | tags');
    expect(lines[2]).toBe('lab:thing-0 | x | on | a b');
    expect(lines).toHaveLength(2 + 20 + 1);
    expect(lines.at(-1)).toMatch(/^10 more rows are in structuredContent/);
  });

  it('shows a result that is no list as JSON', async () => {
    const result = await (await connect(mode)).callTool({ name: 'thing_get', arguments: { name: 'one' } });
    expect(JSON.parse(textOf(result))).toEqual(result.structuredContent);
  });

  it('carries out a write, and a dry run changes nothing', async () => {
    const client = await connect(mode);
    await client.listTools();
    const dry = await client.callTool({ name: 'thing_turn', arguments: { name: 'one', dry_run: true } });
    expect(dry.structuredContent).toMatchObject({ dry_run: true, operation: 'thing.turn', impact: "'one' turns." });
    expect(doors.seen.ran).toEqual([]);
    const result = await client.callTool({ name: 'thing_turn', arguments: { name: 'one' } });
    expect(result.structuredContent).toMatchObject({ state: 'running', origin: { operation: 'thing.turn' } });
    expect(doors.seen.ran).toEqual(['turn']);
  });

  it.each([
    ['an operation that says no', 'thing_get', { name: 'two' }, { code: 'not_found', candidates: [{ name: 'one' }] }],
    [
      'input that does not fit',
      'thing_get',
      { nome: 'one' },
      { code: 'invalid_input', errors: [{ pointer: '/name' }, { pointer: '/nome' }] },
    ],
    ['no input at all', 'thing_get', undefined, { code: 'invalid_input' }],
  ])('answers %s with a result that is an error', async (_what, name, input, problem) => {
    const client = await connect(mode);
    await client.listTools();
    const result = await client.callTool({ name, ...(input === undefined ? {} : { arguments: input }) });
    expect(result.isError).toBe(true);
    expect(result._meta?.[PROBLEM_META]).toMatchObject({ ...problem, request_id: expect.any(String) });
    const [sentence, facts] = textOf(result).split('\n');
    expect(sentence).toMatch(new RegExp(`^${problem.code}: .+\\.$`));
    expect(JSON.parse(facts ?? '')).toMatchObject(problem);
  });

  it('never shows what was thrown inside; the log has it under the request id', async () => {
    const result = await (await connect(mode)).callTool({ name: 'thing_get', arguments: { name: 'broken' } });
    expect(JSON.stringify(result)).not.toMatch(/secret|stack|SOAP/);
    const problem = result._meta?.[PROBLEM_META];
    expect(problem).toMatchObject({ code: 'internal', request_id: expect.any(String) });
    const { request_id } = problem as { request_id: string };
    const line = doors.log
      .map((entry) => JSON.parse(entry))
      .findLast((entry) => entry.err?.message.startsWith('secret'));
    expect(line).toMatchObject({ reqId: request_id, operation: 'thing.get', level: 50 });
  });

  it('answers a call beyond the scopes with a result that is an error', async () => {
    const result = await (await connect(mode, 'read')).callTool({ name: 'thing_turn', arguments: { name: 'one' } });
    expect(result._meta?.[PROBLEM_META]).toMatchObject({ code: 'scope_required' });
    expect(doors.seen.ran).toEqual([]);
  });

  it.each(['thing_none', '__proto__', 'constructor', 'thing.get'])('refuses the unknown tool %s', async (name) => {
    await expect((await connect(mode)).callTool({ name })).rejects.toMatchObject({ code: -32602 });
  });

  it('asks for a lower limit rather than send a message that clients drop', async () => {
    const client = await connect(mode);
    const result = await client.callTool({ name: 'thing_list', arguments: { limit: 10_000, length: 200 } });
    expect(textOf(result)).toMatch(/^invalid_input: .+lower limit/);
  });

  it('reports progress of the task that the call began, and only while the call lasts', async () => {
    const client = await connect(mode);
    const seen: unknown[] = [];
    const input = { name: 'thing_turn', arguments: { name: 'one', wait: 5 } };
    const result = await client.callTool(input, { onprogress: (progress) => seen.push(progress) });
    expect(result.structuredContent).toMatchObject({ state: 'success' });
    const message = 'Turn a thing, one, running';
    expect(seen).toEqual([0, 40, 80].map((progress) => ({ progress, total: 100, message })));
    expect(doors.news.listeners.size).toBe(0);
  });

  it('tells an operation that its caller has given up', async () => {
    const client = await connect(mode);
    const cancel = new AbortController();
    const call = client.callTool({ name: 'thing_wait' }, { signal: cancel.signal });
    const signal = await vi.waitFor(() => {
      expect(doors.seen.waiting).toHaveLength(1);
      return doors.seen.waiting[0];
    });
    expect(signal?.aborted).toBe(false);
    cancel.abort();
    await expect(call).rejects.toThrow();
    await vi.waitFor(() => expect(signal?.aborted).toBe(true));
  });

  it('offers the statistics of a VM as a resource', async () => {
    const client = await connect(mode);
    expect((await client.listResources()).resources).toEqual([]);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(['vsphere://{vcenter}/vm/{moref}/stats']);
    const { contents } = await client.readResource({ uri: STATS });
    expect(contents).toEqual([{ uri: STATS, mimeType: 'application/json', text: expect.any(String) }]);
    expect(JSON.parse((contents[0] as { text: string }).text)).toEqual({
      id: 'lab:vm 6/1',
      name: 'web-01',
      power_state: 'on',
      sampled_at: '2026-01-01T00:00:40Z',
      counters: [{ name: 'cpu.usage.average', label: 'Usage', unit: 'percent', value: 1234 }],
      quick_stats_at: '2026-01-01T00:01:00Z',
      quick_stats: null,
      stale: false,
    });
  });

  it('has no prompts, and says so', async () => {
    const client = await connect(mode);
    expect((await client.listPrompts()).prompts).toEqual([]);
    await expect(client.getPrompt({ name: 'any' })).rejects.toMatchObject({ code: -32602 });
  });

  it.each([
    'vsphere://lab/vm/vm-2/stats',
    'vsphere://lab/vm/vm%zz/stats',
    'vsphere://lab/host/vm%206%2F1/stats',
    'file:///etc/passwd',
  ])('has no resource %s', async (uri) => {
    await expect((await connect(mode)).readResource({ uri })).rejects.toMatchObject({ code: -32602, data: { uri } });
  });

  it('keeps resources from keys that may not read', async () => {
    const client = await connect(mode, 'none');
    expect((await client.listResourceTemplates()).resourceTemplates).toEqual([]);
    await expect(client.readResource({ uri: STATS })).rejects.toMatchObject({ data: { code: 'scope_required' } });
  });
});
