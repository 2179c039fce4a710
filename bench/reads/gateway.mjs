/** In a process of its own: the gateway as it is run in production, with the limits too high to be met. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newKey } from '../../dist/src/access/key-format.js';
import { buildApp } from '../../dist/src/app.js';
import { configSchema } from '../../dist/src/config/schema.js';
import { createLog } from '../../dist/src/log.js';
import { input, serving } from '../support/child.mjs';

const HUGE = { requests: 1_000_000_000 };

const { vcenter } = await input();
const dataDir = await mkdtemp(join(tmpdir(), 'vsphere-gateway-bench-'));
const { key } = newKey();
const config = configSchema.parse({
  listen: { port: 0 },
  data_dir: dataDir,
  vcenters: [vcenter],
  access: { bootstrap_key: key },
  limits: { per_address: HUGE, per_key: HUGE },
  // Work in the background is not the requests'; one poll comes before them, and the next after the bench.
  metrics: { enabled: false },
  inventory: { poll_interval: 3_600 },
});
const app = await buildApp(config, { log: createLog(config.log) });
const url = await app.start();
const { inventory } = app.services;
const complete = () => {
  const [vm] = inventory.all('vm');
  return vm !== undefined && inventory.polled(vm.id) !== undefined;
};
while (!complete()) await new Promise((resolve) => setTimeout(resolve, 50));

serving({ url, key }, async () => {
  await app.close();
  await rm(dataDir, { recursive: true, force: true });
});
