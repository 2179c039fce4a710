/** guest.file.move: renames or moves a file or a directory in the guest. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import { guestCall } from '../call.ts';
import { Guest } from '../guest.ts';
import { guestFields, guestPath } from '../shapes.ts';

export default operation({
  name: 'guest.file.move',
  summary: 'Move a file or directory in the guest of a VM',
  description:
    'Renames or moves a file or, with type: directory, a directory of the guest. overwrite (files only) replaces what is there, which is lost: confirm with the name of the VM then. Needs VMware Tools and a user of the guest. Proved on a stub only.',
  http: 'POST /v1/vms/{vm}/guest/files/move',
  scope: 'provision',
  danger: 'destructive',
  dangerOf: ({ overwrite }) => (overwrite ? 'destructive' : 'disruptive'),
  toolset: 'guest',
  availability: 'any',
  input: z.strictObject({
    ...guestFields,
    path: guestPath('File or directory'),
    to: guestPath('Where it goes, its new name included'),
    type: z.enum(['file', 'directory']).default('file').describe('What it is'),
    overwrite: z.boolean().default(false).describe('Replace a file that is there; then confirm is needed'),
  }),
  output: z.strictObject({ path: z.string().describe('Path in the guest where it is now') }),
  examples: [
    {
      title: 'Rename',
      input: { vm: 'web-01', username: 'root', password: 'secret', path: '/etc/app.new', to: '/etc/app.conf' },
    },
  ],
})
  .plan(async (input, context) => {
    const { path, to, type, overwrite } = input;
    if (type === 'directory' && overwrite) {
      throw new GatewayError('invalid_input', 'vSphere moves no directory over another; delete that one first.', {
        errors: [{ pointer: '/overwrite', message: 'Not for directories' }],
      });
    }
    const guest = await Guest.open(input, context);
    const call =
      type === 'directory'
        ? guestCall('GuestFileManager', 'MoveDirectoryInGuest', { srcDirectoryPath: path, dstDirectoryPath: to })
        : guestCall('GuestFileManager', 'MoveFileInGuest', { srcFilePath: path, dstFilePath: to, overwrite });
    return {
      targets: guest.targets,
      calls: [guest.plan(call)],
      impact: `'${path}' in the guest of '${guest.vm.name}' becomes '${to}'${overwrite ? '; a file that is there is lost' : ''}.`,
      step: { guest, call },
    };
  })
  .run(async ({ step: { guest, call } }, { to }) => {
    await guest.send(call);
    return { path: to };
  });
