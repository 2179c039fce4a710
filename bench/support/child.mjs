/** Measured code runs in processes of its own, fresh for each measurement; they talk by messages. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { RESULTS } from './report.mjs';

const PROFILE = ['--cpu-prof', '--cpu-prof-interval', '200', '--cpu-prof-dir', RESULTS];

function start(script, input, { profile = false } = {}) {
  const child = fork(fileURLToPath(script), {
    execArgv: ['--expose-gc', ...(profile ? PROFILE : [])],
    // The gateway's log goes where a service manager would take it from us.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.send(input);
  return child;
}

/** The next message; rejects when the process ends without one. */
async function answer(child) {
  const gone = new AbortController();
  const [message] = await Promise.race([
    once(child, 'message', { signal: gone.signal }),
    once(child, 'exit', { signal: gone.signal }).then(([code]) => {
      throw new Error(`${child.spawnargs.at(-1)} ended with ${code} before it answered`);
    }),
  ]).finally(() => gone.abort());
  return message;
}

/** Runs a script that answers once and ends. */
export async function measureIn(script, input, options) {
  const child = start(script, input, options);
  const ended = once(child, 'exit');
  const result = await answer(child);
  await ended;
  return result;
}

/** Runs a script that serves until it is told to stop; it answers `cpu` with the microseconds it has used. */
export async function serveIn(script, input, options) {
  const child = start(script, input, options);
  const { url, ...more } = await answer(child);
  return {
    url,
    ...more,
    cpu: async () => {
      child.send('cpu');
      return answer(child);
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.send('stop');
      await ended;
    },
  };
}

/** The other side of `measureIn` and `serveIn`: what this process was started with. */
export async function input() {
  const [message] = await once(process, 'message');
  return message;
}

/** The other side of `serveIn`. @param stop ends the server. */
export function serving(details, stop) {
  process.on('message', async (message) => {
    if (message === 'cpu') {
      const { user, system } = process.cpuUsage();
      process.send(user + system);
    } else if (message === 'stop') {
      await stop();
      process.disconnect();
    }
  });
  process.send(details);
}

/** Answers, then lets the process end. */
export function done(result) {
  process.send(result, () => process.disconnect());
}
