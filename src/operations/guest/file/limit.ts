/** How much of a file goes into one call. */

/** Whole files stand in one JSON document, in memory. */
export const MAX_FILE_BYTES = 8 << 20;
/** The same in base64. */
export const MAX_BASE64_LENGTH = Math.ceil(MAX_FILE_BYTES / 3) * 4;
