/** Progress of the task that a call has begun, as MCP notifications while the call waits for it. */
import type { Notification, ProgressToken } from '@modelcontextprotocol/server';
import type { Services } from '../../src/context.ts';
import type { Incoming } from './incoming.ts';

export type ProgressSource = Pick<Services['tasks'], 'onChange'>;

/** @returns a function that ends it; nothing is sent unless the client gave a token. */
export function reportProgress(
  tasks: ProgressSource,
  { caller, requestId }: Pick<Incoming, 'caller' | 'requestId'>,
  progressToken: ProgressToken | undefined,
  notify: (notification: Notification) => Promise<void>,
): () => void {
  if (progressToken === undefined) return () => {};
  let last = -1;
  return tasks.onChange(({ origin, state, progress: percent, name, description, target_name }) => {
    // Request ids may be chosen by clients, so they alone do not tell whose task it is.
    if (origin?.request_id !== requestId || origin.key_id !== caller.key_id) return;
    const progress = state === 'success' ? 100 : (percent ?? 0);
    // Progress only ever grows; a change that is none, such as of the state alone, is not reported.
    if (progress <= last) return;
    last = progress;
    const message = [description ?? name, target_name, state].filter((part) => part !== null).join(', ');
    // A client that has left meanwhile misses nothing.
    void notify({
      method: 'notifications/progress',
      params: { progressToken, progress, total: 100, message },
    }).catch(() => {});
  });
}
