/** What the demo prints when everything is ready. */
import type { Inventory } from '../live/inventory/inventory.ts';
import type { RunningSimulator } from './simulator.ts';

interface Facts {
  url: string;
  key: string;
  simulator: RunningSimulator;
  inventory: Inventory;
}

/** The simulator's address with its credentials in it, as govc and its like read it from GOVC_URL. */
function govcUrl({ url, username, password }: RunningSimulator): string {
  const address = new URL(url);
  address.username = username;
  address.password = password;
  return address.href;
}

/** The text; each curl line works when it is pasted as it stands. */
export function banner({ url, key, simulator, inventory }: Facts): string {
  const header = `-H 'Authorization: Bearer ${key}'`;
  const off = inventory.all('vm').find((vm) => vm.power_state === 'off' && !vm.template);
  const vm = off ?? inventory.all('vm').find((each) => !each.template);
  const action = off === undefined ? 'reset' : 'on';
  const power =
    vm === undefined
      ? `curl -s ${header} '${url}/v1/about'`
      : `curl -s ${header} -H 'Content-Type: application/json' -d '{"action":"${action}","wait":20}' '${url}/v1/vms/${encodeURIComponent(vm.id)}/power'`;
  return `
vsphere-gateway is ready: ${inventory.count('vm')} VMs on ${inventory.count('host')} hosts (simulated).

  Gateway    ${url}        API page ${url}/docs
  Key        ${key}

  curl -s ${header} '${url}/v1/vms?limit=5'
  ${power}
  curl -sN ${header} '${url}/v1/stream?topics=metrics,vm,task'

  JSON-RPC   POST ${url}/rpc        MCP ${url}/mcp        Prometheus ${url}/metrics

Behind it, the simulator${simulator.caFile === undefined ? '' : ` (certificate: ${simulator.caFile})`}:
  GOVC_URL=${govcUrl(simulator)}

Ctrl-C ends both.
`;
}
