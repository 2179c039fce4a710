/** From values as vSphere sends them to values as they leave the gateway: ids, clean texts, times. */
import type { MoRef } from '../../vsphere/vim25/types.ts';
import { toId } from '../model.ts';

const MEBIBYTE = 1_048_576;
const MAX_TEXT = 4_096;
/** VirtualMachine.config.annotation: long on purpose, but not without end. */
export const MAX_ANNOTATION = 65_536;
const MAX_INTERNED = 20_000;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same but tab, line feed and carriage return.
const CONTROLS_BUT_BREAKS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
const ENCODED = /%(25|2f|5c)/gi;
const DECODED: Readonly<Record<string, string>> = { '25': '%', '2f': '/', '5c': '\\' };
const TO_ENCODE = /[%/\\]/g;
const ENCODE: Readonly<Record<string, string>> = { '%': '%25', '/': '%2f', '\\': '%5c' };

export const NO_STRINGS: readonly string[] = Object.freeze([]);

/** A text from vSphere, without control characters and not longer than 4,096 code units. */
export function cleanText(text: string | undefined): string {
  return (text ?? '').replace(CONTROLS, '').slice(0, MAX_TEXT);
}

/** A text of several lines: tabs and line breaks stay. */
export function cleanLines(text: string | undefined, limit = MAX_ANNOTATION): string {
  return (text ?? '').replace(CONTROLS_BUT_BREAKS, '').slice(0, limit);
}

/** ManagedEntity.name, in which vCenter writes `%`, `/` and `\` as `%25`, `%2f` and `%5c`. */
export function decodeName(name: string | undefined): string {
  return cleanText(name).replace(ENCODED, (_, hex: string) => DECODED[hex.toLowerCase()] ?? '');
}

/** The name as vCenter writes it, and as it stands in an inventory path. */
export function encodeName(name: string): string {
  return name.replace(TO_ENCODE, (character) => ENCODE[character] ?? character);
}

/** xsd:dateTime as RFC 3339 UTC; null for none and for one that is no time. */
export function toTime(date: Date | undefined): string | null {
  return date === undefined || Number.isNaN(date.getTime()) ? null : date.toISOString();
}

export function mebibytes(count: number | undefined): number {
  return (count ?? 0) * MEBIBYTE;
}

/** What turning a property into a field needs to know of the vCenter. Equal strings become one string in memory. */
export class Scope {
  readonly vcenter: string;
  readonly #ids = new Map<string, string>();
  readonly #strings = new Map<string, string>();

  constructor(vcenter: string) {
    this.vcenter = vcenter;
  }

  id(ref: MoRef | undefined): string | null {
    if (ref === undefined) return null;
    let id = this.#ids.get(ref.value);
    if (id === undefined) {
      id = toId(this.vcenter, ref.value);
      if (this.#ids.size < MAX_INTERNED) this.#ids.set(ref.value, id);
    }
    return id;
  }

  ids(refs: readonly MoRef[] | undefined): readonly string[] {
    if (refs === undefined || refs.length === 0) return NO_STRINGS;
    return refs.map((ref) => this.id(ref) ?? '');
  }

  /** For texts that many objects share, such as guestFullName. */
  text(text: string | undefined): string | null {
    if (text === undefined || text === '') return null;
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    const clean = cleanText(text);
    if (this.#strings.size < MAX_INTERNED) this.#strings.set(text, clean);
    return clean;
  }
}
