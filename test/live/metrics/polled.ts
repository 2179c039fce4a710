/** A lab whose counters are read, for tests. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { VcenterConfig } from '../../../src/config/schema.ts';
import { Inventory } from '../../../src/live/inventory/inventory.ts';
import { Metrics, type MetricsDeps, type Tick } from '../../../src/live/metrics/metrics.ts';
import { Target, type TargetDeps } from '../../../src/vsphere/target.ts';
import { type Lab, type LabOptions, startLab } from '../../support/lab.ts';

export const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' });

/** Rounds four times a second; the samples of the lab are 20 s apart all the same. */
const SETTINGS: MetricsDeps['settings'] = {
  enabled: true,
  interval: 0.25,
  retention: 3_600,
  max_query_metrics: 256,
  concurrency: 2,
  public_endpoint: false,
};

export interface Polled {
  lab: Lab;
  target: Target;
  inventory: Inventory;
  metrics: Metrics;
  ticks: Tick[];
  close(): Promise<void>;
}

/** Connects a gateway's inventory and metrics to a vCenter, without starting them. */
export function connect(
  config: VcenterConfig,
  settings: Partial<MetricsDeps['settings']> = {},
  onCall?: TargetDeps['onCall'],
): Omit<Polled, 'lab'> {
  const target = new Target(config, { log, userAgent: 'vsphere-gateway/test', ...(onCall && { onCall }) });
  const inventory = new Inventory({ targets: [target], settings: { poll_interval: 60, resync_hours: 24 }, log });
  const metrics = new Metrics({ targets: [target], inventory, settings: { ...SETTINGS, ...settings }, log });
  const ticks: Tick[] = [];
  metrics.onTick((tick) => ticks.push(tick));
  const close = async () => {
    await metrics.close();
    await inventory.close();
    await target.close();
  };
  return { target, inventory, metrics, ticks, close };
}

/** A lab and what reads it, started. */
export async function startPolled(
  lab: LabOptions,
  settings: Partial<MetricsDeps['settings']> = {},
  onCall?: TargetDeps['onCall'],
): Promise<Polled> {
  const running = await startLab({ args: ['-still'], ...lab });
  const { close, ...parts } = connect(running.config(), settings, onCall);
  parts.inventory.start();
  parts.metrics.start();
  return {
    lab: running,
    ...parts,
    close: async () => {
      await close();
      await running.stop();
    },
  };
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 20_000; !(await holds()); await sleep(20)) {
    if (Date.now() > end) throw new Error(`in vain waited for: ${what}`);
  }
}

/** Waits for the end of so many more rounds. */
export async function rounds(metrics: Metrics, count: number): Promise<void> {
  const health = () => metrics.health('lab');
  // The round that runs at the moment began before the caller's change.
  const before = health()?.rounds ?? 0;
  await until(() => (health()?.rounds ?? 0) > before + count, `${count} rounds`);
}
