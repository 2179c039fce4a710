/** Reads of the gateway beside a bare Fastify that sends the same bytes, in turn. */
import { serveIn } from '../support/child.mjs';
import { ratio, ratioText, spread, table } from '../support/report.mjs';
import { load, missingWrk } from './wrk.mjs';

const GATEWAY = new URL('./gateway.mjs', import.meta.url);
const BARE = new URL('./bare.mjs', import.meta.url);
const LIST = '/v1/vms?limit=100';
/** Compiling and optimising is over after that. */
const WARM_UP_SECONDS = 1;

/** What the gateway answers: the list, and each VM on it. */
async function answers({ url }, headers) {
  const get = async (path) => {
    const response = await fetch(url + path, { headers });
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
    return response.text();
  };
  const list = await get(LIST);
  const ids = JSON.parse(list).items.map(({ id }) => id);
  const vms = await Promise.all(ids.map(async (id) => [id, await get(`/v1/vms/${id}`)]));
  return { list, vms: Object.fromEntries(vms) };
}

async function round(server, paths, headers, seconds) {
  const before = await server.cpu();
  const figures = await load(server.url, paths, headers, seconds);
  return { ...figures, cpu_us: ((await server.cpu()) - before) / figures.requests };
}

export async function measure(vcenter, { rounds, seconds, profile }) {
  const missing = await missingWrk();
  if (missing !== undefined) {
    console.log(`\nreads: not measured. ${missing}`);
    return { missing };
  }
  const gateway = await serveIn(GATEWAY, { vcenter: vcenter.config }, { profile });
  const headers = { authorization: `Bearer ${gateway.key}` };
  const same = await answers(gateway, headers);
  const bare = await serveIn(BARE, same);
  const requests = { 'vm.get': Object.keys(same.vms).map((id) => `/v1/vms/${id}`), 'vm.list': [LIST] };
  const servers = { gateway, bare };
  const results = {};
  for (const [operation, paths] of Object.entries(requests)) {
    results[operation] = { gateway: [], bare: [] };
    for (const server of Object.values(servers)) await load(server.url, paths, headers, WARM_UP_SECONDS);
    for (let i = 0; i < rounds; i += 1) {
      for (const [name, server] of Object.entries(servers)) {
        results[operation][name].push(await round(server, paths, headers, seconds));
      }
    }
  }
  await bare.stop();
  await gateway.stop();
  const [vm] = Object.values(same.vms);
  print(results, { 'vm.get': vm.length, 'vm.list': same.list.length }, rounds, seconds);
  return results;
}

function print(results, bytes, rounds, seconds) {
  console.log(`\nreads: wrk with 1 thread and 32 connections, ${rounds} rounds of ${seconds} s, min/median`);
  const row = (name, figures) => [
    name,
    spread(figures, 'per_second'),
    spread(figures, 'cpu_us', 1),
    spread(figures, 'p50_ms', 2),
    spread(figures, 'p99_ms', 2),
  ];
  table([
    ['', 'requests/s', 'CPU µs a request', 'p50 ms', 'p99 ms'],
    ...Object.entries(results).flatMap(([operation, { gateway, bare }]) => [
      row(`${operation}, gateway`, gateway),
      row(`${operation}, bare Fastify (${(bytes[operation] / 1_000).toFixed(1)} kB)`, bare),
    ]),
  ]);
  for (const [operation, { gateway, bare }] of Object.entries(results)) {
    const wanted = operation === 'vm.get' ? ', wanted at least 0.5' : '';
    console.log(`${operation}, gateway : bare in requests/s    ${ratioText(highest(gateway, bare))}${wanted}`);
    console.log(`${operation}, bare : gateway in CPU a request ${ratioText(ratio(bare, gateway, 'cpu_us'))}${wanted}`);
  }
}

/** The best round of a rate is the highest, so the ratio is taken of the times for one request. */
function highest(rounds, others) {
  const time = (of) => of.map(({ per_second }) => ({ time: 1 / per_second }));
  return ratio(time(others), time(rounds), 'time');
}
