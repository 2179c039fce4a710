import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newKey } from '../../src/access/key-format.ts';
import { ConfigError, loadConfig, requireVcenters } from '../../src/config/load.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const put = (name: string, text: string, mode = 0o600) => {
  writeFileSync(join(directory, name), text);
  chmodSync(join(directory, name), mode);
};
const load = (text?: string, env: NodeJS.ProcessEnv = {}, file?: string) => {
  if (text !== undefined) put('config.yaml', text);
  return loadConfig({ env, cwd: directory, file });
};
const problemsOf = (text?: string, env: NodeJS.ProcessEnv = {}, file?: string) => {
  try {
    load(text, env, file);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was taken');
};

const VCENTER = 'vcenters: [{ url: vc1.example.com, username: gateway, password: hunter2 }]\n';

describe('where settings come from', () => {
  test('one vCenter with three settings is enough', () => {
    const { config, file } = load(VCENTER);
    expect(config.vcenters).toEqual([
      {
        name: 'vcenter',
        url: 'https://vc1.example.com/sdk',
        username: 'gateway',
        password: 'hunter2',
        pins: [],
        insecure: false,
        request_timeout: 30,
        connect_timeout: 10,
        max_connections: 6,
      },
    ]);
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 8080, trust_proxy: false });
    expect(file).toBe(join(directory, 'config.yaml'));
  });

  test('without a file the defaults hold, and an unnamed file is not demanded', () => {
    expect(load().file).toBeNull();
  });

  test('the file may be JSON, tabs included', () => {
    expect(load('{\n\t"listen": {\n\t\t"port": 9000\n\t}\n}').config.listen.port).toBe(9000);
  });

  test('--config wins over VSG_CONFIG, which wins over config.yaml', () => {
    put('a.yaml', 'listen: { port: 1 }');
    put('b.yaml', 'listen: { port: 2 }');
    const text = 'listen: { port: 3 }';
    expect(load(text, { VSG_CONFIG: 'a.yaml' }, 'b.yaml').config.listen.port).toBe(2);
    expect(load(text, { VSG_CONFIG: 'a.yaml' }).config.listen.port).toBe(1);
    expect(load(text).config.listen.port).toBe(3);
  });

  test('a file that was asked for and is missing is refused', () => {
    expect(problemsOf(undefined, {}, 'nowhere.yaml').message).toBe('nowhere.yaml: the file cannot be read (ENOENT)');
  });

  test('the environment overrides the file, each value read as its setting needs it', () => {
    const { config } = load(VCENTER, {
      VSG_LISTEN__PORT: '9000',
      VSG_LISTEN__TRUST_PROXY: '10.0.0.0/8, 192.0.2.1',
      VSG_METRICS__ENABLED: 'false',
      VSG_MCP__ALLOWED_HOSTS: '[a.example.com]',
      VSG_AUDIT__FILE: 'null',
      VSG_LIMITS__PER_KEY__REQUESTS: 'null',
      VSG_VCENTERS__0__PASSWORD: '0123',
      VSG_VCENTERS__1__URL: 'esx.example.com',
      VSG_VCENTERS__1__NAME: 'esx',
      VSG_VCENTERS__1__USERNAME: 'root',
      VSG_VCENTERS__1__PASSWORD: 'true',
    });
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 9000, trust_proxy: ['10.0.0.0/8', '192.0.2.1'] });
    expect(config.metrics.enabled).toBe(false);
    expect(config.mcp.allowed_hosts).toEqual(['a.example.com']);
    expect(config.audit.file).toBeNull();
    expect(config.limits.per_key.requests).toBeNull();
    expect(config.vcenters.map(({ name, password }) => [name, password])).toEqual([
      ['vcenter', '0123'],
      ['esx', 'true'],
    ]);
  });

  test('VSG_VCENTER_ variables make a vCenter without a file, and complete the only one of a file', () => {
    const env = {
      VSG_VCENTER_URL: 'vc2',
      VSG_VCENTER_USERNAME: 'me',
      VSG_VCENTER_PASSWORD: 'p',
      VSG_VCENTER_INSECURE: 'true',
    };
    expect(load(undefined, env).config.vcenters).toMatchObject([{ url: 'https://vc2/sdk', insecure: true }]);
    expect(load('vcenters:\n#  - url: x\n', env).config.vcenters).toMatchObject([{ url: 'https://vc2/sdk' }]);
    expect(load(VCENTER, { VSG_VCENTER_URL: 'vc3' }).config.vcenters).toMatchObject([
      { url: 'https://vc3/sdk', username: 'gateway' },
    ]);
  });

  test('VSG_VCENTER_ variables are refused when the file has several vCenters', () => {
    const two = 'vcenters: [{ url: a, username: u, password: p }, { name: b, url: b, username: u, password: p }]';
    expect(problemsOf(two, { VSG_VCENTER_URL: 'x' }).message).toContain(
      'VSG_VCENTER_URL: the file has several vCenters',
    );
  });

  test('an empty variable and the variables of Kubernetes service links are not settings', () => {
    const { config } = load(undefined, { VSG_LISTEN__PORT: '', VSG_PORT: 'tcp://10.0.0.1:80', VSG_SERVICE_HOST: 'x' });
    expect(config.listen.port).toBe(8080);
  });

  test('an empty value and a section with everything commented out mean the defaults', () => {
    expect(load('listen:\n  port:\nmetrics:\n').config).toMatchObject({
      listen: { port: 8080 },
      metrics: { interval: 20 },
    });
  });

  test('aliases are copies: an override changes one vCenter only', () => {
    const text = 'vcenters:\n- &a { url: vc, username: u, password: p }\n- *a\n';
    const env = { VSG_VCENTERS__1__NAME: 'b', VSG_VCENTERS__1__USERNAME: 'v' };
    expect(load(text, env).config.vcenters.map(({ username }) => username)).toEqual(['u', 'v']);
  });
});

