/** Where a command's words go. */

export interface Output {
  /** Standard output: what a script would read. */
  print(text: string): void;
  /** Standard error: what a person should know. */
  tell(text: string): void;
}

/** Exit codes of every command. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
