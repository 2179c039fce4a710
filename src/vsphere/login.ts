/** From a fresh conversation to a login: agree on the API version, read the ServiceContent, log in. */
import type { VimClient } from './client.ts';
import { HttpError, TimeoutError } from './http.ts';
import { vimSchema } from './schema.ts';
import { XmlError } from './vim-fault.ts';
import type { MoRef, ServiceContent } from './vim25/types.ts';

/** The one object whose reference every vSphere server shares. */
export const SERVICE_INSTANCE: MoRef<'ServiceInstance'> = { $type: 'ServiceInstance', value: 'ServiceInstance' };

export interface Credentials {
  username: string;
  password: string;
}

/**
 * Logs the client in. Fails as `VimClient.call` does.
 * @param timeoutMs for all of it.
 */
export async function logIn(
  client: VimClient,
  credentials: Credentials,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ServiceContent> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new TimeoutError('Login', timeoutMs)), timeoutMs);
  try {
    return await walk(client, credentials, { timeoutMs, signal: AbortSignal.any([signal, deadline.signal]) });
  } finally {
    clearTimeout(timer);
  }
}

async function walk(
  client: VimClient,
  { username, password }: Credentials,
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<ServiceContent> {
  const offered = await offeredVersions(client, options.signal);
  const agreed = offered && agree(offered);
  if (agreed !== undefined) client.setApiVersion(agreed);
  let content = await client.call('RetrieveServiceContent', SERVICE_INSTANCE, {}, options);
  if (agreed === undefined) {
    // Asked in an old version, vSphere leaves the newer managers out: ask again in the one it speaks.
    client.setApiVersion(agree([content.about.apiVersion]) ?? content.about.apiVersion);
    content = await client.call('RetrieveServiceContent', SERVICE_INSTANCE, {}, options);
  }
  if (content.sessionManager === undefined) throw new XmlError('The ServiceContent has no SessionManager');
  await client.call('Login', content.sessionManager, { userName: username, password }, options);
  return content;
}

/** undefined where the server does not publish its versions. */
async function offeredVersions(client: VimClient, signal: AbortSignal): Promise<string[] | undefined> {
  try {
    return await client.apiVersions(signal);
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) return undefined;
    throw error;
  }
}

/** The highest version that both sides know; undefined when all that is offered is newer than our types. */
export function agree(offered: readonly string[]): string | undefined {
  // `pyVmomi 9.1.1.0`: its releases bear the version of the API that they describe.
  const ours = vimSchema().table.source.split(' ').at(-1) ?? '';
  const known = offered.filter((version) => compareVersions(version, ours) <= 0);
  return known.toSorted(compareVersions).at(-1);
}

/** By number, part for part: `8.0.10` is above `8.0.3.0`. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let part = 0; part < Math.max(left.length, right.length); part += 1) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
