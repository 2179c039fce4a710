/** guest.file.upload: writes a small file in the guest. */
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';
import { operation } from '../../../operation.ts';
import { guestCall } from '../call.ts';
import { Guest } from '../guest.ts';
import { guestFields, guestPath } from '../shapes.ts';
import { MAX_BASE64_LENGTH, MAX_FILE_BYTES } from './limit.ts';

export default operation({
  name: 'guest.file.upload',
  summary: 'Write a file in the guest of a VM',
  description:
    'Writes a file in the guest from base64, up to 8 MiB and what limits.max_body_bytes of the gateway lets in. An existing file stays unless overwrite is set, which loses it. Needs VMware Tools, a user of the guest, and a way from the gateway to the ESXi host. Proved on a stub only.',
  http: 'POST /v1/vms/{vm}/guest/files/upload',
  scope: 'provision',
  danger: 'destructive',
  dangerOf: ({ overwrite }) => (overwrite ? 'destructive' : 'safe'),
  toolset: 'guest',
  availability: 'any',
  input: z.strictObject({
    ...guestFields,
    path: guestPath('File to write'),
    content: z
      .base64()
      .max(MAX_BASE64_LENGTH)
      .describe('Secret: the content in base64, at most 8 MiB decoded; never kept or logged')
      .meta({ secret: true }),
    overwrite: z.boolean().default(false).describe('Replace a file that is there; then confirm is needed'),
    permissions: z
      .string()
      .regex(/^0?[0-7]{3,4}$/)
      .optional()
      .describe('Unix permissions in octal, e.g. 0644; without them the guest decides'),
  }),
  output: z.strictObject({
    path: z.string().describe('Path in the guest'),
    size_bytes: z.number().int().describe('Bytes written'),
  }),
  examples: [
    {
      title: 'A new file',
      input: {
        vm: 'web-01',
        username: 'root',
        password: 'secret',
        path: '/etc/motd',
        content: 'SGVsbG8K',
        permissions: '0644',
      },
    },
  ],
})
  .plan(async (input, context) => {
    const { path, overwrite, permissions } = input;
    const content = Buffer.from(input.content, 'base64');
    if (content.length > MAX_FILE_BYTES) {
      throw new GatewayError('invalid_input', `The content has more than ${MAX_FILE_BYTES} bytes; send it in parts.`, {
        errors: [{ pointer: '/content', message: 'Too large' }],
      });
    }
    const guest = await Guest.open(input, context);
    const call = guestCall('GuestFileManager', 'InitiateFileTransferToGuest', {
      guestFilePath: path,
      fileAttributes:
        permissions === undefined
          ? {}
          : { $type: 'GuestPosixFileAttributes', permissions: Number.parseInt(permissions, 8) },
      fileSize: content.length,
      overwrite,
    });
    return {
      targets: guest.targets,
      calls: [guest.plan(call)],
      impact: `${content.length} bytes become '${path}' in the guest of '${guest.vm.name}'${overwrite ? '; a file of that name is lost' : ''}.`,
      step: { guest, call, content },
    };
  })
  .run(async ({ step: { guest, call, content } }, { path }) => {
    await guest.store(await guest.send(call), content);
    return { path, size_bytes: content.length };
  });
