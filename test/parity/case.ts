/** What a case of the parity suite is: one operation, one input for each door, and what must come of it. */
import type { VmRecord } from '../../src/live/model.ts';
import type { DoorName } from '../support/doors.ts';
import type { Gateway } from '../support/gateway.ts';
import type { Lab } from '../support/lab.ts';

/** What all cases share: one lab, one gateway. */
export interface World {
  lab: Lab;
  gateway: Gateway;
  /** Some VM in a power state, no template. Other cases see it, too: only look. */
  some(state: VmRecord['power_state']): VmRecord;
  /** A VM in a power state that no other case and no other door gets: do with it what you like. */
  own(state: VmRecord['power_state']): VmRecord;
}

export interface Case {
  operation: string;
  title: string;
  /** Called once for each door, so that each can have an object of its own. */
  input(world: World, door: DoorName): Record<string, unknown> | Promise<Record<string, unknown>>;
  /** What the result, or the problem, must hold; `toMatchObject`. */
  expect(world: World): Record<string, unknown>;
  /** The case is an error. */
  fails?: true;
  /** Fields that differ between the doors because each had its own object. */
  differs?: readonly string[];
}
