/** In a process of its own: the gateway's inventory from start() until it is complete. */
import { pino } from 'pino';
import { configSchema } from '../../dist/src/config/schema.js';
import { Inventory } from '../../dist/src/live/inventory/inventory.js';
import { Target } from '../../dist/src/vsphere/target.js';
import { done, input } from '../support/child.mjs';
import { watchStalls } from '../support/stalls.mjs';

const { vcenter } = await input();
const config = configSchema.parse({ vcenters: [vcenter] });
const log = pino({ level: 'warn' }, pino.destination(2));
const target = new Target(config.vcenters[0], { log, userAgent: 'vsphere-gateway-bench' });
const inventory = new Inventory({ targets: [target], settings: config.inventory, log });

const heap = () => {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const heapBefore = heap();
const cpuBefore = process.cpuUsage();
const stalls = watchStalls();
const began = performance.now();
inventory.start();
await new Promise((resolve) => {
  inventory.onStatus(({ ready }) => ready && resolve());
});
const ms = performance.now() - began;
const { user, system } = process.cpuUsage(cpuBefore);
const stall = stalls.stop();
const rss = process.resourceUsage().maxRSS / 1_024;
const vms = inventory.count('vm');
await inventory.close();
const kept = heap() - heapBefore;
await target.close();
done({ ms, cpu_ms: (user + system) / 1_000, rss_mib: rss, ...stall, vms, heap_bytes_per_vm: kept / vms });
