/** From the file, the environment and files of secrets to one checked `Config`, or every reason why not. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { type ConfigDocument, parseConfig } from './document.ts';
import { applyEnvironment } from './environment.ts';
import { ConfigError, type ConfigProblem, issueProblems, type Origin } from './problems.ts';
import { type Config, configSchema } from './schema.ts';
import { holdsSecret, isReadableByAll, readSecretFiles, reason } from './secrets.ts';
import { acceptsNull, pathText, type SettingPath, schemaAt } from './settings.ts';

export { ConfigError } from './problems.ts';

export interface LoadedConfig {
  config: Config;
  /** The file that was read, absolute; null when there is none. */
  file: string | null;
  /** What works but should be changed, e.g. a secret that everybody can read. */
  warnings: string[];
}

export interface LoadOptions {
  /** From --config; else VSG_CONFIG, else config.yaml in the working directory if there is one. */
  file?: string | undefined;
  env: NodeJS.ProcessEnv;
  /** Default: the process's. */
  cwd?: string | undefined;
}

/** Throws ConfigError with all that is wrong. */
export function loadConfig({ file: asked, env, cwd = process.cwd() }: LoadOptions): LoadedConfig {
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  const file = findFile(asked ?? (env['VSG_CONFIG'] || undefined), cwd);
  const base = file === null ? cwd : dirname(file);
  const document = file === null ? undefined : readDocument(file, cwd);
  const values = document?.values ?? {};
  dropEmpty(values, []);
  if (file !== null && holdsSecret(values) && isReadableByAll(file)) {
    warnings.push(`${file} holds a secret and everybody can read it: chmod 600, or use the _file settings`);
  }

  const variables = applyEnvironment(values, env, problems);
  const origin = originOf(document, variables);
  readSecretFiles(values, { base, origin, problems, warnings });
  const parsed = configSchema.safeParse(values);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.flatMap((issue) => issueProblems(issue, values, origin)));
    throw new ConfigError(problems);
  }
  const config = withAbsolutePaths(parsed.data, base);
  checkCertificateFiles(config, origin, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, file, warnings };
}

/** Serving needs a vCenter; the keys command does not. Throws ConfigError. */
export function requireVcenters({ config, file }: LoadedConfig): void {
  if (config.vcenters.length > 0) return;
  throw new ConfigError([
    {
      where: file ?? 'environment',
      setting: 'vcenters',
      message:
        'expected at least one vCenter or ESXi host, found none; add it to the file, or set VSG_VCENTER_URL, VSG_VCENTER_USERNAME and VSG_VCENTER_PASSWORD',
      example: [
        'vcenters:',
        '  - url: vc1.example.com',
        '    username: gateway@vsphere.local',
        '    password_file: /run/secrets/vcenter-password',
      ].join('\n'),
    },
  ]);
}

function findFile(asked: string | undefined, cwd: string): string | null {
  if (asked !== undefined) return resolve(cwd, asked);
  const usual = join(cwd, 'config.yaml');
  return existsSync(usual) ? usual : null;
}

function readDocument(file: string, cwd: string): ConfigDocument {
  const near = relative(cwd, file);
  const shown = near.startsWith('..') ? file : near;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([{ where: shown, message: `the file cannot be read (${reason(error)})` }]);
  }
  return parseConfig(text, shown);
}

/** `port:` with nothing behind it, or a section with every line commented out, counts as not written. */
function dropEmpty(value: unknown, path: SettingPath): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      dropEmpty(item, [...path, index]);
    });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) {
      const here = [...path, key];
      const schema = schemaAt(here);
      if (child === null && schema !== undefined && !acceptsNull(schema)) Reflect.deleteProperty(value, key);
      else dropEmpty(child, here);
    }
  }
}

function originOf(document: ConfigDocument | undefined, variables: ReadonlyMap<string, string>): Origin {
  const fromEnvironment = (path: SettingPath) => {
    const variable = variables.get(pathText(path));
    return variable === undefined ? undefined : `environment variable ${variable}`;
  };
  return {
    locate: (path) => fromEnvironment(path) ?? document?.locate(path) ?? 'environment',
    locateKey: (path) => fromEnvironment(path) ?? document?.locateKey(path) ?? 'environment',
  };
}

function withAbsolutePaths(config: Config, base: string): Config {
  const data_dir = resolve(base, config.data_dir);
  const { access, audit } = config;
  return {
    ...config,
    data_dir,
    access: { ...access, keys_file: resolve(data_dir, access.keys_file) },
    audit: { ...audit, file: audit.file === null ? null : resolve(data_dir, audit.file) },
    vcenters: config.vcenters.map((target) =>
      target.ca_file === undefined ? target : { ...target, ca_file: resolve(base, target.ca_file) },
    ),
  };
}

function checkCertificateFiles(config: Config, origin: Origin, problems: ConfigProblem[]): void {
  config.vcenters.forEach(({ ca_file }, index) => {
    if (ca_file === undefined) return;
    const setting: SettingPath = ['vcenters', index, 'ca_file'];
    const fault = (found: string) =>
      problems.push({
        where: origin.locate(setting),
        setting: pathText(setting),
        message: `expected a PEM file with certificates, found ${ca_file}, which ${found}`,
      });
    try {
      if (!readFileSync(ca_file, 'utf8').includes('-----BEGIN CERTIFICATE-----')) fault('has no certificate in it');
    } catch (error) {
      fault(`cannot be read (${reason(error)})`);
    }
  });
}
