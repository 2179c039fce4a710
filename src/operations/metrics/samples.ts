/** Samples of one VM or host: what vm.metrics and host.metrics take and answer. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { GatewayError } from '../../errors.ts';
import type { HostRecord, VmRecord } from '../../live/model.ts';
import { nullableTime } from '../shapes.ts';

const values = z.record(z.string(), z.number().nullable());

/** The fields beside the one that names the object. */
export const sampleFields = {
  minutes: z
    .number()
    .int()
    .min(0)
    .max(60)
    .default(0)
    .describe('How far back the series goes, minutes; 0: the last sample only'),
  counters: z
    .array(z.string().min(1).max(128))
    .min(1)
    .max(64)
    .optional()
    .describe('Only these counters, e.g. cpu.usage.average'),
};

export const Samples = z.strictObject({
  id: z.string().describe('Id of the object'),
  name: z.string().describe('Name of the object'),
  sampled_at: nullableTime("vCenter's time of the last sample"),
  last: values.describe('Last value of each counter'),
  units: z
    .record(z.string(), z.string())
    .describe('Unit of each counter as vSphere sends it; percent comes as hundredths'),
  interval_seconds: z.number().describe('Seconds between samples'),
  at: z.array(z.string()).describe('Times of the series, oldest first'),
  series: z.record(z.string(), z.array(z.number().nullable())).describe('For each counter a value for each time'),
});

type Input = z.output<z.ZodObject<typeof sampleFields>>;

/** @throws GatewayError invalid_input for a counter that is not read of this kind of object. */
export function samplesOf(
  object: VmRecord | HostRecord,
  { minutes, counters }: Input,
  { metrics }: Pick<Context, 'metrics'>,
): z.output<typeof Samples> {
  const known = new Map(
    metrics
      .counters(object.vcenter)
      .filter(({ kinds }) => kinds.includes(object.kind))
      .map((counter) => [counter.name, counter]),
  );
  const unknown = counters?.find((counter) => known.size > 0 && !known.has(counter));
  if (unknown !== undefined) {
    throw new GatewayError(
      'invalid_input',
      `There is no counter '${unknown}' of a ${object.kind}; there are ${[...known.keys()].join(', ')}.`,
      { errors: [{ pointer: '/counters', message: `Unknown counter ${unknown}` }] },
    );
  }
  const wanted = (counter: string) => counters === undefined || counters.includes(counter);
  const sample = metrics.last(object.id);
  const last = Object.fromEntries(Object.entries(sample?.values ?? {}).filter(([counter]) => wanted(counter)));
  const history = minutes === 0 ? undefined : metrics.series(object.id, counters, minutes * 60_000);
  const named = new Set([...Object.keys(last), ...Object.keys(history?.series ?? {})]);
  return {
    id: object.id,
    name: object.name,
    sampled_at: sample?.at ?? null,
    last,
    units: Object.fromEntries([...named].map((counter) => [counter, known.get(counter)?.unit ?? ''])),
    interval_seconds: 20,
    at: history?.at ?? [],
    series: history?.series ?? {},
  };
}
