/** guest.process.kill: ends a process of the guest. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import { guestCall } from '../call.ts';
import { Guest } from '../guest.ts';
import { guestFields } from '../shapes.ts';

export default operation({
  name: 'guest.process.kill',
  summary: 'Kill a process in the guest of a VM',
  description:
    'Ends a process of the guest at once, as its user may: what it has not written is lost. guest.process.list shows the pids. Needs VMware Tools and a user of the guest. Proved on a stub only.',
  http: 'POST /v1/vms/{vm}/guest/processes/kill',
  scope: 'provision',
  danger: 'disruptive',
  toolset: 'guest',
  availability: 'any',
  input: z.strictObject({ ...guestFields, pid: z.number().int().min(1).describe('Process id in the guest') }),
  output: z.strictObject({ pid: z.number().int().describe('The process that was killed') }),
  examples: [{ title: 'By pid', input: { vm: 'web-01', username: 'root', password: 'secret', pid: 4242 } }],
})
  .plan(async (input, context) => {
    const { pid } = input;
    const guest = await Guest.open(input, context);
    const call = guestCall('GuestProcessManager', 'TerminateProcessInGuest', { pid });
    return {
      targets: guest.targets,
      calls: [guest.plan(call)],
      impact: `Process ${pid} in the guest of '${guest.vm.name}' ends at once.`,
      step: { guest, call },
    };
  })
  .run(async ({ step: { guest, call } }, { pid }) => {
    await guest.send(call);
    return { pid };
  });
