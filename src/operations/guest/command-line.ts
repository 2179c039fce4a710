/** Command lines for the guest's own shell, with both outputs redirected to files. */

export interface Command {
  /** Text for the shell: its operators and variables count. */
  command: string;
  /** Put behind it, each as one word of which the shell changes nothing. */
  args: readonly string[];
}

/** Paths in the guest. */
export interface Outputs {
  stdout: string;
  stderr: string;
}

/** Program and arguments, as GuestProgramSpec has them. */
export interface CommandLine {
  programPath: string;
  arguments: string;
}

const quoteForSh = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** Tools hand program and arguments to a shell of the guest, which takes the redirections off. */
export function shCommandLine({ command, args }: Command, { stdout, stderr }: Outputs): CommandLine {
  const line = [command, ...args.map(quoteForSh)].join(' ');
  return {
    programPath: '/bin/sh',
    arguments: `-c ${quoteForSh(line)} </dev/null >${quoteForSh(stdout)} 2>${quoteForSh(stderr)}`,
  };
}

/** For the programs' own parser (backslashes before quotes double), then for cmd.exe (a caret before all it knows). */
function quoteForCmd(word: string): string {
  const quoted = `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\*)$/, '$1$1')}"`;
  return quoted.replaceAll(/[()\][%!^"`<>&|;, *?]/g, '^$&');
}

/** With /s, cmd.exe takes off the outer quotes and no others; the brackets hold a compound command together. */
export function cmdCommandLine({ command, args }: Command, { stdout, stderr }: Outputs): CommandLine {
  const line = [command, ...args.map(quoteForCmd)].join(' ');
  return {
    programPath: 'C:\\Windows\\System32\\cmd.exe',
    arguments: `/d /s /c "(${line}) <nul >"${stdout}" 2>"${stderr}""`,
  };
}

/** Line breaks end a command of cmd.exe, and it has no way to quote them. */
export const fitsCmd = ({ command, args }: Command): boolean => ![command, ...args].some((text) => /[\r\n]/.test(text));
