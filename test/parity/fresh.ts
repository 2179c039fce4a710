/** VMs made for one case: `own` has only as many as the lab began with. */
import { expect } from 'vitest';
import type { VmRecord } from '../../src/live/model.ts';
import type { World } from './case.ts';

/** Names come last in every list, so that cases which take the first of something never meet these. */
let made = 0;

/** A new VM that is off. Made through the gateway: a task that it does not know would make calls of its own later. */
export async function freshVm({ gateway }: World): Promise<VmRecord> {
  const { inventory } = gateway.app.services;
  const [cluster] = inventory.all('cluster');
  made += 1;
  const body = {
    name: `zz-fresh-${made}`,
    guest_id: 'ubuntu64Guest',
    cpu_count: 1,
    memory_mib: 512,
    cluster: cluster!.id,
    datastore: cluster!.datastores[0]!,
    wait: 20,
  };
  const { body: task } = await gateway.post('/v1/vms', body);
  expect(task).toMatchObject({ state: 'success' });
  return inventory.get('vm', task.result.id)!;
}

/** A new VM that is on. */
export async function runningVm(world: World): Promise<VmRecord> {
  const { id } = await freshVm(world);
  const { body } = await world.gateway.post(`/v1/vms/${id}/power`, { action: 'on', wait: 20 });
  expect(body).toMatchObject({ state: 'success' });
  return world.gateway.app.services.inventory.get('vm', id)!;
}
