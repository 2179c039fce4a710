/** All cases of the parity suite. */
import { basics } from './basics.ts';
import type { Case } from './case.ts';

export const CASES: readonly Case[] = [...basics];
