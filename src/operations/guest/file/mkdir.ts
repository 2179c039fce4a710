/** guest.file.mkdir: makes a directory in the guest. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import { guestCall } from '../call.ts';
import { Guest } from '../guest.ts';
import { guestFields, guestPath } from '../shapes.ts';

export default operation({
  name: 'guest.file.mkdir',
  summary: 'Make a directory in the guest of a VM',
  description:
    'Makes a directory in the guest; with parents, those above it that are missing as well. Needs VMware Tools and a user of the guest. Proved on a stub only.',
  http: 'POST /v1/vms/{vm}/guest/files/mkdir',
  scope: 'provision',
  danger: 'safe',
  toolset: 'guest',
  availability: 'any',
  input: z.strictObject({
    ...guestFields,
    path: guestPath('Directory to make'),
    parents: z.boolean().default(false).describe('Make missing directories above it, too'),
  }),
  output: z.strictObject({ path: z.string().describe('Path in the guest') }),
  examples: [
    {
      title: 'With its parents',
      input: { vm: 'web-01', username: 'root', password: 'secret', path: '/srv/app/data', parents: true },
    },
  ],
})
  .plan(async (input, context) => {
    const { path, parents } = input;
    const guest = await Guest.open(input, context);
    const call = guestCall('GuestFileManager', 'MakeDirectoryInGuest', {
      directoryPath: path,
      createParentDirectories: parents,
    });
    return {
      targets: guest.targets,
      calls: [guest.plan(call)],
      impact: `The directory '${path}' is made in the guest of '${guest.vm.name}'.`,
      step: { guest, call },
    };
  })
  .run(async ({ step: { guest, call } }, { path }) => {
    await guest.send(call);
    return { path };
  });
