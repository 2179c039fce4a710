/** Reads what vCenter never announces: usage, storage and overall status of VMs and hosts, once each interval. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from '../../config/schema.ts';
import type { Session } from '../../vsphere/session.ts';
import type {
  HostListSummaryQuickStats,
  MoRef,
  ObjectContent,
  VirtualMachineQuickStats,
  VirtualMachineStorageSummary,
} from '../../vsphere/vim25/types.ts';
import { abortable } from '../../vsphere/waiting.ts';
import { type Health, type Polled, toId } from '../model.ts';
import { Pacer } from './pacer.ts';
import { SILENT, viewFilter } from './properties.ts';
import type { Source } from './source.ts';

export interface PollerDeps {
  source: Source;
  session: Session;
  settings: Config['inventory'];
  log: Logger;
}

const PAGE = 500;
/** After a poll that failed, if that is sooner than the next. */
const RETRY_MS = 5_000;
const TIDY_MS = 3_000;

export class Poller {
  readonly #deps: PollerDeps;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(deps: PollerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Never rejects. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { source, settings, log } = this.#deps;
    const { signal } = this.#stop;
    await abortable(source.loaded, signal).catch(() => undefined);
    const interval = settings.poll_interval * 1_000;
    while (!signal.aborted) {
      const began = performance.now();
      let pause = interval;
      try {
        source.sampled(await this.#poll(signal));
      } catch (error) {
        if (signal.aborted) return;
        // That vCenter is away is the watcher's to tell; an object deleted under a page fails the page, and passes.
        log.debug({ err: error }, 'usage could not be read');
        pause = Math.min(interval, RETRY_MS);
      }
      const rest = Math.max(0, began + pause - performance.now());
      await sleep(rest, undefined, { signal }).catch(() => undefined);
    }
  }

  async #poll(signal: AbortSignal): Promise<Map<string, Polled>> {
    const { session, source } = this.#deps;
    const { rootFolder, viewManager } = (await session.ready(signal)).content;
    if (viewManager === undefined) throw new Error('This vSphere has no ViewManager.');
    const args = { container: rootFolder, type: Object.keys(SILENT), recursive: true };
    const view = await session.call('CreateContainerView', viewManager, args, { signal });
    try {
      return await this.#read(view, source.vcenter, signal);
    } finally {
      await session.call('DestroyView', view, {}, { timeoutMs: TIDY_MS, relogin: false }).catch(() => undefined);
    }
  }

  async #read(view: MoRef, vcenter: string, signal: AbortSignal): Promise<Map<string, Polled>> {
    const polled = new Map<string, Polled>();
    const pacer = new Pacer();
    const spec = viewFilter(SILENT, view);
    for await (const page of this.#deps.session.retrieve([spec], { maxObjects: PAGE, signal })) {
      const sampledAt = new Date().toISOString();
      for (const object of page) {
        polled.set(toId(vcenter, object.obj.value), toPolled(object, sampledAt));
        await pacer.pause();
      }
    }
    return polled;
  }
}

/** What one object of a page says. */
export function toPolled({ obj, propSet = [] }: ObjectContent, sampledAt: string): Polled {
  const polled: Polled = { sampled_at: sampledAt, overall_status: null, quick_stats: null, storage: null };
  for (const { name, val } of propSet) {
    // The decoder gives each value the type that vim25 declares for its path.
    if (name === 'overallStatus') polled.overall_status = val as Health;
    else if (name === 'summary.storage') polled.storage = toStorage(val as VirtualMachineStorageSummary);
    else if (name === 'summary.quickStats' && obj.$type === 'HostSystem')
      polled.quick_stats = ofHost(val as HostListSummaryQuickStats);
    else if (name === 'summary.quickStats') polled.quick_stats = ofVm(val as VirtualMachineQuickStats);
  }
  return polled;
}

function toStorage({ committed, uncommitted, unshared }: VirtualMachineStorageSummary): Polled['storage'] {
  return { committed_bytes: committed, uncommitted_bytes: uncommitted, unshared_bytes: unshared };
}

function ofVm(stats: VirtualMachineQuickStats): Polled['quick_stats'] {
  return {
    cpu_usage_mhz: stats.overallCpuUsage ?? null,
    cpu_demand_mhz: stats.overallCpuDemand ?? null,
    memory_usage_mib: stats.guestMemoryUsage ?? null,
    memory_consumed_mib: stats.hostMemoryUsage ?? null,
    memory_balloon_mib: stats.balloonedMemory ?? null,
    memory_swapped_mib: stats.swappedMemory ?? null,
    uptime_seconds: stats.uptimeSeconds ?? null,
  };
}

function ofHost(stats: HostListSummaryQuickStats): Polled['quick_stats'] {
  return {
    cpu_usage_mhz: stats.overallCpuUsage ?? null,
    cpu_demand_mhz: null,
    memory_usage_mib: stats.overallMemoryUsage ?? null,
    memory_consumed_mib: null,
    memory_balloon_mib: null,
    memory_swapped_mib: null,
    uptime_seconds: stats.uptime ?? null,
  };
}
