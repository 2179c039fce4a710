/** Text as XML 1.0 may hold it, and the values of xsd types that are written as text. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that XML forbids
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const EVERY_FORBIDDEN = new RegExp(FORBIDDEN, 'g');
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same, and half of a surrogate pair, which UTF-8 cannot hold
const UNSENDABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\p{Surrogate}]/u;
const REFERENCE = /&#(?:x[0-9a-f]+|[0-9]+);/gi;
const SPECIAL = /[&<>"\t\n\r]/g;
const ZONE = /(?:Z|[+-]\d\d:\d\d)$/;

const REPLACEMENT = '\ufffd';
const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** Whether XML has no way to say it, not even as a reference. */
export function unsendable(text: string): boolean {
  return UNSENDABLE.test(text);
}

/** For content and for attributes in double quotes; white space survives both. */
export function escapeXml(text: string): string {
  return text.replace(SPECIAL, (character) => ESCAPES[character] ?? character);
}

/** vSphere lets forbidden characters into names and annotations all the same; here they become U+FFFD. */
export function replaceForbidden(text: string): string {
  return FORBIDDEN.test(text) ? text.replace(EVERY_FORBIDDEN, REPLACEMENT) : text;
}

/** The same for references such as `&#27;` that a parser has left in a text. */
export function replaceReferences(text: string): string {
  return text.replace(REFERENCE, REPLACEMENT);
}

/** undefined where it is none. */
export function numberOf(text: string): number | undefined {
  const number = +text;
  if (text !== '' && !Number.isNaN(number)) return number;
  if (text === 'NaN') return Number.NaN;
  if (text === 'INF') return Number.POSITIVE_INFINITY;
  return text === '-INF' ? Number.NEGATIVE_INFINITY : undefined;
}

export function booleanOf(text: string): boolean | undefined {
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : undefined;
}

/** vSphere's times are UTC, also where one bears no zone. */
export function dateOf(text: string): Date | undefined {
  const date = new Date(ZONE.test(text) ? text : `${text}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
