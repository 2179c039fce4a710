/** vm.snapshot.list: the snapshot tree of one VM, from the live inventory. */
import { z } from 'zod';
import { operation } from '../../../operation.ts';
import { resolveOne } from '../../resolve.ts';
import { Ref, vmRef } from '../../shapes.ts';
import { nodesOf, SnapshotRow, snapshotRow } from './tree.ts';

export default operation({
  name: 'vm.snapshot.list',
  summary: 'List the snapshots of a virtual machine',
  description:
    'Lists the snapshots of one VM, parents before children, with age, depth and which one is current. Use it before a revert or a removal. report.snapshots looks over all VMs.',
  http: 'GET /v1/vms/{vm}/snapshots',
  scope: 'read',
  danger: 'safe',
  toolset: 'snapshot',
  availability: 'any',
  input: z.strictObject({ vm: vmRef }),
  output: z.strictObject({
    vm: Ref.describe('The VM'),
    current: z.string().nullable().describe('Id of the snapshot that the VM runs on top of; null without snapshots'),
    items: z.array(SnapshotRow).describe('The tree, parents before children'),
    total: z.number().int().describe('Snapshots of the VM'),
    version: z.string().describe('Version of the inventory that answered'),
    stale: z.boolean().describe('True while the vCenter cannot be followed'),
  }),
  examples: [{ title: 'By name', input: { vm: 'web-01' } }],
}).run(({ vm: name }, context) => {
  const { inventory } = context;
  const vm = resolveOne('vm', name, context);
  const nodes = nodesOf(vm);
  return {
    vm: { id: vm.id, name: vm.name },
    current: nodes.find(({ snapshot }) => snapshot.current)?.id ?? null,
    items: nodes.map(snapshotRow),
    total: nodes.length,
    version: inventory.version,
    stale: inventory.status(vm.vcenter).stale,
  };
});
