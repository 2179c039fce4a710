/** The calls of vSphere's that running a program takes. */
import type { PlannedCall } from '../../operation.ts';
import type { AnyGuestProgramSpec } from '../../vsphere/vim25/types.ts';
import { guestCall } from './call.ts';
import { type Command, cmdCommandLine, type Outputs, shCommandLine } from './command-line.ts';
import { type Guest, REDACTED } from './guest.ts';

export interface Program extends Command {
  windows: boolean;
  workingDirectory: string | undefined;
  /** On top of the user's own environment. */
  environment: Readonly<Record<string, string>> | undefined;
}

export const temporary = (suffix: string) =>
  guestCall('GuestFileManager', 'CreateTemporaryFileInGuest', { prefix: 'vsphere-gateway-', suffix });
export const start = (spec: AnyGuestProgramSpec) => guestCall('GuestProcessManager', 'StartProgramInGuest', { spec });
export const look = (pids: number[]) => guestCall('GuestProcessManager', 'ListProcessesInGuest', { pids });
export const remove = (filePath: string) => guestCall('GuestFileManager', 'DeleteFileInGuest', { filePath });
export const readEnvironment = guestCall('GuestProcessManager', 'ReadEnvironmentVariableInGuest', {});

export function specOf(program: Program, outputs: Outputs, envVariables: string[] | undefined): AnyGuestProgramSpec {
  const { windows, workingDirectory } = program;
  return {
    ...(windows ? cmdCommandLine(program, outputs) : shCommandLine(program, outputs)),
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
    ...(envVariables === undefined ? {} : { envVariables }),
  };
}

/** The calls in their order. What the guest is going to name stands in angle brackets, values of the environment stay out. */
export function plannedCalls(guest: Guest, program: Program): PlannedCall[] {
  const outputs = { stdout: '<stdout>', stderr: '<stderr>' };
  const { environment } = program;
  const shown = environment && Object.keys(environment).map((name) => `${name}=${REDACTED}`);
  const fetch = (guestFilePath: string) =>
    guest.plan(guestCall('GuestFileManager', 'InitiateFileTransferFromGuest', { guestFilePath }));
  const looking = guest.plan(look([]));
  return [
    ...(environment === undefined ? [] : [guest.plan(readEnvironment)]),
    guest.plan(temporary('.out')),
    guest.plan(temporary('.err')),
    guest.plan(start(specOf(program, outputs, shown))),
    { ...looking, arguments: { ...looking.arguments, pids: ['<pid>'] } },
    fetch(outputs.stdout),
    fetch(outputs.stderr),
    guest.plan(remove(outputs.stdout)),
    guest.plan(remove(outputs.stderr)),
  ];
}
