/** SOAP by hand, so that the lab is tested without the gateway's own client. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Lab } from '../support/lab.ts';

export interface SoapAnswer {
  status: number;
  xml: string;
  /** vim25 type of the fault, or undefined. */
  fault: string | undefined;
}

/** One session: a cookie and a connection pool. */
export class SoapClient {
  readonly #url: string;
  readonly #agent: Agent;
  #cookie = '';
  #content: Map<string, string> | undefined;

  constructor(url: string, ca: string) {
    this.#url = url;
    this.#agent = new Agent({ connect: { ca }, headersTimeout: 0, bodyTimeout: 0 });
  }

  /** Calls a method of an object (`Type:value`); `inside` is the XML of its arguments. */
  async call(method: string, self: string, inside = '', signal?: AbortSignal): Promise<SoapAnswer> {
    const [type, value] = split(self);
    const body = `<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><${method} xmlns="urn:vim25"><_this type="${type}">${value}</_this>${inside}</${method}></soapenv:Body></soapenv:Envelope>`;
    const answer = await request(this.#url, {
      method: 'POST',
      dispatcher: this.#agent,
      headers: { 'content-type': 'text/xml', soapaction: 'urn:vim25/8.0.3.0', cookie: this.#cookie },
      body,
      signal: signal ?? null,
    });
    const cookie = answer.headers['set-cookie'];
    if (cookie !== undefined) this.#cookie = String(cookie).split(';')[0] ?? '';
    const xml = await answer.body.text();
    return { status: answer.statusCode, xml, fault: /<detail>\s*<(\w+?)Fault[\s>]/.exec(xml)?.[1] };
  }

  /** The same, and the first `returnval`'s text; throws on a fault. */
  async get(method: string, self: string, inside = ''): Promise<string> {
    const { xml, fault } = await this.call(method, self, inside);
    if (fault !== undefined) throw new Error(`${method}: ${fault}`);
    return /<returnval[^>]*>([^<]*)/.exec(xml)?.[1] ?? '';
  }

  /** A manager of the ServiceContent, as `Type:value`: `rootFolder`, `propertyCollector`; ESXi calls them otherwise than vCenter. */
  async manager(name: string): Promise<string> {
    if (this.#content === undefined) {
      const { xml } = await this.call('RetrieveServiceContent', 'ServiceInstance:ServiceInstance');
      const found = xml.matchAll(/<(\w+) type="(\w+)">([^<]+)<\/\1>/g);
      this.#content = new Map([...found].map(([, field = '', type, value]) => [field, `${type}:${value}`]));
    }
    const reference = this.#content.get(name);
    if (reference === undefined) throw new Error(`no ${name}`);
    return reference;
  }

  async login(username: string, password: string): Promise<SoapAnswer> {
    const who = `<userName>${username}</userName><password>${password}</password>`;
    return this.call('Login', await this.manager('sessionManager'), who);
  }

  /** One property of one object, as the XML of its value. */
  async property(object: string, path: string): Promise<string> {
    const [type, value] = split(object);
    const set = `<specSet><propSet><type>${type}</type><pathSet>${path}</pathSet></propSet><objectSet><obj type="${type}">${value}</obj></objectSet></specSet><options/>`;
    const { xml, fault } = await this.call('RetrievePropertiesEx', await this.manager('propertyCollector'), set);
    if (fault !== undefined) throw new Error(`${path}: ${fault}`);
    return /<val[^>]*>(.*)<\/val>/s.exec(xml)?.[1] ?? '';
  }

  /** A recursive view, and a filter of these properties on it in a collector of its own. */
  async watch(type: string, paths: string[]): Promise<{ collector: string; view: string }> {
    const [, root] = split(await this.manager('rootFolder'));
    const container = `<container type="Folder">${root}</container><type>${type}</type><recursive>true</recursive>`;
    const view = `ContainerView:${await this.get('CreateContainerView', await this.manager('viewManager'), container)}`;
    const collector = await this.collector(view, type, paths);
    return { collector, view };
  }

  /** A collector with one filter on a view. */
  async collector(view: string, type: string, paths: string[]): Promise<string> {
    const made = await this.get('CreatePropertyCollector', await this.manager('propertyCollector'));
    const collector = `PropertyCollector:${made}`;
    await this.get('CreateFilter', collector, filterXml(view, type, paths));
    return collector;
  }

  wait(collector: string, version: string, seconds: number, signal?: AbortSignal): Promise<SoapAnswer> {
    const inside = `<version>${version}</version><options><maxWaitSeconds>${seconds}</maxWaitSeconds></options>`;
    return this.call('WaitForUpdatesEx', collector, inside, signal);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

export function filterXml(view: string, type: string, paths: string[]): string {
  const [viewType, value] = split(view);
  const pathSet = paths.map((path) => `<pathSet>${path}</pathSet>`).join('');
  return `<spec><propSet><type>${type}</type>${pathSet}</propSet><objectSet><obj type="${viewType}">${value}</obj><skip>true</skip><selectSet xsi:type="TraversalSpec"><type>${viewType}</type><path>view</path><skip>false</skip></selectSet></objectSet></spec><partialUpdates>false</partialUpdates>`;
}

function split(reference: string): [type: string, value: string] {
  const at = reference.indexOf(':');
  return [reference.slice(0, at), reference.slice(at + 1)];
}

export const versionOf = (xml: string): string => /<version>([^<]*)</.exec(xml)?.[1] ?? '';
export const count = (xml: string, pattern: RegExp): number => [...xml.matchAll(pattern)].length;

/** A logged-in client; close it at the end. */
export async function loggedIn(lab: Lab): Promise<SoapClient> {
  const client = new SoapClient(lab.url, lab.ca);
  const { fault } = await client.login(lab.username, lab.password);
  if (fault !== undefined) throw new Error(`login: ${fault}`);
  return client;
}

/** Polls until the condition holds, at most five seconds. */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 5_000; Date.now() < end; await sleep(20)) if (await condition()) return;
  throw new Error(`never: ${what}`);
}
