/** How long the event loop was kept from others, and how much of that was work and not a busy machine. */

const TICK_MS = 2;

/** Ticks every two milliseconds until `stop`, which tells the longest gap and the most processor time within one gap. */
export function watchStalls() {
  let at = performance.now();
  let used = process.cpuUsage();
  let longest = 0;
  let busiest = 0;
  const look = () => {
    const now = performance.now();
    const more = process.cpuUsage(used);
    longest = Math.max(longest, now - at);
    busiest = Math.max(busiest, Math.min(now - at, (more.user + more.system) / 1_000));
    at = now;
    used = process.cpuUsage();
  };
  const timer = setInterval(look, TICK_MS);
  return {
    stop: () => {
      look();
      clearInterval(timer);
      return { stall_ms: longest, stall_cpu_ms: busiest };
    },
  };
}
