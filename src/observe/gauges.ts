/** The gateway's own metrics that are read at the moment of a scrape: targets, inventory, pollers, streams. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Services } from '../context.ts';
import type { PollHealth } from '../live/metrics/metrics.ts';
import { KINDS } from '../live/model.ts';

/** What the hub tells of itself; totals count from the start. */
export interface StreamCounts {
  /** Open streams. */
  readonly subscribers: number;
  /** Messages written, messages left out because a client was behind, clients given up. */
  readonly stats: Readonly<{ sent: number; skipped: number; stalled: number }>;
}

/** Everything that is looked at. */
export interface Observed extends Pick<Services, 'targets' | 'inventory' | 'metrics' | 'version'> {
  hub: StreamCounts;
}

type Row = readonly [labels: Record<string, string>, value: number | null];

/** Fills the metric anew at every scrape, so that a label set that is gone does not linger. */
function gauge(registry: Registry, name: string, help: string, labelNames: string[], read: () => Iterable<Row>): void {
  new Gauge({
    name: `vsphere_gateway_${name}`,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, value] of read()) if (value !== null) this.set(labels, value);
    },
  });
}

/** As `gauge`, for what only grows. */
function total(registry: Registry, name: string, help: string, labelNames: string[], read: () => Iterable<Row>): void {
  new Counter({
    name: `vsphere_gateway_${name}_total`,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, value] of read()) if (value !== null) this.inc(labels, value);
    },
  });
}

const seconds = (time: string | null | undefined): number | null => (time ? Date.parse(time) / 1_000 : null);
const bit = (is: boolean): number => (is ? 1 : 0);

/** Registers what the parts of the gateway can tell. Once for a registry. */
export function follow(registry: Registry, { targets, inventory, metrics, version, hub }: Observed): void {
  gauge(registry, 'build_info', 'Version of the gateway; always 1.', ['version'], () => [[{ version }, 1]]);
  followTargets(registry, targets);
  followInventory(registry, inventory);
  followPollers(registry, [...targets.keys()], metrics);
  followStream(registry, hub);
}

const VCENTER = ['vcenter'];

function followTargets(registry: Registry, targets: Observed['targets']): void {
  gauge(registry, 'target_up', '1 while vCenter can be reached.', VCENTER, function* () {
    for (const [vcenter, { state }] of targets) yield [{ vcenter }, bit(state.status === 'connected')];
  });
  gauge(registry, 'target_state', '1 for the state that holds.', ['vcenter', 'state'], function* () {
    for (const [vcenter, { state }] of targets) yield [{ vcenter, state: state.status }, 1];
  });
}

function followInventory(registry: Registry, inventory: Observed['inventory']): void {
  const statuses = () => inventory.statuses();
  gauge(registry, 'inventory_ready', '1 once the inventory was loaded.', VCENTER, () =>
    statuses().map(({ vcenter, ready }) => [{ vcenter }, bit(ready)]),
  );
  gauge(registry, 'inventory_stale', '1 while changes cannot be followed.', VCENTER, () =>
    statuses().map(({ vcenter, stale }) => [{ vcenter }, bit(stale)]),
  );
  gauge(registry, 'inventory_last_contact_timestamp_seconds', 'When vCenter last said anything.', VCENTER, () =>
    statuses().map(({ vcenter, last_contact_at }) => [{ vcenter }, seconds(last_contact_at)]),
  );
  gauge(registry, 'inventory_objects', 'Objects in memory.', ['vcenter', 'kind'], () =>
    statuses().flatMap(({ vcenter, counts }) => KINDS.map((kind): Row => [{ vcenter, kind }, counts[kind]])),
  );
  total(registry, 'inventory_resyncs', 'Full reads of the inventory after the first.', VCENTER, () =>
    statuses().map(({ vcenter, resyncs }) => [{ vcenter }, resyncs]),
  );
}

function followPollers(registry: Registry, vcenters: readonly string[], metrics: Observed['metrics']): void {
  const of = (value: (health: PollHealth) => number | null) =>
    function* (): Generator<Row> {
      for (const vcenter of vcenters) {
        const health = metrics.health(vcenter);
        if (health !== undefined) yield [{ vcenter }, value(health)];
      }
    };
  const add = (name: string, help: string, value: (health: PollHealth) => number | null) =>
    gauge(registry, name, help, VCENTER, of(value));
  const count = (name: string, help: string, value: (health: PollHealth) => number) =>
    total(registry, name, help, VCENTER, of(value));
  add('poll_last_success_timestamp_seconds', 'When the counters were last read.', (h) => seconds(h.last_poll_at));
  add('poll_duration_seconds', 'Length of the last round.', (h) => (h.poll_ms === null ? null : h.poll_ms / 1_000));
  add('poll_queries', 'QueryPerf calls of the last round.', (h) => h.queries);
  add('poll_query_metrics_limit', 'Metrics that one QueryPerf may hold.', (h) => h.max_query_metrics);
  add('poll_samples_bytes', 'Memory of the samples.', (h) => h.memory_bytes);
  add('vcenter_clock_skew_seconds', "vCenter's clock minus the gateway's.", (h) => h.skew_seconds);
  count('poll_rounds', 'Rounds begun.', (h) => h.rounds);
  count('poll_overruns', 'Rounds left out because the one before still ran.', (h) => h.overruns);
  count('poll_failures', 'Rounds that failed.', (h) => h.failures);
  count('poll_missing_samples', 'Objects that had no sample in a round.', (h) => h.missing_samples);
}

function followStream(registry: Registry, hub: StreamCounts): void {
  gauge(registry, 'stream_subscribers', 'Open streams.', [], () => [[{}, hub.subscribers]]);
  total(registry, 'stream_messages_sent', 'Messages written.', [], () => [[{}, hub.stats.sent]]);
  total(registry, 'stream_messages_skipped', 'Messages left out for slow clients.', [], () => [
    [{}, hub.stats.skipped],
  ]);
  total(registry, 'stream_clients_stalled', 'Streams ended because nobody read.', [], () => [[{}, hub.stats.stalled]]);
}
