/** Text that a guest wrote: data for whoever asked, never instructions, and with nothing in it that moves a terminal. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same but tab, line feed and carriage return.
const CONTROLS_BUT_BREAKS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
const REPLACEMENT = '\ufffd';

/** A name, a path, a command line: one line of at most 4,096 characters, control characters as U+FFFD. */
export function guestLine(text: string): string {
  return text.replace(CONTROLS, REPLACEMENT).slice(0, 4_096);
}

/** Output of a program: UTF-8, where what is none and control characters become U+FFFD; tabs and line breaks stay. */
export function guestOutput(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(CONTROLS_BUT_BREAKS, REPLACEMENT);
}
