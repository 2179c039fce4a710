/** The bytes of a body as a JSON value, strictly: UTF-8 or nothing, and no deeper than any honest input. */
import { GatewayError } from '../errors.ts';

/** Deeper than the input of any operation, and far from where recursive code runs out of stack. */
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

// A byte order mark at the start is dropped, as RFC 8259 allows.
const utf8 = new TextDecoder('utf-8', { fatal: true });

function isTooDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (quoted) {
      if (char === BACKSLASH) at++;
      else if (char === QUOTE) quoted = false;
    } else if (char === QUOTE) quoted = true;
    else if (char === OPEN_ARRAY || char === OPEN_OBJECT) {
      if (++depth > MAX_DEPTH) return true;
    } else if (char === CLOSE_ARRAY || char === CLOSE_OBJECT) depth--;
  }
  return false;
}

/**
 * Of a key that comes twice in an object the last counts.
 * @throws GatewayError `invalid_json`, or `invalid_request` for JSON nested too deep to be looked at.
 */
export function decodeJson(body: Uint8Array | undefined): unknown {
  if (body === undefined || body.length === 0) throw new GatewayError('invalid_json', 'The body is empty.');
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new GatewayError('invalid_json', 'The body is not valid UTF-8.');
  }
  if (isTooDeep(text)) {
    throw new GatewayError('invalid_request', `The body is nested deeper than ${MAX_DEPTH} levels.`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unreadable';
    throw new GatewayError('invalid_json', `The body is not valid JSON: ${reason}.`);
  }
}
