/** Wrong inputs, generated for every operation of the catalogue: refused with a reason that helps, and nothing is written. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, type Kind } from '../../src/live/model.ts';
import type { Operation } from '../../src/operation.ts';
import { operations } from '../../src/operations/index.ts';
import { CASES } from '../parity/cases.ts';
import { startWorld } from '../parity/world.ts';
import { openDoor } from '../support/doors.ts';
import { mutatingCalls } from '../support/soap-methods.ts';
import { referenceFields, type WrongInput, wrongInputs } from '../support/wrong-inputs.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

/** An input that the operation takes: that of its first case which is no error, or of any. */
async function rightInput({ name }: Operation): Promise<Record<string, unknown>> {
  const cases = CASES.filter((each) => each.operation === name);
  const each = cases.find(({ fails }) => fails !== true) ?? cases[0];
  const { dry_run: _dryRun, wait: _wait, ...input } = (await each?.input(world, 'rpc')) ?? {};
  return input;
}

/** Objects of other kinds than the field takes, as far as its name or its present value tells that. */
function wrongKinds(operation: Operation, right: Record<string, unknown>): WrongInput[] {
  const { inventory } = world.gateway.app.services;
  const kindOf = (field: string): Kind | undefined =>
    KINDS.find((kind) => kind === field) ?? inventory.find(String(right[field]))?.kind;
  return referenceFields(operation).flatMap((field) => {
    const kind = kindOf(field);
    if (kind === undefined) return [];
    // A host is a place for a VM where a cluster or pool is, and a datacenter holds folders: only what never fits.
    const other = kind === 'vm' ? 'datastore' : 'vm';
    const id = inventory.all(other)[0]!.id;
    const input = { ...right, [field]: id };
    return [{ title: `${field}: a ${other}`, field, input, verdict: 'wrong' as const }];
  });
}

interface Answered {
  status: number;
  problem: { code?: string; detail?: string; errors?: { pointer: string; message: string }[] };
}

/** What must hold of every refusal, on every door. */
function complaint({ field, verdict }: WrongInput, { status, problem }: Answered): string | undefined {
  if (status >= 500) return `${status} ${problem.code}: ${problem.detail}`;
  if (status < 300) return verdict === 'maybe' ? undefined : 'it was accepted';
  const { code, detail = '', errors } = problem;
  if (detail.length < 20 || !detail.endsWith('.')) return `its detail does not help: '${detail}'`;
  if (/\p{Cc}/u.test(detail)) return `its detail holds control characters: ${JSON.stringify(detail)}`;
  if (/\[object|NaN|undefined/.test(detail)) return `its detail is garbled: '${detail}'`;
  if (detail.length > 3_000) return `its detail has ${detail.length} characters`;
  if (code === 'invalid_input' && verdict === 'wrong' && errors === undefined) return 'it points at no field';
  const pointed = errors?.some(({ pointer }) => pointer === '' || pointer.split('/')[1] === field);
  if (code === 'invalid_input' && verdict === 'wrong' && pointed === false) {
    return `it points at ${errors?.map(({ pointer }) => pointer).join(', ')}`;
  }
  return undefined;
}

/** Hostile texts may be legal where a text is free: then only a dry run may be made of it. */
function sent(operation: Operation, { input, verdict }: WrongInput): Record<string, unknown> {
  return operation.kind === 'write' && verdict === 'maybe' ? { ...input, dry_run: true } : input;
}

/** Items of one JSON-RPC batch, within the standard limit. */
const BATCH = 50;

async function byRpc(operation: Operation, wrong: readonly WrongInput[]): Promise<(string | undefined)[]> {
  const complaints: (string | undefined)[] = [];
  for (let from = 0; from < wrong.length; from += BATCH) {
    const portion = wrong.slice(from, from + BATCH);
    const body = portion.map((each, id) => ({
      jsonrpc: '2.0',
      id,
      method: operation.name,
      params: sent(operation, each),
    }));
    const answer = await world.gateway.post('/rpc', body);
    expect(answer.status).toBe(200);
    for (const [id, each] of portion.entries()) {
      const { error } = answer.body.find((one: { id: number }) => one.id === id);
      complaints.push(complaint(each, { status: error?.data.status ?? 200, problem: error?.data ?? {} }));
    }
  }
  return complaints;
}

const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(text);

/** In an address everything is a text, and what is empty is another address. */
function fitsRest({ http }: Operation, { field, input }: WrongInput): boolean {
  const value = input[field];
  if (http.includes(`{${field}}`)) return typeof value === 'string' && value !== '' && isWellFormed(value);
  if (!/^(GET|DELETE)/.test(http)) return true;
  return !(field in input) || (typeof value === 'string' && isWellFormed(value));
}

/** What cannot be told apart in a query: a list of one and a text, a number and its digits. */
const isTextInQuery = ({ http, schemas }: Operation, { field, input }: WrongInput): boolean => {
  const schema = (schemas.input['properties'] as Record<string, { type?: string }>)[field];
  return /^(GET|DELETE)/.test(http) && schema?.type === 'array' && typeof input[field] === 'string';
};

async function byRest(operation: Operation, wrong: readonly WrongInput[]): Promise<(string | undefined)[]> {
  const door = await openDoor('rest', world.gateway);
  const complaints: (string | undefined)[] = [];
  for (const each of wrong) {
    if (!fitsRest(operation, each) || isTextInQuery(operation, each)) continue;
    const { ok, value } = await door.call(operation, sent(operation, each));
    const found = complaint(each, { status: ok ? 200 : value.status, problem: value });
    complaints.push(found === undefined ? undefined : `rest, ${each.title}: ${found}`);
  }
  return complaints;
}

describe('wrong input', () => {
  it.each(operations.map((operation) => [operation.name, operation] as const))(
    'to %s is refused with a reason and no write',
    async (_name, operation) => {
      const right = await rightInput(operation);
      const wrong = [...wrongInputs(operation, right), ...wrongKinds(operation, right)];
      await world.lab.resetStats();

      const rpc = await byRpc(operation, wrong);
      const named = rpc.map((found, index) => found && `rpc, ${wrong[index]?.title}: ${found}`);
      expect(named.filter((found) => found !== undefined)).toEqual([]);
      expect((await byRest(operation, wrong)).filter((found) => found !== undefined)).toEqual([]);

      expect(mutatingCalls(await world.lab.stats())).toEqual([]);
    },
  );

  it('is generated for every kind of field', () => {
    const power = operations.find(({ name }) => name === 'vm.power')!;
    const titles = wrongInputs(power, { vm: 'lab:vm-1', action: 'on' }).map(({ title }) => title);
    expect(titles).toEqual(
      expect.arrayContaining([
        'an unknown field',
        'no vm',
        'no action',
        'action: "no-such-word"',
        'wait: 61',
        'vm: 4.5',
      ]),
    );
  });
});
