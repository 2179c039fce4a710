/**
 * A vCenter whose guests can be worked in: the guest methods of vim25 as the API's documentation has them, over a
 * directory and the shell of this machine; every other request goes to the lab.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, resolve, sep } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Pool } from 'undici';
import type { VcenterConfig } from '../../src/config/schema.ts';
import { escapeXml } from '../../src/vsphere/xml-text.ts';
import { soapFaultXml } from './fault-proxy.ts';
import type { Lab } from './lab.ts';
import { envelope } from './soap-server.ts';
import { xsdFault } from './xsd.ts';

export const GUEST_USER = { username: 'root', password: 'guest-pass' };

/** A guest method that came in. */
export interface GuestRequest {
  method: string;
  /** The call as XML, held against the schema already. */
  xml: string;
  at: number;
}

/** What a program for Windows is said to have done: this machine has no cmd.exe. */
export interface WindowsRun {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface GuestStub {
  url: string;
  /** The file system of the guest; nothing outside it is touched. */
  directory: string;
  requests(): readonly GuestRequest[];
  /** Addresses of screens that were asked for. */
  screens(): readonly string[];
  /** Every login counts as ended for `/screen`. */
  forgetLogins(): void;
  reset(): void;
  /** Host and port in the addresses of files; `*:443` unless set. */
  fileHost: string;
  /** Status of `/guestFile`, where it is to fail. */
  fileStatus: number | undefined;
  windows: WindowsRun;
  /** What `/screen` shows to whoever is logged in to the lab. */
  screen: Uint8Array;
  /** The next call of a method fails. */
  fail(method: string, fault: string, fields?: string): void;
  config(name?: string): VcenterConfig;
  stop(): Promise<void>;
}

class GuestFault extends Error {
  readonly fault: string;
  readonly fields: string;

  constructor(fault: string, fields = '') {
    super(fault);
    this.fault = fault;
    this.fields = fields;
  }
}

interface Running {
  pid: number;
  line: string;
  started: Date;
  ended?: Date;
  exitCode?: number;
  child?: ChildProcess;
}

const SOAP_METHOD = /<(?:\w+:)?Body[^>]*>\s*(<(\w+InGuest|InitiateFileTransfer\w+)[\s\S]*?)<\/(?:\w+:)?Body>/;
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/root', LANG: 'C.UTF-8' };

function unescapeXml(text: string): string {
  const named: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(?:#(\d+)|(\w+));/g, (_, code?: string, name?: string) =>
    code === undefined ? (named[name ?? ''] ?? '') : String.fromCodePoint(Number(code)),
  );
}

function all(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, text = '']) =>
    unescapeXml(text),
  );
}
const one = (xml: string, name: string): string => all(xml, name)[0] ?? '';

const FILE_FAULTS: Record<string, string> = {
  ENOENT: 'FileNotFound',
  EEXIST: 'FileAlreadyExists',
  ENOTEMPTY: 'DirectoryNotEmpty',
  ENOTDIR: 'NotADirectory',
  EISDIR: 'NotAFile',
};

