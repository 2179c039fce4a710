/** Settings from the environment: `VSG_LISTEN__PORT=9000` is listen.port, `VSG_VCENTER_…` a single vCenter. */

import { parse } from 'yaml';
import type { z } from 'zod';
import { type ConfigProblem, nearest, unknownSetting } from './problems.ts';
import {
  acceptsNull,
  isList,
  isSecret,
  isText,
  pathText,
  type SettingPath,
  schemaAt,
  settingNames,
  valueAt,
} from './settings.ts';

const PREFIX = 'VSG_';
const SINGLE = 'VSG_VCENTER_';

/** Variables with a meaning of their own. */
const NOT_SETTINGS = new Set(['VSG_CONFIG']);

/** Kubernetes puts such variables beside a service that happens to be called vsg. */
const SERVICE_LINK = /^VSG_(?:SERVICE_(?:HOST|PORT)|PORT)(?:_|$)/;

/**
 * Lays all VSG_ variables over `values`; an empty one counts as not set. Returns which variable set which setting
 * (by `listen.port`).
 */
export function applyEnvironment(
  values: Record<string, unknown>,
  env: NodeJS.ProcessEnv,
  problems: ConfigProblem[],
): Map<string, string> {
  const setBy = new Map<string, string>();
  const several = Array.isArray(values['vcenters']) && values['vcenters'].length > 1;
  for (const [variable, text] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!variable.startsWith(PREFIX) || text === undefined || text === '') continue;
    if (NOT_SETTINGS.has(variable) || SERVICE_LINK.test(variable)) continue;
    const where = `environment variable ${variable}`;
    const path = pathOf(variable);
    const schema = schemaAt(path);
    const parts = settingNames(path);
    if (schema === undefined) {
      problems.push(unknownVariable(where, path));
    } else if (parts !== undefined) {
      const message = `it names a section; name a setting in it: ${parts.map((part) => `${variable}__${part.toUpperCase()}`).join(', ')}`;
      problems.push({ where, message });
    } else if (several && variable.startsWith(SINGLE)) {
      problems.push({
        where,
        message: 'the file has several vCenters; name the one that is meant: VSG_VCENTERS__0__…',
      });
    } else if (setAt(values, path, readValue(text, schema))) {
      setBy.set(pathText(path), variable);
    } else {
      problems.push({ where, message: `there is no room for ${pathText(path)}: the entries before it are missing` });
    }
  }
  for (const variable of setBy.values()) dropOtherForm(values, pathOf(variable), setBy);
  return setBy;
}

/** False when a list would get a hole, or when something else stands where a section belongs. */
function setAt(values: Record<string, unknown>, path: SettingPath, value: unknown): boolean {
  let container: object = values;
  for (const [index, part] of path.entries()) {
    if (Array.isArray(container) && Number(part) > container.length) return false;
    if (index === path.length - 1) return Reflect.set(container, part, value);
    let next: unknown = Reflect.get(container, part);
    if (next === undefined) {
      next = typeof path[index + 1] === 'number' ? [] : {};
      Reflect.set(container, part, next);
    }
    if (typeof next !== 'object' || next === null) return false;
    container = next;
  }
  return false;
}

/** A password from the environment replaces the file's password_file, and the other way round. */
function dropOtherForm(values: unknown, path: SettingPath, setBy: ReadonlyMap<string, string>): void {
  const name = String(path.at(-1));
  const section = path.slice(0, -1);
  const other = isSecret(path) ? `${name}_file` : name.replace(/_file$/, '');
  const isOtherForm = isSecret(path) || (other !== name && isSecret([...section, other]));
  const container = valueAt(values, section);
  if (isOtherForm && !setBy.has(pathText([...section, other])) && typeof container === 'object' && container !== null) {
    Reflect.deleteProperty(container, other);
  }
}

function pathOf(variable: string): SettingPath {
  if (variable.startsWith(SINGLE)) return ['vcenters', 0, variable.slice(SINGLE.length).toLowerCase()];
  const parts = variable.slice(PREFIX.length).toLowerCase().split('__');
  return parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : part));
}

function unknownVariable(where: string, path: SettingPath): ConfigProblem {
  const depth = path.findIndex((_, index) => schemaAt(path.slice(0, index + 1)) === undefined);
  // VSG_LISTEN_PORT is the likeliest slip of all: one underscore in place of two.
  const flat = path.join('_');
  const spelled = (settingNames([]) ?? []).flatMap((section) =>
    (settingNames([section]) ?? []).map((name) => ({ flat: `${section}_${name}`, right: `${section}__${name}` })),
  );
  const meant = spelled.find((candidate) => candidate.flat === flat) ?? byNearest(flat, spelled);
  if (path.length === 1 && meant !== undefined) {
    return { where, message: `there is no such setting; did you mean ${PREFIX}${meant.right.toUpperCase()}?` };
  }
  const { setting: _setting, example: _example, ...problem } = unknownSetting(path.slice(0, depth + 1), where);
  return problem;
}

function byNearest<T extends { flat: string }>(name: string, candidates: T[]): T | undefined {
  const best = nearest(
    name,
    candidates.map(({ flat }) => flat),
  );
  return candidates.find(({ flat }) => flat === best);
}

/** A text stays as it is; anything else reads as YAML would read it, and a list may be `a,b`. */
function readValue(text: string, schema: z.ZodType): unknown {
  if (isText(schema)) return text === 'null' && acceptsNull(schema) ? null : text;
  let value: unknown;
  try {
    value = parse(text, { logLevel: 'silent' });
  } catch {
    value = text;
  }
  return typeof value === 'string' && isList(schema) ? value.split(',').map((item) => item.trim()) : value;
}
