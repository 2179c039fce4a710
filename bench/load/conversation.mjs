/** In a process of its own: the same conversation as the inventory's, with the answers thrown away. What it takes is the simulator's time. */
import { Pool } from 'undici';
import { viewFilter, WATCHED } from '../../dist/src/live/inventory/properties.js';
import { encodeCall } from '../../dist/src/vsphere/encode.js';
import { vimSchema } from '../../dist/src/vsphere/schema.js';
import { done, input } from '../support/child.mjs';
import { watchStalls } from '../support/stalls.mjs';

const { vcenter, ca } = await input();
const { origin, pathname } = new URL(vcenter.url);
const schema = vimSchema();
const ENVELOPE = 'xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"';
const INSTANCE = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const TAIL = 300;

const cpuBefore = process.cpuUsage();
const stalls = watchStalls();
const began = performance.now();
const pool = new Pool(origin, { connections: 1, connect: { ca } });
let cookie = '';
let bytes = 0;

/** First piece and end of the body; what is in between is dropped as it comes. */
async function request(method, path, body) {
  const headers = { 'content-type': 'text/xml; charset=utf-8', SOAPAction: 'urn:vim25/8.0.3.0', cookie };
  const answer = await pool.request({ method, path, headers, body });
  if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}: ${await answer.body.text()}`);
  if (answer.headers['set-cookie'] !== undefined) cookie = String(answer.headers['set-cookie']).split(';', 1)[0];
  let head = '';
  let tail = '';
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (head === '') head = chunk.toString('latin1');
    const end = chunk.subarray(-TAIL).toString('latin1');
    tail = end.length < TAIL ? (tail + end).slice(-TAIL) : end;
  }
  return head + tail;
}

async function call(name, self, args = {}) {
  const xml = encodeCall(schema, name, self, args);
  const body = `<soap:Envelope ${ENVELOPE} ${INSTANCE}><soap:Body>${xml}</soap:Body></soap:Envelope>`;
  return request('POST', pathname, body);
}

/** The reference in an element; undefined where there is none. */
function reference(text, element) {
  const [, $type, value] = new RegExp(`<${element}[^>]*? type="(\\w+)"[^>]*>([^<]+)<`).exec(text) ?? [];
  return value === undefined ? undefined : { $type, value };
}

const read = (of, obj, path) =>
  call('RetrievePropertiesEx', of, {
    specSet: [{ propSet: [{ type: obj.$type, pathSet: [path] }], objectSet: [{ obj }] }],
    options: {},
  });

await request('GET', `${pathname}/vimServiceVersions.xml`);
const content = await call('RetrieveServiceContent', { $type: 'ServiceInstance', value: 'ServiceInstance' });
const [root, collectors, sessions, views, fields] = [
  'rootFolder',
  'propertyCollector',
  'sessionManager',
  'viewManager',
  'customFieldsManager',
].map((name) => reference(content, name));
await call('Login', sessions, { userName: vcenter.username, password: vcenter.password });
const collector = reference(await call('CreatePropertyCollector', collectors), 'returnval');
const type = Object.keys(WATCHED);
const view = reference(
  await call('CreateContainerView', views, { container: root, type, recursive: true }),
  'returnval',
);
await call('CreateFilter', collector, { spec: viewFilter(WATCHED, view, { root }), partialUpdates: false });
if (fields !== undefined) await read(collectors, fields, 'field');
let version = '';
let pages = 0;
for (let truncated = true; truncated; pages += 1) {
  const text = await call('WaitForUpdatesEx', collector, { version, options: { maxWaitSeconds: 60 } });
  version = /<version>([^<]*)</.exec(text)[1];
  truncated = text.includes('<truncated>true<');
}
await read(collectors, sessions, 'currentSession');
const ms = performance.now() - began;
const { user, system } = process.cpuUsage(cpuBefore);
const stall = stalls.stop();
const rss = process.resourceUsage().maxRSS / 1_024;

await call('DestroyPropertyCollector', collector);
await call('Logout', sessions);
await pool.close();
done({ ms, cpu_ms: (user + system) / 1_000, rss_mib: rss, ...stall, bytes, pages });
