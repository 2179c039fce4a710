/** The name of a new VM: given, or the next of the configured pattern; in either case free. */
import { z } from 'zod';
import type { Context } from '../../../context.ts';
import { GatewayError } from '../../../errors.ts';
import type { FolderRecord } from '../../../live/model.ts';

/** Numbers that are tried before a pattern counts as used up. */
const MAX_NUMBER = 999_999;

/** vSphere takes longer names and writes / \ % otherwise; what is left out here only makes trouble in paths and files. */
export const vmName = z
  .string()
  .regex(/^[^/\\%\p{Cc}]+$/u, 'Without / \\ % and control characters')
  .max(80);

/** `vm-###` → `vm-001`, or the first number that no VM of the vCenter has. */
function nextName(pattern: string, vcenter: string, { inventory }: Pick<Context, 'inventory'>): string {
  const [before = '', row = '', after = ''] = pattern.split(/(#+)/);
  const taken = new Set(
    inventory
      .all('vm')
      .filter((vm) => vm.vcenter === vcenter)
      .map(({ name }) => name),
  );
  for (let number = 1; number <= MAX_NUMBER; number += 1) {
    const name = `${before}${String(number).padStart(row.length, '0')}${after}`;
    if (!taken.has(name)) return name;
  }
  throw new GatewayError('invalid_state', `All names of the pattern '${pattern}' are taken; give a name.`);
}

/**
 * The name that a new VM in this folder gets.
 * @throws GatewayError `already_exists`, or `invalid_input` when there is neither a name nor a pattern.
 */
export function newName(given: string | undefined, folder: FolderRecord, context: Context): string {
  const { inventory, provisioning } = context;
  const pattern = provisioning.name_pattern;
  if (given === undefined && pattern === null) {
    throw new GatewayError('invalid_input', 'Give the new VM a name; provisioning.name_pattern is not configured.', {
      errors: [{ pointer: '/name', message: 'Needed' }],
    });
  }
  const name = given ?? nextName(pattern ?? '', folder.vcenter, context);
  const taken = inventory.children(folder.id).find((id) => inventory.find(id)?.name === name);
  if (taken === undefined) return name;
  throw new GatewayError(
    'already_exists',
    `The folder '${inventory.path(folder.id)}' already holds a '${name}' (${taken}); choose another name or folder.`,
    { details: { existing: taken } },
  );
}
