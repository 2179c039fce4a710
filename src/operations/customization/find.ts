/** Which vCenter a request about customization specifications means, and the fields that say it. */
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { GatewayError } from '../../errors.ts';

export const specName = z.string().min(1).max(256).describe('Name of the customization specification');
export const vcenterField = z
  .string()
  .min(1)
  .max(64)
  .optional()
  .describe('The vCenter that stores it; needed only where there are several');

/** @throws GatewayError `invalid_input` where there are several vCenters and none is named, `not_found` for none of ours. */
export function vcenterOf(given: string | undefined, { targets }: Context): string {
  const names = [...targets.keys()];
  const [only, ...others] = names;
  if (given !== undefined && names.includes(given)) return given;
  if (given !== undefined)
    throw new GatewayError('not_found', `No vCenter is called '${given}'; there are '${names.join("', '")}'.`);
  if (only !== undefined && others.length === 0) return only;
  throw new GatewayError('invalid_input', `Name the vCenter: '${names.join("', '")}'.`, {
    errors: [{ pointer: '/vcenter', message: 'Needed' }],
  });
}