describe('what becomes of values', () => {
  test.each([
    ['vc1', 'https://vc1/sdk'],
    ['vc1:8443', 'https://vc1:8443/sdk'],
    ['https://vc1/', 'https://vc1/sdk'],
    ['https://[2001:db8::1]/sdk', 'https://[2001:db8::1]/sdk'],
    ['https://proxy/vc1/sdk/', 'https://proxy/vc1/sdk'],
  ])('the url %s is %s', (url, whole) => {
    expect(load(`vcenters: [{ url: "${url}", username: u, password: p }]`).config.vcenters[0]?.url).toBe(whole);
  });

  test('pins lose their colons and their case', () => {
    const pin = Array.from({ length: 32 }, () => 'AB').join(':');
    const { config } = load(VCENTER.replace('}', `, pins: ["${pin}"] }`));
    expect(config.vcenters[0]?.pins).toEqual(['ab'.repeat(32)]);
  });

  test('relative paths start at the file, those of keys and audit at data_dir', () => {
    put('ca.pem', '-----BEGIN CERTIFICATE-----');
    const { config } = load(
      `${VCENTER.replace('}', ', ca_file: ca.pem }')}data_dir: state\naudit: { file: /var/log/a }`,
    );
    expect(config.data_dir).toBe(join(directory, 'state'));
    expect(config.access.keys_file).toBe(join(directory, 'state', 'keys.json'));
    expect(config.audit.file).toBe('/var/log/a');
    expect(config.vcenters[0]?.ca_file).toBe(join(directory, 'ca.pem'));
  });

  test('secrets come from files, without the line break at the end', () => {
    const { key } = newKey();
    put('password', 'p w\n');
    put('key', `${key}\r\n`);
    const { config, warnings } = load(
      'vcenters: [{ url: vc, username: u, password_file: password }]\naccess: { bootstrap_key_file: key }',
    );
    expect(config.vcenters[0]?.password).toBe('p w');
    expect(config.access.bootstrap_key).toBe(key);
    expect(warnings).toEqual([]);
  });

  test('a secret that everybody can read is warned of', () => {
    put('password', 'p', 0o644);
    expect(load('vcenters: [{ url: vc, username: u, password_file: password }]').warnings).toEqual([
      `${join(directory, 'password')} holds a secret and everybody can read it: chmod 600`,
    ]);
    put('open.yaml', VCENTER, 0o644);
    expect(load(undefined, {}, 'open.yaml').warnings[0]).toContain('open.yaml holds a secret');
  });

  test('a password from the environment takes the place of the password_file of the file', () => {
    const text = 'vcenters: [{ url: vc, username: u, password_file: missing }]';
    expect(load(text, { VSG_VCENTER_PASSWORD: 'p' }).config.vcenters[0]?.password).toBe('p');
    put('password', 'q');
    expect(load(VCENTER, { VSG_VCENTERS__0__PASSWORD_FILE: 'password' }).config.vcenters[0]?.password).toBe('q');
  });
});

