/** What an operation may reach. Only what operations use stands here. */
import type { Caller } from './access/caller.ts';
import type { Config } from './config/schema.ts';
import type { Inventory } from './live/inventory/inventory.ts';
import type { Metrics } from './live/metrics/metrics.ts';
import type { Tasks } from './live/tasks/tasks.ts';
import type { Target } from './vsphere/target.ts';

export type Door = 'rest' | 'rpc' | 'mcp';

/** What all calls share. */
export interface Services {
  readonly inventory: Inventory;
  readonly metrics: Metrics;
  readonly tasks: Tasks;
  readonly targets: ReadonlyMap<string, Target>;
  /** What new VMs get where a request does not say. */
  readonly provisioning: Config['provisioning'];
  readonly version: string;
  readonly startedAt: Date;
}

/** One call through one door. */
export interface Call {
  readonly caller: Caller;
  readonly door: Door;
  readonly requestId: string;
  /** Ends when the client leaves. It stops waiting, never a vSphere task. */
  readonly signal: AbortSignal;
}

export interface Context extends Services, Call {
  /** Name of the operation that runs. */
  readonly operation: string;
}
