/** An inventory that follows a lab, directly or through the fault proxy, and what it told its listeners. */
import { pino } from 'pino';
import { onTestFinished, vi } from 'vitest';
import type { VcenterConfig } from '../../../src/config/schema.ts';
import { Inventory } from '../../../src/live/inventory/inventory.ts';
import type { Change, InventoryStatus, VmRecord } from '../../../src/live/model.ts';
import { Target } from '../../../src/vsphere/target.ts';

export interface Followed {
  inventory: Inventory;
  target: Target;
  /** All changes since `forget`. */
  changes: Change[];
  statuses: InventoryStatus[];
  /** Calls by method since `forget`. */
  calls: Map<string, number>;
  forget(): void;
  ready(): Promise<void>;
  close(): Promise<void>;
}

const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' });

/** Starts it; it is closed when the test ends, if not before. */
export function follow(
  configs: VcenterConfig | VcenterConfig[],
  settings: { poll_interval?: number; resync_hours?: number } = {},
): Followed {
  const calls = new Map<string, number>();
  const onCall = (_: string, { method }: { method: string }) => calls.set(method, (calls.get(method) ?? 0) + 1);
  const targets = [configs].flat().map((config) => new Target(config, { log, userAgent: 'inventory-test/1', onCall }));
  const inventory = new Inventory({ targets, settings: { poll_interval: 3_600, resync_hours: 24, ...settings }, log });
  const changes: Change[] = [];
  const statuses: InventoryStatus[] = [];
  inventory.onChange((some) => changes.push(...some));
  inventory.onStatus((status) => statuses.push(status));
  inventory.start();
  const close = async () => {
    await inventory.close();
    await Promise.all(targets.map((target) => target.close()));
  };
  onTestFinished(close);
  return {
    inventory,
    target: targets[0]!,
    changes,
    statuses,
    calls,
    forget: () => {
      changes.length = 0;
      statuses.length = 0;
      calls.clear();
    },
    ready: () => until(() => inventory.statuses().every(({ ready, stale }) => ready && !stale)),
    close,
  };
}

/** Waits for a condition, and for what is told right after it became true. */
export async function until(condition: () => boolean, timeout = 15_000): Promise<void> {
  await vi.waitFor(
    () => {
      if (!condition()) throw new Error(`not yet: ${condition}`);
    },
    { timeout, interval: 10 },
  );
}

export function vmNamed(inventory: Inventory, name: string): VmRecord | undefined {
  return inventory.all('vm').find((vm) => vm.name === name);
}
