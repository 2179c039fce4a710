/** `config check`: reads the configuration as `serve` would, and says what is wrong or what is set. */

import { parseArgs } from 'node:util';
import { ConfigError, type LoadedConfig, loadConfig, requireVcenters } from '../config/load.ts';
import type { Config, VcenterConfig } from '../config/schema.ts';
import { EXIT, type Output } from './output.ts';

const USAGE = 'Usage: config check [--config FILE]';

/**
 * @param argv what follows `config`, so that `check` comes first.
 * @returns the exit code: 0 when `serve` would start with it, 1 when not, 2 for a wrong command line.
 */
export async function runConfigCheck(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  out: Output,
  cwd?: string,
): Promise<number> {
  const file = readArguments(argv);
  if (file === null) {
    out.tell(USAGE);
    return EXIT.usage;
  }
  try {
    const loaded = loadConfig({ file, env, cwd });
    requireVcenters(loaded);
    for (const warning of loaded.warnings) out.tell(`Warning: ${warning}`);
    out.print(summary(loaded));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    out.tell(error.message);
    return EXIT.failed;
  }
}

/** The file asked for, undefined for the usual one, null when the arguments make no sense. */
function readArguments(argv: readonly string[]): string | undefined | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { config: { type: 'string' } },
    });
    return positionals.join(' ') === 'check' ? values.config : null;
  } catch {
    return null;
  }
}

function summary({ config, file }: LoadedConfig): string {
  const { listen, access, limits, audit, log } = config;
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  const lines: [string, string][] = [
    ['listen', `http://${host}:${listen.port}`],
    ...config.vcenters.map((target): [string, string] => [`vcenter ${target.name}`, vcenterLine(target)]),
    ['keys', `${access.keys_file}${access.bootstrap_key === undefined ? '' : ' and a bootstrap key'}`],
    ['limits', `${rate(limits.per_address)} for an address, ${rate(limits.per_key)} for a key`],
    ['audit', audit.file ?? 'off'],
    ['log', `${log.level}, ${log.format}`],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return [
    `OK: ${file ?? 'no file; defaults and the environment'}`,
    ...lines.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
  ].join('\n');
}

function vcenterLine({ url, username, insecure, pins, ca_file }: VcenterConfig): string {
  const trust = [ca_file, pins.length > 0 ? `${pins.length} pins` : undefined].filter((part) => part !== undefined);
  const how = insecure ? 'INSECURE: any certificate is trusted' : trust.join(' and ') || "the system's certificates";
  return `${url} as ${username}; ${how}`;
}

function rate({ requests, window }: Config['limits']['per_key']): string {
  return requests === null ? 'no limit' : `${requests} requests in ${window} s`;
}
