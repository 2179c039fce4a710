/** The command line: `serve` (default), `demo`, `keys`, `config check`. */
import { parseArgs } from 'node:util';
import closeWithGrace from 'close-with-grace';
import { buildApp } from './app.ts';
import { runConfigCheck } from './cli/config-check.ts';
import { runKeys } from './cli/keys.ts';
import type { Output } from './cli/output.ts';
import { ConfigError, type LoadedConfig, loadConfig, requireVcenters } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { runDemo } from './demo/demo.ts';
import { createLog } from './log.ts';
import { VERSION } from './version.ts';

const USAGE = `vsphere-gateway ${VERSION}

  serve [--config FILE]      start the gateway (default); --config or VSG_CONFIG, else ./config.yaml
  demo [--help]              start a vSphere simulator and a gateway in front of it
  keys create|list|revoke    manage API keys
  config check               check the configuration, and do nothing else
  --version, --help
`;

/** How long running requests may take to end, once the process is told to stop. */
const GRACE_MS = 25_000;

async function serve(loaded: LoadedConfig): Promise<number> {
  requireVcenters(loaded);
  const { config } = loaded;
  const log = createLog(config.log);
  for (const warning of loaded.warnings) log.warn(warning);
  for (const vcenter of config.vcenters.filter((each) => each.insecure)) {
    log.warn(
      { vcenter: vcenter.name },
      'INSECURE: the TLS certificate of this vCenter is not verified (insecure: true)',
    );
  }
  const app = await buildApp(config, { log });
  const stop = closeWithGrace({ delay: GRACE_MS, logger: false }, async ({ err, signal }) => {
    if (err !== undefined) log.fatal({ err }, 'stopping after an error that nothing caught');
    else log.info({ signal }, 'stopping');
    await app.close();
  });
  try {
    const url = await app.start();
    log.info(
      { url, version: VERSION, vcenters: config.vcenters.map(({ name, url: at }) => ({ name, url: at })) },
      'listening',
    );
    if ((await app.keys.list()).length === 0 && config.access.bootstrap_key === undefined) {
      log.warn('there are no API keys yet; make one: npm run keys -- create --owner NAME --scopes read,operate');
    }
  } catch (error) {
    stop.uninstall();
    await app.close();
    throw listenError(error, config);
  }
  return 0;
}

/** What went wrong with the address, in the words of the configuration. */
function listenError(error: unknown, { listen }: Config): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const problem = (setting: string, message: string) => new ConfigError([{ where: 'listen', setting, message }]);
  if (code === 'EADDRINUSE')
    return problem('listen.port', `port ${listen.port} on ${listen.host} is taken; set another (or VSG_LISTEN__PORT)`);
  if (code === 'EACCES') return problem('listen.port', `port ${listen.port} needs privileges; set one above 1023`);
  if (code === 'EADDRNOTAVAIL') return problem('listen.host', `${listen.host} is no address of this machine`);
  return error;
}

const OUT: Output = {
  print: (text) => process.stdout.write(`${text}\n`),
  tell: (text) => process.stderr.write(`${text}\n`),
};

/** `--config FILE` among the arguments of a command that has other options, too. */
function configOption(args: string[]): string | undefined {
  const { values } = parseArgs({ args, options: { config: { type: 'string' } }, strict: false });
  return typeof values.config === 'string' ? values.config : undefined;
}

/** @returns the exit code; a server that runs keeps the process alive by itself. */
async function main(argv: string[]): Promise<number> {
  const [command = 'serve', ...rest] = argv;
  if (command === '--help' || command === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (command === '--version') {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  if (command === 'demo') return runDemo(rest);
  if (command === 'keys') return runKeys(rest, loadConfig({ file: configOption(rest), env: process.env }).config, OUT);
  if (command === 'config' && rest[0] === 'check') return runConfigCheck(rest, process.env, OUT);
  if (command === 'serve' || command.startsWith('--')) {
    const { values } = parseArgs({ args: command === 'serve' ? rest : argv, options: { config: { type: 'string' } } });
    return serve(loadConfig({ file: values.config, env: process.env }));
  }
  process.stderr.write(`There is no command '${argv.join(' ')}'.\n\n${USAGE}`);
  return 2;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const expected =
    error instanceof ConfigError ||
    (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
  process.stderr.write(`${expected ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
}