describe('what is refused', () => {
  test('all problems come at once, each with its place, what was expected, what was found and an example', () => {
    const { problems, message } = problemsOf('listen:\n  port: 99999\nlog: { level: loud }\nvcenters:\n  - url: vc\n');
    expect(problems).toEqual([
      {
        where: 'config.yaml:2:9',
        setting: 'listen.port',
        message: 'expected a whole number from 0 to 65535, found 99999',
        example: 'port: 8080',
      },
      expect.objectContaining({
        where: 'config.yaml:5:5',
        setting: 'vcenters[0].username',
        message: 'expected a text, found nothing; set it or VSG_VCENTERS__0__USERNAME',
      }),
      expect.objectContaining({
        setting: 'vcenters[0].password',
        message: 'expected a text, found nothing; set it, vcenters[0].password_file or VSG_VCENTERS__0__PASSWORD',
      }),
      expect.objectContaining({ where: 'config.yaml:3:15', setting: 'log.level' }),
    ]);
    expect(message).toContain('config.yaml:2:9: listen.port: expected a whole number');
    expect(message).toContain('  for example:\n    port: 8080');
  });

  test.each([
    ['listen: { prot: 1 }', 'config.yaml:1:11: listen.prot: there is no setting prot in listen; did you mean port?'],
    [
      'lsiten: { port: 1 }',
      'config.yaml:1:1: lsiten: there is no setting lsiten at the top level; did you mean listen?',
    ],
    ['listen: { zzzzzz: 1 }', 'there are host, port, trust_proxy'],
    ['listen: 5', 'expected a section with settings in it, found 5'],
    ['listen: { trust_proxy: 3 }', 'expected true or false or a list, found 3'],
    ['metrics: { interval: 30 }', 'expected a whole number that is a multiple of 20, from 20 to 3600, found 30'],
    ['metrics: { enabled: yes }', 'expected true or false, found "yes"'],
    ['data_dir: 5', 'expected a text, found 5: put it in quotes'],
    ['[]', 'config.yaml:1:1: expected sections such as listen: and vcenters:'],
    ['listen: { port: 1 }\nlisten: { port: 2 }', 'config.yaml:2:1: not valid YAML or JSON: Map keys must be unique'],
    ['vcenters: [{ url: "ftp://x", username: u, password: p }]', 'expected an address such as vc1.example.com'],
    ['vcenters: [{ url: "http://x", username: u, password: p }]', 'expected https:// (http:// needs insecure: true)'],
    [VCENTER.replace('}', ', insecure: true, ca_file: x }'), 'expected false when ca_file is given, found true'],
    [VCENTER.replace('}', ', pins: [ab] }'), 'vcenters[0].pins[0]: expected a SHA-256 fingerprint'],
    [VCENTER.replace('}', ', name: My_VC }'), 'expected at most 32 lower-case letters, digits and inner hyphens'],
    [VCENTER.replace('}', ', ca_file: nowhere.pem }'), 'nowhere.pem, which cannot be read (ENOENT)'],
    [VCENTER.replace('}', ', ca_file: config.yaml }'), 'which has no certificate in it'],
    [VCENTER.replace('}', ', password_file: x }'), 'expected either password or password_file, found both'],
    ['vcenters: [{ url: vc, username: u, password_file: nowhere }]', 'nowhere (ENOENT)'],
    [
      'vcenters: [{ url: a, username: u, password: p }, { url: b, username: u, password: p }]',
      'expected a name that no other vCenter has, found "vcenter", the default',
    ],
    ['access: { bootstrap_key: vsg_abc }', 'expected a whole key as `keys generate` prints it'],
  ])('%j', (text, message) => {
    expect(problemsOf(text).message).toContain(message);
  });

  test.each([
    ['VSG_LISTEN__PROT', 'there is no setting prot in listen; did you mean port?'],
    ['VSG_LISTEN_PORT', 'did you mean VSG_LISTEN__PORT?'],
    ['VSG_LOGLEVEL', 'did you mean VSG_LOG__LEVEL?'],
    ['VSG_VCENTER_PASWORD', 'did you mean password?'],
    ['VSG_LISTEN', 'it names a section; name a setting in it: VSG_LISTEN__HOST'],
    ['VSG_VCENTERS__7__URL', 'there is no room for vcenters[7].url'],
    ['VSG_LISTEN__PORT', 'listen.port: expected a whole number from 0 to 65535, found "nonsense"'],
  ])('the environment variable %s', (variable, message) => {
    expect(problemsOf(undefined, { [variable]: 'nonsense' }).message).toContain(message);
    expect(problemsOf(undefined, { [variable]: 'nonsense' }).message).toContain(`environment variable ${variable}`);
  });

  test.each([
    ['a number', 'vcenters: [{ url: vc, username: u, password: 31337 }]'],
    ['a misspelled key', 'vcenters: [{ url: vc, username: u, pasword: s31337 }]'],
    ['a tag', 'vcenters: [{ url: vc, username: u, password: !s31337 x }]'],
    ['an alias', 'vcenters: [{ url: vc, username: u, password: *s31337 }]'],
    ['broken YAML', 'vcenters: [{ url: vc, username: u, password: "s31337 }]'],
    ['a section', 'vcenters: [{ url: vc, username: u, password: { s: s31337 } }]'],
    ['an address', 'vcenters: [{ url: "https://u:s31337@vc/sdk", username: u, password: p }]'],
    ['a key', 'access: { bootstrap_key: vsg_s31337 }'],
  ])('a secret given as %s is refused without being shown', (_form, text) => {
    expect(problemsOf(text).message).not.toContain('31337');
  });

  test('serving without any vCenter', () => {
    const loaded = load('');
    expect(() => requireVcenters(loaded)).toThrow(
      /expected at least one vCenter or ESXi host, found none.*VSG_VCENTER_URL/s,
    );
    expect(() => requireVcenters(load(VCENTER))).not.toThrow();
  });
});
