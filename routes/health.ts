/** Liveness and readiness, for load balancers and supervisors. No key is needed, so nothing of the inventory is told. */
import type { FastifyInstance } from 'fastify';
import type { Services } from '../src/context.ts';
import { GatewayError } from '../src/errors.ts';

interface HealthOptions {
  services: Services;
  /** Set once the process has begun to stop. */
  isClosing: () => boolean;
}

/** Registers `/healthz`, true while the process can answer, and `/readyz`, true once a vCenter's inventory is loaded. */
export async function healthRoutes(app: FastifyInstance, { services, isClosing }: HealthOptions): Promise<void> {
  const { targets, inventory, version } = services;
  app.get('/healthz', async () => {
    const insecure = [...targets.values()].filter((target) => target.state.insecure).map((target) => target.name);
    return {
      status: 'ok',
      version,
      ...(insecure.length === 0 ? {} : { warning: `TLS certificates are not verified for: ${insecure.join(', ')}` }),
    };
  });

  app.get('/readyz', async () => {
    if (isClosing()) throw new GatewayError('shutting_down', 'The gateway is shutting down.');
    const vcenters = inventory.statuses().map(({ vcenter, ready, stale, reason }) => ({
      name: vcenter,
      ready,
      stale,
      reason: reason ?? targets.get(vcenter)?.state.reason ?? null,
    }));
    // One that is down must not take the others from their users.
    if (vcenters.some((vcenter) => vcenter.ready)) return { status: 'ready', vcenters };
    const reasons = vcenters.map(({ name, reason }) => `${name}: ${reason ?? 'loading'}`).join('; ');
    throw new GatewayError('inventory_loading', `No inventory is loaded yet (${reasons}).`, {
      details: { vcenters },
      retry_after: 2,
    });
  });
}
