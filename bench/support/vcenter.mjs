/** The simulated vCenter that everything is measured against: the lab, with TLS. */
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { findSimulator, startSimulator } from '../../dist/src/demo/simulator.js';

/** VMs on a host, as in a cluster that is well used. */
const DENSITY = 32;
const HOSTS_IN_CLUSTER = 40;

/** Starts it. Its own usage figures stand still, so that it does nothing unless it is asked. */
export async function startVcenter(vms) {
  const log = pino({ level: 'warn' });
  const simulator = await findSimulator({ log, download: false });
  if (simulator.kind !== 'lab') throw new Error('The bench needs the simulator of lab/, and Go to build it.');
  const hosts = Math.ceil(vms / DENSITY);
  const running = await startSimulator({
    simulator,
    log,
    vms,
    clusters: Math.ceil(hosts / HOSTS_IN_CLUSTER),
    hosts: Math.min(hosts, HOSTS_IN_CLUSTER),
    args: ['-standalone-host', '0', '-still'],
  });
  const ask = async (method, path) => (await fetch(running.control + path, { method })).json();
  return {
    vms,
    hosts: running.hosts,
    caFile: running.caFile,
    ca: readFileSync(running.caFile, 'utf8'),
    /** As in the configuration of a gateway. */
    config: {
      name: 'lab',
      url: running.url,
      username: running.username,
      password: running.password,
      ca_file: running.caFile,
    },
    stats: () => ask('GET', '/stats'),
    resetStats: () => ask('POST', '/reset'),
    stop: () => running.stop(),
  };
}
