/** All cases of the parity suite. */
import { basics } from './basics.ts';
import type { Case } from './case.ts';
import { guest } from './guest.ts';
import { hardware } from './hardware.ts';
import { inventory } from './inventory.ts';
import { lifecycle } from './lifecycle.ts';
import { provision } from './provision.ts';
import { snapshots } from './snapshots.ts';

export const CASES: readonly Case[] = [
  ...basics,
  ...hardware,
  ...guest,
  ...inventory,
  ...lifecycle,
  ...provision,
  ...snapshots,
];
