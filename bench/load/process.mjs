/** In a process of its own: the whole gateway from start() until its inventory is complete, hub, tasks and metrics at work besides. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../../dist/src/app.js';
import { configSchema } from '../../dist/src/config/schema.js';
import { createLog } from '../../dist/src/log.js';
import { done, input } from '../support/child.mjs';
import { watchStalls } from '../support/stalls.mjs';

const { vcenter } = await input();
const dataDir = await mkdtemp(join(tmpdir(), 'vsphere-gateway-bench-'));
const config = configSchema.parse({ listen: { port: 0 }, data_dir: dataDir, vcenters: [vcenter] });
const app = await buildApp(config, { log: createLog(config.log) });
const { inventory } = app.services;
const ready = new Promise((resolve) => {
  inventory.onStatus((status) => status.ready && resolve());
});

const cpuBefore = process.cpuUsage();
const began = performance.now();
await app.start();
// Before it listens, there is nobody whom a stall could hold up.
const stalls = watchStalls();
await ready;
const ms = performance.now() - began;
const { user, system } = process.cpuUsage(cpuBefore);
const stall = stalls.stop();
const rss = process.resourceUsage().maxRSS / 1_024;
await app.close();
await rm(dataDir, { recursive: true, force: true });
done({ ms, cpu_ms: (user + system) / 1_000, rss_mib: rss, ...stall });
