import { expect, test } from 'vitest';
import { type Caller, hasScope, SCOPES, type Scope } from '../../src/access/caller.ts';

const caller = (...scopes: Scope[]): Caller => ({ key_id: 'k', owner: 'o', scopes: new Set(scopes) });

test.each(SCOPES)('a caller with %s has it and every lower scope, and no higher one', (held) => {
  const rank = SCOPES.indexOf(held);
  expect(SCOPES.filter((scope) => hasScope(caller(held), scope))).toEqual(SCOPES.slice(0, rank + 1));
});

test('a caller without scopes has none', () => {
  expect(SCOPES.filter((scope) => hasScope(caller(), scope))).toEqual([]);
});
