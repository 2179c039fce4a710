/** What a target can measure: its counters by name, and which of them are read of VMs and hosts. */
import type { Logger } from 'pino';
import type { Session } from '../../vsphere/session.ts';
import type { AboutInfo, MoRef, PerfCounterInfo } from '../../vsphere/vim25/types.ts';
import { COLUMNS, COUNTERS, type CounterSpec, type CounterUnit, type MetricKind } from './counters.ts';

/** A counter that a target has and the gateway reads. */
export interface CounterInfo {
  /** `group.name.rollup` */
  name: string;
  unit: CounterUnit;
  /** vCenter's own short and long text, in the language of the gateway's session. */
  label: string;
  summary: string;
  /** Statistics level from which vCenter keeps it for longer than an hour; null where it does not say. */
  level: number | null;
  /** Kinds of object that it is read of. */
  kinds: readonly MetricKind[];
}

/** A counter to ask for: its id on the target, and its column in memory. */
export interface Asked {
  counterId: number;
  column: number;
}

/**
 * The counters of one target, read once for each vCenter instance and build. Which of them an object offers
 * (QueryAvailablePerfMetric) is not asked: it differs from VM to VM with their storage, and aggregates are served that
 * are not offered. What an object does not have comes back empty.
 */
export class Catalogue {
  readonly #log: Logger;
  #key = '';
  #infos: readonly CounterInfo[] = [];
  #asked: Readonly<Record<MetricKind, readonly Asked[]>> = { vm: [], host: [] };

  constructor(log: Logger) {
    this.#log = log;
  }

  /** The counters that are read, in the order of the table; empty before the first `load`. */
  get infos(): readonly CounterInfo[] {
    return this.#infos;
  }

  /** What to ask for of a kind. */
  asked(kind: MetricKind): readonly Asked[] {
    return this.#asked[kind];
  }

  /** @returns whether the target is another than last time, so that what was learnt of it no longer holds. */
  async load(session: Session, perfManager: MoRef, about: AboutInfo, signal: AbortSignal): Promise<boolean> {
    const key = `${about.instanceUuid ?? about.fullName}/${about.build}`;
    if (key === this.#key) return false;
    const { perfCounter = [] } = await session.read(perfManager, ['perfCounter'], { signal });
    // PerformanceManager.perfCounter is PerfCounterInfo[]; `read` answers by path and knows no types.
    const byName = new Map((perfCounter as PerfCounterInfo[]).map((info) => [nameOf(info), info]));
    const readable = ({ name, unit }: CounterSpec) => byName.get(name)?.unitInfo.key === unit;
    const ask = (kind: MetricKind) =>
      COLUMNS[kind].flatMap((spec, column): Asked[] => {
        const info = byName.get(spec.name);
        return info !== undefined && readable(spec) ? [{ counterId: info.key, column }] : [];
      });
    this.#asked = { vm: ask('vm'), host: ask('host') };
    this.#infos = COUNTERS.filter(readable).flatMap((spec) => infoOf(spec, byName.get(spec.name)));
    // A vCenter that is only just starting may list none yet.
    this.#key = this.#infos.length > 0 ? key : '';
    const unreadable = COUNTERS.filter((spec) => !readable(spec)).map(({ name }) => name);
    if (unreadable.length > 0)
      this.#log.info({ counters: unreadable }, 'the target lacks counters, or has other units');
    return true;
  }
}

function nameOf({ groupInfo, nameInfo, rollupType }: PerfCounterInfo): string {
  return `${groupInfo.key}.${nameInfo.key}.${rollupType}`;
}

function infoOf({ name, unit, kinds }: CounterSpec, info: PerfCounterInfo | undefined): CounterInfo[] {
  if (info === undefined) return [];
  const { nameInfo, level } = info;
  return [{ name, unit, label: nameInfo.label, summary: nameInfo.summary, level: level ?? null, kinds }];
}
