/** vm.get: everything the live inventory holds of one VM. */
import { z } from 'zod';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { vmRef } from '../shapes.ts';
import { VmDetail, vmDetail } from './shapes.ts';

export default operation({
  name: 'vm.get',
  summary: 'Show one virtual machine',
  description:
    'Shows one virtual machine in full: hardware, guest, addresses, datastores, networks, snapshots, notes, custom attributes and quick statistics. The VM may be given by id, inventory path, UUID or unique name.',
  http: 'GET /v1/vms/{vm}',
  scope: 'read',
  danger: 'safe',
  toolset: 'vm',
  availability: 'any',
  input: z.strictObject({ vm: vmRef }),
  output: VmDetail,
  examples: [{ title: 'By name', input: { vm: 'web-01' } }],
}).run(({ vm }, context) => vmDetail(resolveOne('vm', vm, context), context));