/** Starts it in front of a lab, with the lab's certificate. */
export async function startGuestStub(lab: Lab): Promise<GuestStub> {
  const directory = await mkdtemp(join(tmpdir(), 'vsphere-guest-'));
  const pool = new Pool(new URL(lab.url).origin, { connect: { ca: lab.ca }, headersTimeout: 0, bodyTimeout: 0 });
  const files = new Map<string, { path: string; write: boolean; size: number }>();
  const processes = new Map<number, Running>();
  const faults: { method: string; fault: GuestFault }[] = [];
  let requests: GuestRequest[] = [];
  const screens: string[] = [];
  let serial = 0;

  function inside(path: string): string {
    const full = resolve(path);
    if (full !== directory && !full.startsWith(directory + sep)) throw new GuestFault('GuestPermissionDenied');
    return full;
  }

  function address(path: string, write: boolean, size: number): string {
    serial += 1;
    files.set(String(serial), { path, write, size });
    return `https://${stub.fileHost}/guestFile?id=${serial}&token=t${serial}`;
  }

  const attributes = (mtime: Date, mode: number) =>
    `xsi:type="GuestPosixFileAttributes"><modificationTime>${mtime.toISOString()}</modificationTime><accessTime>${mtime.toISOString()}</accessTime><symlinkTarget></symlinkTarget><ownerId>0</ownerId><groupId>0</groupId><permissions>${mode}</permissions>`;

  async function start(xml: string): Promise<string> {
    const program = one(xml, 'programPath');
    const line = one(xml, 'arguments');
    serial += 1;
    const running: Running = { pid: 1000 + serial, line: `"${program}" ${line}`, started: new Date() };
    processes.set(running.pid, running);
    const end = (exitCode: number) => Object.assign(running, { ended: new Date(), exitCode });
    if (program.endsWith('cmd.exe')) {
      const [, out = '', err = ''] = />"([^"]*)" 2>"([^"]*)""$/.exec(line) ?? [];
      await writeFile(inside(out), stub.windows.stdout);
      await writeFile(inside(err), stub.windows.stderr);
      end(stub.windows.exitCode);
      return String(running.pid);
    }
    // As the tools do it: program and arguments as one line for the shell.
    const variables = all(xml, 'envVariables').map((each) => each.split(/=(.*)/s).slice(0, 2));
    running.child = spawn('/bin/sh', ['-c', running.line], {
      cwd: inside(one(xml, 'workingDirectory') || directory),
      env: variables.length === 0 ? ENVIRONMENT : Object.fromEntries(variables),
      stdio: 'ignore',
      detached: true,
    });
    running.child.once('close', (code, signal) => end(code ?? (signal === null ? 0 : 137)));
    return String(running.pid);
  }

  function terminate({ child, ended }: Running): void {
    // The group, so that nothing of a test is left behind.
    if (child?.pid !== undefined && ended === undefined) process.kill(-child.pid, 'SIGKILL');
  }

  function listProcesses(xml: string): string {
    const pids = new Set(all(xml, 'pids').map(Number));
    return [...processes.values()]
      .filter(({ pid }) => pids.size === 0 || pids.has(pid))
      .map(
        ({ pid, line, started, ended, exitCode }) =>
          `<returnval><name>sh</name><pid>${pid}</pid><owner>root</owner><cmdLine>${escapeXml(line)}</cmdLine><startTime>${started.toISOString()}</startTime>${ended === undefined ? '' : `<endTime>${ended.toISOString()}</endTime><exitCode>${exitCode}</exitCode>`}</returnval>`,
      )
      .join('');
  }

  async function listFiles(xml: string): Promise<string> {
    const path = inside(one(xml, 'filePath'));
    const matches = new RegExp(one(xml, 'matchPattern') || '');
    const isDirectory = (await stat(path)).isDirectory();
    const names = isDirectory ? (await readdir(path)).sort() : [basename(path)];
    const wanted = names.filter((name) => matches.test(name));
    const from = Number(one(xml, 'index'));
    const page = wanted.slice(from, from + Number(one(xml, 'maxResults') || 50));
    const rows = page.map(async (name) => {
      const found = await stat(isDirectory ? join(path, name) : path);
      const type = found.isDirectory() ? 'directory' : 'file';
      return `<files><path>${escapeXml(name)}</path><type>${type}</type><size>${found.size}</size><attributes ${attributes(found.mtime, found.mode)}</attributes></files>`;
    });
    return `<returnval>${(await Promise.all(rows)).join('')}<remaining>${wanted.length - from - page.length}</remaining></returnval>`;
  }

  const returnval = (text: string) => `<returnval>${escapeXml(text)}</returnval>`;

  const METHODS: Record<string, (xml: string) => string | Promise<string>> = {
    CreateTemporaryFileInGuest: async (xml) => {
      serial += 1;
      const path = join(directory, `${one(xml, 'prefix')}${serial}${one(xml, 'suffix')}`);
      await writeFile(path, '');
      return returnval(path);
    },
    StartProgramInGuest: async (xml) => returnval(await start(xml)),
    ListProcessesInGuest: listProcesses,
    TerminateProcessInGuest: (xml) => {
      const running = processes.get(Number(one(xml, 'pid')));
      if (running === undefined) throw new GuestFault('GuestProcessNotFound', `<pid>${one(xml, 'pid')}</pid>`);
      terminate(running);
      return '';
    },
    ReadEnvironmentVariableInGuest: (xml) => {
      const names = all(xml, 'names');
      const found = Object.entries(ENVIRONMENT).filter(([name]) => names.length === 0 || names.includes(name));
      return found.map(([name, value]) => returnval(`${name}=${value}`)).join('');
    },
    ListFilesInGuest: listFiles,
    InitiateFileTransferFromGuest: async (xml) => {
      const path = inside(one(xml, 'guestFilePath'));
      const { size, mtime, mode } = await stat(path);
      return `<returnval><attributes ${attributes(mtime, mode)}</attributes><size>${size}</size><url>${escapeXml(address(path, false, size))}</url></returnval>`;
    },
    InitiateFileTransferToGuest: async (xml) => {
      const path = inside(one(xml, 'guestFilePath'));
      const there = await stat(path).catch(() => undefined);
      if (there !== undefined && one(xml, 'overwrite') === 'false') {
        throw new GuestFault('FileAlreadyExists', `<file>${escapeXml(path)}</file>`);
      }
      return returnval(address(path, true, Number(one(xml, 'fileSize'))));
    },
    DeleteFileInGuest: async (xml) => {
      await unlink(inside(one(xml, 'filePath')));
      return '';
    },
    DeleteDirectoryInGuest: async (xml) => {
      const path = inside(one(xml, 'directoryPath'));
      if (one(xml, 'recursive') === 'false' && (await readdir(path)).length > 0)
        throw new GuestFault('DirectoryNotEmpty');
      await rm(path, { recursive: true });
      return '';
    },
    MoveFileInGuest: async (xml) => {
      const to = inside(one(xml, 'dstFilePath'));
      const there = await stat(to).catch(() => undefined);
      if (there !== undefined && one(xml, 'overwrite') === 'false') throw new GuestFault('FileAlreadyExists');
      await rename(inside(one(xml, 'srcFilePath')), to);
      return '';
    },
    MoveDirectoryInGuest: async (xml) => {
      await rename(inside(one(xml, 'srcDirectoryPath')), inside(one(xml, 'dstDirectoryPath')));
      return '';
    },
    MakeDirectoryInGuest: async (xml) => {
      await mkdir(inside(one(xml, 'directoryPath')), { recursive: one(xml, 'createParentDirectories') === 'true' });
      return '';
    },
  };

  async function guestMethod(method: string, xml: string): Promise<string> {
    const wrong = xsdFault(xml);
    if (wrong !== undefined) throw new Error(`${method} does not fit the schema: ${wrong}`);
    requests.push({ method, xml, at: performance.now() });
    const index = faults.findIndex((each) => each.method === method);
    const [injected] = index < 0 ? [] : faults.splice(index, 1);
    if (injected !== undefined) throw injected.fault;
    if (one(xml, 'username') !== GUEST_USER.username || one(xml, 'password') !== GUEST_USER.password) {
      throw new GuestFault('InvalidGuestLogin');
    }
    const answer = METHODS[method];
    if (answer === undefined) throw new GuestFault('NotSupported');
    return answer(xml);
  }

  async function soap(method: string, xml: string, response: ServerResponse): Promise<void> {
    try {
      const body = await guestMethod(method, xml);
      send(response, 200, envelope(`<${method}Response xmlns="urn:vim25">${body}</${method}Response>`));
    } catch (error) {
      if (error instanceof GuestFault) return send(response, 500, soapFaultXml(error.fault, '', error.fields));
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      send(response, 500, soapFaultXml(FILE_FAULTS[code] ?? 'SystemError', String(error).replace(/[<&]/g, ' ')));
    }
  }

  async function guestFile(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const query = new URL(request.url ?? '', stub.url).searchParams;
    const file = files.get(query.get('id') ?? '');
    if (stub.fileStatus !== undefined) return send(response, stub.fileStatus, 'no', 'text/html');
    if (file === undefined || file.write !== (request.method === 'PUT')) return send(response, 404, '', 'text/html');
    // Good for one request.
    files.delete(query.get('id') ?? '');
    if (!file.write) return send(response, 200, await readFile(file.path), 'application/octet-stream');
    if (body.length !== file.size) return send(response, 400, '', 'text/html');
    await writeFile(file.path, body);
    send(response, 200, '', 'text/html');
  }

  /** Cookies of logins that the lab has given out; one that is taken away stands for a login that vCenter has ended. */
  const logins = new Set<string>();

  function screen({ headers, url = '' }: IncomingMessage, response: ServerResponse): void {
    screens.push(url);
    if (!logins.has(/vmware_soap_session="?([^";]+)/.exec(headers.cookie ?? '')?.[1] ?? '')) {
      send(response, 401, 'Log in first', 'text/html');
    } else send(response, 200, stub.screen, 'image/png');
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    if (request.url?.startsWith('/guestFile') === true) return guestFile(request, body, response);
    if (request.url?.startsWith('/screen') === true) return screen(request, response);
    const [, xml, method] = SOAP_METHOD.exec(body.toString('utf8')) ?? [];
    if (xml !== undefined && method !== undefined) return soap(method, xml.trim(), response);
    const { host: _h, connection: _c, 'content-length': _l, 'transfer-encoding': _t, ...headers } = request.headers;
    const left = new AbortController();
    response.once('close', () => left.abort());
    const answer = await pool.request({
      path: request.url ?? '/',
      method: request.method === 'GET' ? 'GET' : 'POST',
      headers,
      body: request.method === 'GET' ? null : body,
      signal: left.signal,
    });
    const [, login] = /vmware_soap_session="?([^";]+)/.exec(String(answer.headers['set-cookie'])) ?? [];
    if (login !== undefined) logins.add(login);
    if (answer.headers['set-cookie'] !== undefined) response.setHeader('set-cookie', answer.headers['set-cookie']);
    send(
      response,
      answer.statusCode,
      Buffer.from(await answer.body.arrayBuffer()),
      String(answer.headers['content-type']),
    );
  }

  const pem = await readFile(lab.keyFile, 'utf8');
  const server = createServer({ cert: pem, key: pem }, (request, response) => {
    // A client that leaves in the middle of a wait is no error here.
    handle(request, response).catch(() => response.socket?.destroy());
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/sdk`;

  const stub: GuestStub = {
    url,
    directory,
    requests: () => requests,
    screens: () => screens,
    forgetLogins: () => logins.clear(),
    reset: () => {
      requests = [];
      screens.splice(0);
      faults.splice(0);
      stub.fileHost = '*:443';
      stub.fileStatus = undefined;
    },
    fileHost: '*:443',
    fileStatus: undefined,
    windows: { exitCode: 0, stdout: '', stderr: '' },
    screen: new Uint8Array(),
    fail: (method, fault, fields) => void faults.push({ method, fault: new GuestFault(fault, fields) }),
    config: (name = 'lab') => ({ ...lab.config(name), url }),
    stop: async () => {
      for (const running of processes.values()) terminate(running);
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      await pool.destroy();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return stub;
}

function send(
  response: ServerResponse,
  status: number,
  body: string | Uint8Array,
  type = 'text/xml; charset=utf-8',
): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length });
  response.end(bytes);
}
