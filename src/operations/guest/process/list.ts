/** guest.process.list: what runs in the guest. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import type { GuestProcessInfo } from '../../../vsphere/vim25/types.ts';
import { nullableTime } from '../../shapes.ts';
import { guestCall } from '../call.ts';
import { Guest } from '../guest.ts';
import { guestFields } from '../shapes.ts';
import { guestLine } from '../text.ts';

const Process = z.strictObject({
  pid: z.number().int().describe('Process id in the guest'),
  name: z.string().describe('Name. Untrusted'),
  owner: z.string().describe('User it runs as'),
  command_line: z.string().describe('Command line, control characters replaced. Untrusted'),
  started_at: nullableTime('When it began'),
  ended_at: nullableTime('When it ended; kept for about five minutes, and only of programs that were started this way'),
  exit_code: z.number().int().nullable().describe('Exit code, once it has ended'),
});

const row = (info: GuestProcessInfo): z.output<typeof Process> => ({
  pid: info.pid,
  name: guestLine(info.name),
  owner: guestLine(info.owner),
  command_line: guestLine(info.cmdLine),
  started_at: info.startTime.toISOString(),
  ended_at: info.endTime?.toISOString() ?? null,
  exit_code: info.exitCode ?? null,
});

export default operation({
  name: 'guest.process.list',
  summary: 'List processes in the guest of a VM',
  description:
    'Lists the processes of the guest, or those of some pids: name, owner, command line, times and, for ended programs of guest.exec, the exit code. Needs VMware Tools and a user of the guest. Proved on a stub only.',
  http: 'POST /v1/vms/{vm}/guest/processes/list',
  scope: 'operate',
  danger: 'safe',
  toolset: 'guest',
  availability: 'any',
  input: z.strictObject({
    ...guestFields,
    pids: z
      .array(z.number().int().min(0))
      .min(1)
      .max(256)
      .optional()
      .describe('Only these process ids; those that are not there are left out'),
  }),
  output: z.strictObject({ items: z.array(Process).describe("The processes, in the guest's own order") }),
  examples: [{ title: 'All', input: { vm: 'web-01', username: 'root', password: 'secret' } }],
}).run(async (input, context) => {
  const guest = await Guest.open(input, context);
  const pids = input.pids === undefined ? {} : { pids: input.pids };
  const infos = await guest.send(guestCall('GuestProcessManager', 'ListProcessesInGuest', pids), context.signal);
  return { items: infos.map(row) };
});
