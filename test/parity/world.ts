/** The world of the cases, for tests that walk the catalogue with the cases' inputs. */
import { startGateway } from '../support/gateway.ts';
import { startLab } from '../support/lab.ts';
import type { World } from './case.ts';

export async function startWorld(): Promise<World & { close(): Promise<void> }> {
  const lab = await startLab({ vms: 200, args: ['-still'] });
  const gateway = await startGateway({ vcenters: [lab.config()], config: { metrics: { enabled: false } } });
  const inState = (state: string) =>
    gateway.app.services.inventory.all('vm').filter((vm) => vm.power_state === state && !vm.template);
  const taken = new Set<string>();
  return {
    lab,
    gateway,
    some: (state) => inState(state)[0]!,
    own: (state) => {
      // From the end of the list, so that what `some` gives stays as it is.
      const vm = inState(state).findLast(({ id }) => !taken.has(id))!;
      taken.add(vm.id);
      return vm;
    },
    close: async () => {
      await gateway.close();
      await lab.stop();
    },
  };
}
