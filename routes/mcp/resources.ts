/** MCP resources: the latest statistics of each VM under a URI of its own. */
import {
  ProtocolError,
  type ReadResourceResult,
  ResourceNotFoundError,
  type ResourceTemplateType,
  UriTemplate,
} from '@modelcontextprotocol/server';
import { hasScope } from '../../src/access/caller.ts';
import type { Services } from '../../src/context.ts';
import { ERROR_TABLE, GatewayError, toProblem } from '../../src/errors.ts';
import { toId } from '../../src/live/model.ts';
import type { Incoming } from './incoming.ts';

export interface ResourceSources {
  inventory: Pick<Services['inventory'], 'get' | 'polled' | 'status'>;
  metrics: Pick<Services['metrics'], 'last' | 'counters'>;
}

const STATS = new UriTemplate('vsphere://{vcenter}/vm/{moref}/stats');

const TEMPLATES: readonly ResourceTemplateType[] = [
  {
    name: 'vm_stats',
    title: 'Statistics of a virtual machine',
    uriTemplate: STATS.toString(),
    description:
      'The latest performance sample of a VM with names and units, and its quick statistics. The parts are those of its id: lab:vm-61 is vsphere://lab/vm/vm-61/stats; percent-encode what is no letter, digit or hyphen.',
    mimeType: 'application/json',
  },
];

/** The id that a URI names, or undefined for what is no URI of ours. */
function vmOf(uri: string): string | undefined {
  const { vcenter, moref } = STATS.match(uri) ?? {};
  if (typeof vcenter !== 'string' || typeof moref !== 'string') return undefined;
  try {
    return toId(decodeURIComponent(vcenter), decodeURIComponent(moref));
  } catch {
    return undefined;
  }
}

function checkScope({ caller, requestId }: Incoming): void {
  if (hasScope(caller, 'read')) return;
  const error = new GatewayError('scope_required', "Resources need a key with the scope 'read'.", {
    details: { required: 'read' },
  });
  throw new ProtocolError(ERROR_TABLE[error.code].rpc, error.message, toProblem(error, requestId));
}

export interface Resources {
  templates(incoming: Incoming): ResourceTemplateType[];
  read(uri: string, incoming: Incoming): ReadResourceResult;
}

export function buildResources({ inventory, metrics }: ResourceSources): Resources {
  return {
    templates: ({ caller }) => (hasScope(caller, 'read') ? [...TEMPLATES] : []),

    read(uri, incoming) {
      checkScope(incoming);
      const id = vmOf(uri);
      const vm = id === undefined ? undefined : inventory.get('vm', id);
      if (vm === undefined) throw new ResourceNotFoundError(uri);
      const sample = metrics.last(vm.id);
      const polled = inventory.polled(vm.id);
      const counters = metrics.counters(vm.vcenter).filter(({ name }) => sample !== undefined && name in sample.values);
      const stats = {
        id: vm.id,
        name: vm.name,
        power_state: vm.power_state,
        sampled_at: sample?.at ?? null,
        counters: counters.map(({ name, label, unit }) => ({ name, label, unit, value: sample?.values[name] ?? null })),
        quick_stats_at: polled?.sampled_at ?? null,
        quick_stats: polled?.quick_stats ?? null,
        stale: inventory.status(vm.vcenter).stale,
      };
      return { contents: [{ uri, mimeType: 'application/json', text: JSON.stringify(stats) }] };
    },
  };
}
