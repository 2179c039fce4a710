/** The first load of an inventory: the gateway, the simulator's own time, and pyVmomi, in turn. */
import { WATCHED } from '../../dist/src/live/inventory/properties.js';
import { preparePython } from '../peers/python.mjs';
import { measureIn } from '../support/child.mjs';
import { ratio, ratioText, spread, table } from '../support/report.mjs';

const INVENTORY = new URL('./inventory.mjs', import.meta.url);
const PROCESS = new URL('./process.mjs', import.meta.url);
const CONVERSATION = new URL('./conversation.mjs', import.meta.url);

/** Runs one contender and adds what it cost the simulator. */
async function counted(vcenter, run) {
  await vcenter.resetStats();
  const figures = await run();
  const { calls, bytes_out, cpu_seconds } = await vcenter.stats();
  return { ...figures, calls, megabytes: bytes_out / 1e6, simulator_cpu_ms: cpu_seconds * 1_000 };
}

export async function measure(vcenter, { rounds, profile }) {
  const python = await preparePython();
  const { config, ca } = vcenter;
  const contenders = {
    gateway: () => measureIn(INVENTORY, { vcenter: config }, { profile }),
    process: () => measureIn(PROCESS, { vcenter: config }),
    simulator: () => measureIn(CONVERSATION, { vcenter: config, ca }),
    ...(python.load && { pyvmomi: () => python.load({ ...config, properties: WATCHED }) }),
  };
  const results = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(contenders)) results[name].push(await counted(vcenter, run));
  }
  print(vcenter, results, python);
  return { hosts: vcenter.hosts, python: python.about, ...results };
}

function print({ vms, hosts }, results, python) {
  const { gateway, process: whole, simulator, pyvmomi } = results;
  console.log(`\nload: ${vms} VMs and ${hosts} hosts over TLS, ${gateway.length} rounds, min/median`);
  const row = (name, rounds) => [
    name,
    spread(rounds, 'ms'),
    spread(rounds, 'cpu_ms'),
    spread(rounds, 'simulator_cpu_ms'),
    spread(rounds, 'rss_mib'),
    spread(rounds, 'stall_ms', 1),
    spread(rounds, 'stall_cpu_ms', 1),
    spread(rounds, 'calls'),
    spread(rounds, 'megabytes', 1),
  ];
  const heads = ['ms', 'CPU ms', 'simulator CPU ms', 'peak RSS MiB', 'longest stall ms', 'CPU in it', 'calls', 'MB'];
  table([
    ['', ...heads],
    row('gateway, inventory', gateway),
    row('gateway, whole process', whole),
    row('simulator, drained', simulator),
    ...(pyvmomi ? [row(python.about, pyvmomi)] : []),
  ]);
  if (!pyvmomi) console.log(`pyVmomi is missing: ${python.missing}`);
  console.log(`gateway : simulator   ${ratioText(ratio(gateway, simulator, 'ms'))}, wanted at most 1.5`);
  if (pyvmomi) console.log(`gateway : pyVmomi     ${ratioText(ratio(gateway, pyvmomi, 'ms'))}`);
  console.log(`longest stall         ${spread(gateway, 'stall_ms', 1)} ms, wanted at most 50`);
  console.log(`heap kept             ${spread(gateway, 'heap_bytes_per_vm')} bytes a VM, wanted at most 4096`);
}
