/** Running a program in a guest to its end, with what it wrote: many calls of vSphere's, one of ours. */
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../../errors.ts';
import type { GuestProcessInfo } from '../../vsphere/vim25/types.ts';
import { guestCall } from './call.ts';
import type { Guest } from './guest.ts';
import { look, type Program, readEnvironment, remove, specOf, start, temporary } from './program-calls.ts';
import { guestOutput } from './text.ts';

export interface ProgramEnd {
  pid: number;
  /** null: it was killed, or the guest has forgotten how it ended. */
  exit_code: number | null;
  stdout: string;
  stderr: string;
  timed_out: boolean;
  truncated: boolean;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;
/** How long a killed program may take to be gone. */
const KILL_MS = 3_000;

/** vSphere takes a whole environment or none, so that what is asked for is laid over the user's own. */
async function environmentOf(guest: Guest, { windows, environment }: Program): Promise<string[] | undefined> {
  if (environment === undefined) return undefined;
  const own = await guest.send(readEnvironment);
  const asked = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const nameOf = (entry: string) => {
    const name = entry.slice(0, entry.indexOf('=', 1));
    return windows ? name.toUpperCase() : name;
  };
  const replaced = new Set(asked.map(nameOf));
  return [...own.filter((entry) => !replaced.has(nameOf(entry))), ...asked];
}

/** @returns the process with its end; 'running' when the time is over first; undefined when the guest knows it no more. */
async function ending(guest: Guest, pid: number, ms: number): Promise<GuestProcessInfo | 'running' | undefined> {
  const deadline = performance.now() + ms;
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    const left = deadline - performance.now();
    await sleep(Math.max(0, Math.min(pause, left)));
    const [info] = await guest.send(look([pid]));
    if (info === undefined || info.endTime !== undefined) return info;
    if (left <= pause) return 'running';
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
  }
}

async function kill(guest: Guest, pid: number): Promise<void> {
  // It may end by itself at this very moment, which is as good.
  await guest.send(guestCall('GuestProcessManager', 'TerminateProcessInGuest', { pid })).catch(() => undefined);
  await ending(guest, pid, KILL_MS);
}

/** An output that cannot be had must not read as if nothing had been done. */
function afterTheRun(error: unknown, pid: number, exitCode: number | null): unknown {
  if (!(error instanceof GatewayError)) return error;
  const { code, message, extras } = error;
  const told = `The program has run (pid ${pid}, exit code ${exitCode ?? 'unknown'}), but its output cannot be fetched. ${message}`;
  const details = { ...extras.details, pid, exit_code: exitCode };
  return new GatewayError(code, told, { ...extras, details, retryable: false, cause: error });
}

/** Starts the program, waits for its end (killing it when `timeoutMs` are over), fetches what it wrote and tidies up. */
export async function runProgram(
  guest: Guest,
  program: Program,
  { timeoutMs, maxBytes }: { timeoutMs: number; maxBytes: number },
): Promise<ProgramEnd> {
  const envVariables = await environmentOf(guest, program);
  const files: string[] = [];
  const newFile = async (suffix: string) => {
    const path = await guest.send(temporary(suffix));
    files.push(path);
    return path;
  };
  try {
    const outputs = { stdout: await newFile('.out'), stderr: await newFile('.err') };
    const pid = await guest.send(start(specOf(program, outputs, envVariables)));
    const info = await ending(guest, pid, timeoutMs);
    const timedOut = info === 'running';
    if (timedOut) await kill(guest, pid);
    const exitCode = timedOut ? null : (info?.exitCode ?? null);
    const read = Promise.all([guest.fetch(outputs.stdout, maxBytes), guest.fetch(outputs.stderr, maxBytes)]);
    const [stdout, stderr] = await read.catch((error: unknown) => {
      throw afterTheRun(error, pid, exitCode);
    });
    return {
      pid,
      exit_code: exitCode,
      stdout: guestOutput(stdout.content),
      stderr: guestOutput(stderr.content),
      timed_out: timedOut,
      truncated: stdout.truncated || stderr.truncated,
    };
  } finally {
    // A program that was left running may hold them; then they stay, in the guest's directory for such files.
    await Promise.all(files.map((path) => guest.send(remove(path)).catch(() => undefined)));
  }
}
