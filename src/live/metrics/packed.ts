/** Counter values in 16 bits for the history: whole numbers up to 4,095 exactly, larger ones within 0.025 %. */

/** Code of "no sample". */
export const MISSING = 0xffff;

const EXACT = 4_096;
/** Bits of the 23-bit fraction of a Float32 that are dropped: 11 stay, which makes 2,048 steps an octave. */
const DROPPED_BITS = 12;
const HALF_STEP = 1 << (DROPPED_BITS - 1);

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

float[0] = EXACT;
const EXACT_BITS = bits[0] ?? 0;

/**
 * Below 4,096 the code is the value; above, it counts the leading bits of the Float32 representation, which grows
 * with the value. Reaches to 2^42, in KB four petabytes; what is larger stays there.
 * @param value not negative
 */
export function pack(value: number): number {
  if (value < EXACT - 0.5) return Math.round(value);
  float[0] = value;
  const code = EXACT + (((bits[0] ?? 0) - EXACT_BITS + HALF_STEP) >>> DROPPED_BITS);
  return Math.min(code, MISSING - 1);
}

/** The value of a code; null for MISSING. */
export function unpack(code: number): number | null {
  if (code === MISSING) return null;
  if (code < EXACT) return code;
  bits[0] = EXACT_BITS + ((code - EXACT) << DROPPED_BITS);
  return float[0] ?? null;
}
