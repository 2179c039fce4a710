/** guest.file.list: what is in a directory of the guest. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import { guestCall } from '../call.ts';
import { Guest } from '../guest.ts';
import { guestFields, guestPath } from '../shapes.ts';
import { FileEntry, fileEntry } from './entry.ts';

export default operation({
  name: 'guest.file.list',
  summary: 'List files in the guest of a VM',
  description:
    'Lists a directory of the guest, or one file: names, types, sizes, times, owners and permissions. Needs VMware Tools and a user of the guest. next_offset is there when more is left. Proved on a stub only.',
  http: 'POST /v1/vms/{vm}/guest/files/list',
  scope: 'operate',
  danger: 'safe',
  toolset: 'guest',
  availability: 'any',
  input: z.strictObject({
    ...guestFields,
    path: guestPath('Directory or file'),
    pattern: z.string().min(1).max(256).optional().describe('Perl-compatible regular expression that names must match'),
    offset: z.number().int().min(0).max(2_147_483_647).default(0).describe('Files to leave out at the beginning'),
    limit: z.number().int().min(1).max(1000).default(100).describe('Files in the answer, 1 to 1,000'),
  }),
  output: z.strictObject({
    items: z.array(FileEntry).describe("The files, in the guest's own order"),
    remaining: z.number().int().describe('Files that are left behind these'),
    next_offset: z.number().int().nullable().describe('offset for the next call; null when nothing is left'),
  }),
  examples: [
    { title: 'Logs', input: { vm: 'web-01', username: 'root', password: 'secret', path: '/var/log', limit: 50 } },
  ],
}).run(async (input, context) => {
  const { path: filePath, pattern, offset, limit } = input;
  const guest = await Guest.open(input, context);
  const filter = pattern === undefined ? {} : { matchPattern: pattern };
  const call = { filePath, index: offset, maxResults: limit, ...filter };
  const answer = await guest.send(guestCall('GuestFileManager', 'ListFilesInGuest', call), context.signal);
  const items = (answer.files ?? []).map(fileEntry);
  const { remaining } = answer;
  return { items, remaining, next_offset: remaining > 0 ? offset + items.length : null };
});
