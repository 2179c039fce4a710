/** `npm run bench`: the gateway beside its floors and its peers, measured in one run. See docs/performance.md. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine, save } from './support/report.mjs';

const USAGE = `npm run bench -- [load] [reads] [options]       both parts, unless one is named
  --vms N       VMs of the simulated vCenter (10000; with --quick 1000)
  --rounds N    repetitions of each measurement (5; with --quick 2)
  --seconds N   length of one round of reads (4; with --quick 1)
  --quick       a first look in a minute
  --profile     leave CPU profiles of the gateway in bench/results/
  --no-build    measure dist/ as it is
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    vms: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    build: { type: 'boolean', default: true },
    help: { type: 'boolean', default: false },
  },
  allowNegative: true,
});

const PARTS = ['load', 'reads'];
const parts = positionals.length === 0 ? PARTS : positionals;
if (values.help || parts.some((part) => !PARTS.includes(part))) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}

const number = (given, usual, quick) => Number(given ?? (values.quick ? quick : usual));
const options = {
  vms: number(values.vms, 10_000, 1_000),
  rounds: number(values.rounds, 5, 2),
  seconds: number(values.seconds, 4, 1),
  profile: values.profile,
};

if (values.build) {
  const build = fileURLToPath(new URL('../tools/build.mjs', import.meta.url));
  execFileSync(process.execPath, [build], { stdio: 'inherit' });
}
// Only now: what follows imports what was built.
const { startVcenter } = await import('./support/vcenter.mjs');

const about = machine();
console.log(about.text);
console.log(`Starting a simulated vCenter with ${options.vms} VMs …`);
const vcenter = await startVcenter(options.vms);
try {
  const results = {};
  for (const part of parts) {
    const { measure } = await import(`./${part}/measure.mjs`);
    results[part] = await measure(vcenter, options);
  }
  console.log(`\nAll figures: ${save({ ...about, options, ...results })}`);
} finally {
  await vcenter.stop();
}
