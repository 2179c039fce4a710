/** Paths of files on datastores, as callers write them: `[datastore] folder/file.iso`. */
import type { Context } from '../../../context.ts';
import { GatewayError } from '../../../errors.ts';
import type { DatastoreRecord, VmRecord } from '../../../live/model.ts';
import { datacenterOf } from '../provision/nearest.ts';

const SHAPE = /^\[([^[\]]+)\] ?([^[\]\s].*)$/;

/** How often a path is decoded to look for what hides in it: `%252e` is a dot for whoever decodes twice. */
const DECODINGS = 2;

function wrong(detail: string): GatewayError {
  return new GatewayError('invalid_input', detail, { errors: [{ pointer: '/path', message: detail }] });
}

/** The text, and what it becomes when it is percent-decoded and its look-alikes (‥, ／) are folded. */
function readings(text: string): string[] {
  const all = [text];
  for (let at = text; all.length <= DECODINGS; all.push(at)) {
    try {
      at = decodeURIComponent(at);
    } catch {
      break; // a lone percent sign is one
    }
  }
  return all.map((reading) => reading.normalize('NFKC'));
}

function hostile(reading: string): boolean {
  if (/[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(reading)) return true;
  return reading.split('/').some((segment) => ['', '.', '..'].includes(segment.trim()));
}

/**
 * Takes a path apart and refuses what leaves its datastore or is not there for the VM.
 * @param ending what the file must end in, e.g. `.iso`.
 * @returns the path in vSphere's own spelling.
 * @throws GatewayError `invalid_input`.
 */
export function datastorePath(path: string, ending: string, vm: VmRecord, context: Pick<Context, 'inventory'>): string {
  const [, name = '', file = ''] = SHAPE.exec(path) ?? [];
  if (name === '' || readings(file).some(hostile)) {
    throw wrong(
      `A path is '[datastore] folder/file${ending}', without '..', '.', empty segments, backslashes or control characters.`,
    );
  }
  if (!file.toLowerCase().endsWith(ending)) throw wrong(`The file must end in '${ending}'.`);
  const datacenter = datacenterOf(vm.id, context);
  const datastore = context.inventory
    .all('datastore')
    .find((each) => each.name === name && each.vcenter === vm.vcenter && datacenterOf(each.id, context) === datacenter);
  if (datastore === undefined) {
    throw wrong(
      `There is no datastore '${name}' in the datacenter of '${vm.name}'; datastore.list shows what there is.`,
    );
  }
  return `[${checkReachable(datastore, vm, context).name}] ${file}`;
}

/** @returns the datastore. @throws GatewayError `invalid_input` for one that the VM's host does not mount. */
export function checkReachable(
  datastore: DatastoreRecord,
  vm: VmRecord,
  { inventory }: Pick<Context, 'inventory'>,
): DatastoreRecord {
  if (vm.host === null || datastore.hosts.includes(vm.host)) return datastore;
  const host = inventory.get('host', vm.host)?.name ?? vm.host;
  throw new GatewayError(
    'invalid_input',
    `The host '${host}' of '${vm.name}' does not mount the datastore '${datastore.name}'; choose one that it does.`,
  );
}
