/** What is wrong with a configuration, in words that say where it is and what would be right. */

import { stringify } from 'yaml';
import type { z } from 'zod';
import {
  exampleFor,
  expectedAt,
  isSecret,
  isText,
  pathText,
  type SettingPath,
  schemaAt,
  settingNames,
  valueAt,
} from './settings.ts';

export interface ConfigProblem {
  /** `config.yaml:3:9`, or the name of the environment variable. */
  where: string;
  /** `listen.port` */
  setting?: string;
  message: string;
  /** YAML that would be right. */
  example?: string | undefined;
}

/** Everything that is wrong with a configuration, at once. Its text never holds the value of a secret. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(problemText).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

function problemText({ where, setting, message, example }: ConfigProblem): string {
  const lines = [`${where}: ${setting === undefined ? '' : `${setting}: `}${message}`];
  if (example !== undefined) lines.push('  for example:', ...example.split('\n').map((line) => `    ${line}`));
  return lines.join('\n');
}

/** Where values came from. */
export interface Origin {
  locate(path: SettingPath): string;
  locateKey(path: SettingPath): string;
}

/** One issue of zod, as one problem for each setting it is about. */
export function issueProblems(issue: z.core.$ZodIssue, values: unknown, origin: Origin): ConfigProblem[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownSetting([...path, key], origin.locateKey([...path, key])));
  }
  const value = valueAt(values, path);
  const ownWords = issue.code === 'custom' || issue.code === 'invalid_format';
  const expected = ownWords ? issue.message : expectedAt(path);
  const required = value === undefined && issue.code === 'invalid_type';
  return [
    {
      where: origin.locate(path),
      setting: pathText(path),
      message: `expected ${expected}, found ${found(value, path)}${required ? hint(path) : ''}`,
      example: exampleText(path),
    },
  ];
}

/** A setting that does not exist, with the name that was probably meant. */
export function unknownSetting(path: SettingPath, where: string): ConfigProblem {
  const name = String(path.at(-1));
  const section = path.slice(0, -1);
  const names = settingNames(section) ?? [];
  const near = nearest(name, names);
  const place = section.length === 0 ? 'at the top level' : `in ${pathText(section)}`;
  const advice = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`;
  return {
    where,
    setting: pathText(path),
    message: `there is no setting ${name} ${place}; ${advice}`,
    example: near === undefined ? undefined : exampleText([...section, near]),
  };
}

/** The last part of a path with a value that would do, as YAML. */
export function exampleText(path: SettingPath): string | undefined {
  const name = path.findLast((part) => typeof part === 'string');
  if (isSecret(path)) return `${name}_file: /run/secrets/${String(name).replaceAll('_', '-')}`;
  const example = exampleFor(path);
  return name === undefined || example === undefined ? undefined : stringify({ [name]: example }).trimEnd();
}

function hint(path: SettingPath): string {
  const name = path.join('__').toUpperCase();
  return isSecret(path) ? `; set it, ${pathText(path)}_file or VSG_${name}` : `; set it or VSG_${name}`;
}

/** The offending value, short, and never a secret: not even the user name and password of an address. */
function found(value: unknown, path: SettingPath): string {
  const schema = schemaAt(path);
  if (value === undefined) {
    const whenAbsent = schema?.safeParse(undefined);
    return whenAbsent?.success ? `${JSON.stringify(whenAbsent.data)}, the default` : 'nothing';
  }
  const text = JSON.stringify(value).replace(/\/\/[^/]*@/, '//…@');
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  const shown = isSecret(path) || typeof value === 'object' ? kindOf(value) : short;
  const unquoted = typeof value !== 'string' && schema !== undefined && isText(schema);
  return unquoted ? `${shown}: put it in quotes` : shown;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return (
    { object: 'a section', string: 'a text of another form', number: 'a number' }[String(typeof value)] ?? 'a switch'
  );
}

/** The name that a slip of the finger away, if there is one. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const ranked = names.map((candidate) => ({ candidate, steps: distance(name.toLowerCase(), candidate) }));
  const best = ranked.sort((a, b) => a.steps - b.steps)[0];
  return best !== undefined && best.steps <= Math.max(2, name.length / 3) ? best.candidate : undefined;
}

/** Levenshtein's: insertions, deletions and replacements between two words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
