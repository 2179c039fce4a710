/** The file as written: its values, and the line and column of each of them. */

import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { ConfigError } from './problems.ts';
import type { SettingPath } from './settings.ts';

export interface ConfigDocument {
  values: Record<string, unknown>;
  /** `config.yaml:3:9` of the value at a path, or of the nearest section around it that the file has. */
  locate(path: SettingPath): string;
  /** The same, of the key in front of the value. */
  locateKey(path: SettingPath): string;
}

/**
 * Reads YAML, and JSON as the part of YAML it is.
 * Messages of the parser are cut before what they quote, which may be a piece of a password.
 */
export function parseConfig(text: string, file: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const faults = [...document.errors, ...document.warnings].map((fault) => ({
    where: at(fault.pos[0]),
    message: `not valid YAML or JSON: ${fault.message.replace(/: .*/s, '')}; a text with special characters needs quotes`,
  }));
  if (faults.length > 0) throw new ConfigError(faults);

  const node = (path: SettingPath, wantKey: boolean): Node | undefined => {
    let found: Node | null = document.contents;
    let key: unknown = found;
    for (const part of path) {
      let next: unknown;
      if (isMap(found)) {
        const pair = found.items.find((item) => isScalar(item.key) && String(item.key.value) === part);
        key = pair?.key;
        next = pair?.value;
      } else if (isSeq(found) && typeof part === 'number') {
        next = found.items[part];
        key = next;
      }
      if (!isNode(next)) return isNode(key) ? key : (found ?? undefined);
      found = next;
    }
    return wantKey && isNode(key) ? key : (found ?? undefined);
  };
  const position = (path: SettingPath, wantKey: boolean) => at(node(path, wantKey)?.range?.[0] ?? 0);

  return {
    values: toValues(document, file),
    locate: (path) => position(path, false),
    locateKey: (path) => position(path, true),
  };
}

function toValues(document: ReturnType<typeof parseDocument>, file: string): Record<string, unknown> {
  let values: unknown;
  try {
    // Through JSON, so that aliases become copies: the environment may change one of them.
    values = JSON.parse(JSON.stringify(document.toJS()) ?? 'null');
  } catch {
    // An alias without its anchor, or a bomb of aliases.
    throw new ConfigError([
      { where: file, message: 'an alias (*name) cannot be resolved; a text with * needs quotes' },
    ]);
  }
  if (values === null || values === undefined) return {};
  if (typeof values !== 'object' || Array.isArray(values)) {
    throw new ConfigError([{ where: `${file}:1:1`, message: 'expected sections such as listen: and vcenters:' }]);
  }
  return Object.fromEntries(Object.entries(values));
}
