/** How many metrics one QueryPerf may hold: what vCenter says, what the configuration says, and what refusals have taught. */

import type { Session } from '../../vsphere/session.ts';
import { VimFault } from '../../vsphere/vim-fault.ts';
import type { AboutInfo, MoRef } from '../../vsphere/vim25/types.ts';

const OPTION = 'config.vpxd.stats.maxQueryMetrics';

/**
 * What we ask for at most of a vCenter that sets no limit: far from the 500,000 XML elements that its answers may have,
 * and written and read in some 20 ms each.
 */
const UNLIMITED = 10_000;

/**
 * The limit for a target.
 * @param option value of vCenter's option; -1 means no limit, undefined that it is not set
 * @param configured `metrics.max_query_metrics`; null leaves it to vCenter
 */
export function queryLimit(option: number | undefined, configured: number | null, apiVersion: string): number {
  if (option !== undefined && option > 0) return Math.min(option, configured ?? option);
  if (option !== undefined) return Math.min(UNLIMITED, configured ?? UNLIMITED);
  return configured ?? defaultOf(apiVersion);
}

/** Value that vCenter goes by where the option is not set. */
function defaultOf(apiVersion: string): number {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  return major < 6 || (major === 6 && minor === 0) ? 64 : 256;
}

/** Reads vCenter's option. An ESXi host has none, and an account may not be allowed to look. */
async function readOption(
  session: Session,
  setting: MoRef | undefined,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (setting === undefined) return undefined;
  try {
    const self = { $type: 'OptionManager', value: setting.value };
    const options = await session.call('QueryOptions', self, { name: OPTION }, { signal });
    const value = Number(options.find((option) => option.key === OPTION)?.value ?? Number.NaN);
    return Number.isInteger(value) ? value : undefined;
  } catch (error) {
    if (error instanceof VimFault) return undefined;
    throw error;
  }
}

/** A query of fewer metrics than this is not refused for its size. */
const SMALL = 32;

/** After this time the limit is asked for, and learnt, anew. */
const VALID_MS = 3_600_000;

/** The limit of one target: as it is set, halved with each refusal. */
export class QueryLimit {
  readonly #configured: number | null;
  #metrics = 0;
  #validUntil = 0;

  constructor(configured: number | null) {
    this.#configured = configured;
  }

  /** Metrics that the next query may hold; 0 before `load`. */
  get metrics(): number {
    return this.#metrics;
  }

  /** Whether `load` is due. */
  get outdated(): boolean {
    return this.#metrics === 0 || performance.now() > this.#validUntil;
  }

  async load(
    session: Session,
    setting: MoRef | undefined,
    { apiVersion }: AboutInfo,
    signal: AbortSignal,
  ): Promise<void> {
    this.#metrics = queryLimit(await readOption(session, setting, signal), this.#configured, apiVersion);
    this.#validUntil = performance.now() + VALID_MS;
  }

  /**
   * Notes that a query of this many metrics was refused.
   * @returns whether a smaller one may be let through; if not, what was learnt from the refusals is forgotten
   */
  refused(metrics: number): boolean {
    this.#metrics = metrics < SMALL ? 0 : Math.min(this.#metrics, Math.floor(metrics / 2));
    return this.#metrics > 0;
  }
}
