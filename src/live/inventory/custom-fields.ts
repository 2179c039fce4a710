/** Custom attributes: from the numbers in `customValue` to the names that CustomFieldsManager gives them. */
import type { AnyCustomFieldValue, CustomFieldDef } from '../../vsphere/vim25/types.ts';
import { NO_ATTRIBUTES } from './records/entity.ts';
import { cleanLines, cleanText } from './values.ts';

const MAX_VALUE = 4_096;

export class CustomFields {
  readonly #names = new Map<number, string>();

  /** Whether all these values have a name already. */
  knows(values: readonly AnyCustomFieldValue[]): boolean {
    return values.every(({ key }) => this.#names.has(key));
  }

  learn(definitions: readonly CustomFieldDef[]): void {
    for (const { key, name } of definitions) this.#names.set(key, cleanText(name));
  }

  /** Names by their number those of these values that CustomFieldsManager did not list, so that they are not asked for again. */
  giveUp(values: readonly AnyCustomFieldValue[]): void {
    for (const { key } of values) if (!this.#names.has(key)) this.#names.set(key, String(key));
  }

  attributes(values: readonly AnyCustomFieldValue[] | undefined): Readonly<Record<string, string>> {
    const entries = (values ?? []).flatMap((value) =>
      // Only string values exist; the base type is abstract. An attribute set back to '' counts as unset.
      'value' in value && value.value !== ''
        ? [[this.#names.get(value.key) ?? String(value.key), cleanLines(value.value, MAX_VALUE)] as const]
        : [],
    );
    // Unlike assignment, this also takes a name such as `__proto__` for what it is.
    return entries.length === 0 ? NO_ATTRIBUTES : Object.fromEntries(entries);
  }
}

/** The values in these changes that are custom attributes. */
export function customValuesIn(
  updates: readonly { readonly changeSet?: readonly { readonly name: string; readonly val?: unknown }[] }[],
): AnyCustomFieldValue[] {
  const found: AnyCustomFieldValue[] = [];
  for (const { changeSet } of updates) {
    for (const { name, val } of changeSet ?? []) {
      // The type of every followed path is known; this one's is ArrayOfCustomFieldValue.
      if (name === 'customValue' && Array.isArray(val)) found.push(...(val as AnyCustomFieldValue[]));
    }
  }
  return found;
}
