/** Files beside SOAP: they come from, and go to, addresses that vSphere hands out. */
import { Client, type Dispatcher } from 'undici';
import type { VcenterConfig } from '../config/schema.ts';
import { GatewayError } from '../errors.ts';
import { clean, fromVsphere } from './faults.ts';
import { outageOf } from './outage.ts';
import { connector, tlsOptions } from './tls.ts';

export interface TransferOptions {
  /** Whether a host, in lower case, is one of this vCenter's inventory: nothing else is connected to but vCenter itself. */
  isKnownHost: (host: string) => boolean;
  signal?: AbortSignal;
  /** Sent to vCenter itself only. */
  cookie?: string;
}

/** What was read of a file. */
export interface Downloaded {
  content: Buffer;
  /** There was more than asked for. */
  truncated: boolean;
}

/** Where an address leads, and whether that is the vCenter itself. */
interface Place {
  url: URL;
  host: string;
  isVcenter: boolean;
}

/** Each transfer has its own connection: an address is good for one request, and most lead to some ESXi host. */
export class Transfer {
  readonly #config: VcenterConfig;
  readonly #userAgent: string;

  constructor(config: VcenterConfig, userAgent: string) {
    this.#config = config;
    this.#userAgent = userAgent;
  }

  /**
   * Reads a file, or its first `maxBytes`.
   * @param address as vSphere gave it; the host `*` stands for the vCenter.
   * @throws {GatewayError} upstream_malformed for an address that leads elsewhere, host_unreachable, host_tls, upstream_error …
   */
  async download(address: string, options: TransferOptions & { maxBytes: number }): Promise<Downloaded> {
    return this.#exchange(address, 'GET', options, async (body) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of body) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > options.maxBytes) break;
      }
      return { content: Buffer.concat(chunks).subarray(0, options.maxBytes), truncated: bytes > options.maxBytes };
    });
  }

  /** Sends a whole file. Fails as `download` does. */
  async upload(address: string, content: Uint8Array, options: TransferOptions): Promise<void> {
    await this.#exchange(address, 'PUT', options, (body) => body.dump(), content);
  }

  async #exchange<T>(
    address: string,
    method: 'GET' | 'PUT',
    { isKnownHost, signal, cookie }: TransferOptions,
    read: (body: Dispatcher.ResponseData['body']) => Promise<T>,
    content?: Uint8Array,
  ): Promise<T> {
    const place = this.#place(address, isKnownHost);
    // Of silence: a large file may take as long as it moves.
    const timeout = this.#config.request_timeout * 1_000;
    const client = new Client(place.url.origin, {
      connect: connector(tlsOptions(this.#config)),
      headersTimeout: timeout,
      bodyTimeout: timeout,
    });
    try {
      const { statusCode, body } = await client.request({
        method,
        path: place.url.pathname + place.url.search,
        headers: {
          'user-agent': this.#userAgent,
          ...(content && { 'content-type': 'application/octet-stream' }),
          ...(cookie !== undefined && place.isVcenter && { cookie }),
        },
        body: content ?? null,
        signal: signal ?? null,
      });
      if (statusCode === 200 || statusCode === 201) return await read(body);
      await body.dump();
      throw new GatewayError(
        'upstream_error',
        `${place.host} answered the file transfer with HTTP ${statusCode}; try again.`,
        { details: { http_status: statusCode } },
      );
    } catch (error) {
      throw this.#failure(error, place, method);
    } finally {
      await client.destroy();
    }
  }

  /** @throws {GatewayError} upstream_malformed, before anything is sent. */
  #place(address: string, isKnownHost: (host: string) => boolean): Place {
    const { name, url: sdk } = this.#config;
    const refuse = (why: string) =>
      new GatewayError('upstream_malformed', `${name} gave an address for the file ${why}; nothing was sent there.`, {
        retryable: false,
      });
    if (!URL.canParse(address)) throw refuse('that cannot be read');
    const own = new URL(sdk);
    const url = new URL(address);
    if (url.username !== '' || url.password !== '') throw refuse('with credentials in it');
    if (url.hostname === '*') {
      // Its port too: the gateway may reach vCenter through another than vCenter itself knows of.
      url.protocol = own.protocol;
      url.hostname = own.hostname;
      url.port = own.port;
    }
    if (url.protocol !== own.protocol) throw refuse('that is not encrypted as vCenter is');
    const host = url.hostname.toLowerCase();
    const isVcenter = host === own.hostname;
    if (!isVcenter && !isKnownHost(host.replace(/^\[|\]$/g, ''))) {
      throw refuse(`on '${clean(host)}', which is neither itself nor a host of its inventory`);
    }
    return { url, host, isVcenter };
  }

  #failure(error: unknown, { host, isVcenter }: Place, method: string): GatewayError {
    const outage = error instanceof GatewayError || isVcenter ? undefined : outageOf(error);
    if (outage === undefined)
      return fromVsphere(error, { vcenter: this.#config.name, method: `${method} of the file` });
    if (outage === 'tls') {
      const words = error instanceof Error ? clean(error.message) : '';
      return new GatewayError(
        'host_tls',
        `${words} Trust it in the settings of ${this.#config.name}: its issuer by ca_file, or itself by pins.`,
        { cause: error },
      );
    }
    return new GatewayError(
      'host_unreachable',
      `The gateway cannot exchange the file with the host ${host}: files of guests need a way from the gateway to the host itself, too.`,
      { cause: error },
    );
  }
}
