/** guest.file.delete: deletes a file or a directory in the guest. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import { guestCall } from '../call.ts';
import { Guest } from '../guest.ts';
import { guestFields, guestPath } from '../shapes.ts';

export default operation({
  name: 'guest.file.delete',
  summary: 'Delete a file or directory in the guest of a VM',
  description:
    'Deletes a file, a symbolic link (not what it leads to) or, with type: directory, a directory of the guest; recursive deletes all that is in it. Gone for good: confirm with the name of the VM. Needs VMware Tools and a user of the guest. Proved on a stub only.',
  http: 'POST /v1/vms/{vm}/guest/files/delete',
  scope: 'provision',
  danger: 'destructive',
  toolset: 'guest',
  availability: 'any',
  input: z.strictObject({
    ...guestFields,
    path: guestPath('File or directory'),
    type: z.enum(['file', 'directory']).default('file').describe('What it is'),
    recursive: z.boolean().default(false).describe('For a directory: with everything in it'),
  }),
  output: z.strictObject({ path: z.string().describe('Path in the guest that is gone') }),
  examples: [
    {
      title: 'A file',
      input: { vm: 'web-01', username: 'root', password: 'secret', path: '/tmp/old.log', confirm: 'web-01' },
    },
  ],
})
  .plan(async (input, context) => {
    const { path, type, recursive } = input;
    const guest = await Guest.open(input, context);
    const call =
      type === 'directory'
        ? guestCall('GuestFileManager', 'DeleteDirectoryInGuest', { directoryPath: path, recursive })
        : guestCall('GuestFileManager', 'DeleteFileInGuest', { filePath: path });
    const whole = type === 'directory' && recursive ? ' and everything in it' : '';
    return {
      targets: guest.targets,
      calls: [guest.plan(call)],
      impact: `'${path}'${whole} in the guest of '${guest.vm.name}' is deleted for good.`,
      step: { guest, call },
    };
  })
  .run(async ({ step: { guest, call } }, { path }) => {
    await guest.send(call);
    return { path };
  });
