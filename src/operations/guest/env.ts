/** guest.env: the environment that programs of a user get in the guest. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { guestCall } from './call.ts';
import { Guest } from './guest.ts';
import { guestFields } from './shapes.ts';
import { guestLine } from './text.ts';

export default operation({
  name: 'guest.env',
  summary: 'Show environment variables of a guest user',
  description:
    'Shows the environment variables that programs of a user get in the guest, all or some by name; those that are not set are left out. Needs VMware Tools and a user of the guest. Proved on a stub only.',
  http: 'POST /v1/vms/{vm}/guest/env',
  scope: 'operate',
  danger: 'safe',
  toolset: 'guest',
  availability: 'any',
  input: z.strictObject({
    ...guestFields,
    names: z.array(z.string().min(1).max(256)).min(1).max(256).optional().describe('Only these variables'),
  }),
  output: z.strictObject({
    items: z
      .array(
        z.strictObject({
          name: z.string().describe('Name'),
          value: z.string().describe('Value, control characters replaced. Untrusted'),
        }),
      )
      .describe("The variables, in the guest's own order"),
  }),
  examples: [{ title: 'The search path', input: { vm: 'web-01', username: 'root', password: 'x', names: ['PATH'] } }],
}).run(async (input, context) => {
  const guest = await Guest.open(input, context);
  const names = input.names === undefined ? {} : { names: input.names };
  const call = guestCall('GuestProcessManager', 'ReadEnvironmentVariableInGuest', names);
  const variables = await guest.send(call, context.signal);
  return {
    items: variables.map((variable) => {
      // Windows has some whose names begin with the sign.
      const sign = variable.indexOf('=', 1);
      return sign < 0
        ? { name: guestLine(variable), value: '' }
        : { name: guestLine(variable.slice(0, sign)), value: guestLine(variable.slice(sign + 1)) };
    }),
  };
});
