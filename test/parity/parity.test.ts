/** One operation, three doors, one answer: every case goes through REST, JSON-RPC and MCP, and the results are compared. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../src/operations/index.ts';
import { DOORS, type DoorClient, type DoorName, openDoor, type Result } from '../support/doors.ts';
import { CASES } from './cases.ts';
import { startWorld } from './world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
let doors: Record<DoorName, DoorClient>;

beforeAll(async () => {
  world = await startWorld();
  const opened = DOORS.map(async (door) => [door, await openDoor(door, world.gateway)] as const);
  doors = Object.fromEntries(await Promise.all(opened)) as typeof doors;
});
afterAll(async () => {
  await Promise.all(Object.values(doors ?? {}).map((door) => door.close()));
  await world?.close();
});

/** What differs from call to call without being a difference. */
const VOLATILE = [
  'age_seconds',
  'request_id',
  'task_id',
  'instance',
  'type',
  'title',
  'version',
  'sampled_at',
  'id',
  'moref',
  'queued_at',
  'started_at',
  'completed_at',
  'origin',
  'progress',
];

function without(value: unknown, fields: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => without(item, fields));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !fields.has(key));
  return Object.fromEntries(kept.map(([key, inner]) => [key, without(inner, fields)]));
}

describe('every door gives the same answer', () => {
  it.each(CASES.map((each) => [`${each.operation}: ${each.title}`, each] as const))('to %s', async (_title, each) => {
    const operation = operations.find(({ name }) => name === each.operation)!;
    const results: Partial<Record<DoorName, Result>> = {};
    for (const door of DOORS) {
      const result = await doors[door].call(operation, await each.input(world, door));
      expect(result.ok, `${door}: ${JSON.stringify(result.value)}`).toBe(each.fails !== true);
      expect(result.value, door).toMatchObject(each.expect(world));
      results[door] = result;
    }
    const fields = new Set([...VOLATILE, ...(each.differs ?? [])]);
    expect(without(results.rpc?.value, fields)).toEqual(without(results.rest?.value, fields));
    expect(without(results.mcp?.value, fields)).toEqual(without(results.rest?.value, fields));
  });

  it('and has a case for every operation', () => {
    const covered = new Set(CASES.map(({ operation }) => operation));
    expect(operations.filter(({ name }) => !covered.has(name)).map(({ name }) => name)).toEqual([]);
  });
});

describe('every write', () => {
  it.each(operations.filter(({ kind }) => kind === 'write').map((operation) => [operation.name, operation] as const))(
    '%s is refused to a key that may only read, with no SOAP call',
    async (name, operation) => {
      const key = await world.gateway.newKey(['read']);
      const input = await CASES.find((each) => each.operation === name)!.input(world, 'rest');
      for (const door of DOORS) {
        const client = await openDoor(door, world.gateway, key);
        await world.lab.resetStats();
        const { ok, value } = await client.call(operation, input);
        expect([ok, value.code, value.status], door).toEqual([false, 'scope_required', 403]);
        // What runs on a schedule, whoever calls: long polls, and the look for new tasks.
        const {
          WaitForUpdatesEx: _w,
          RetrievePropertiesEx: _r,
          ModifyListView: _m,
          ...others
        } = (await world.lab.stats()).method;
        expect(others, door).toEqual({});
        await client.close();
      }
    },
  );
});
