/** Cases of the guest operations, as far as the simulator goes: what it knows of its guests, and guests that nobody can work in. */
import { expect } from 'vitest';
import type { Case } from './case.ts';

const user = { username: 'root', password: 'canary' };

/** Every operation that needs VMware Tools, with what it takes besides. */
const IN_THE_GUEST: Record<string, Record<string, unknown>> = {
  'guest.exec': { command: 'uname' },
  'guest.process.list': {},
  'guest.process.kill': { pid: 1 },
  'guest.file.list': { path: '/' },
  'guest.file.upload': { path: '/tmp/x', content: 'eA==' },
  'guest.file.download': { path: '/etc/hosts' },
  'guest.file.delete': { path: '/tmp/x' },
  'guest.file.move': { path: '/tmp/x', to: '/tmp/y' },
  'guest.file.mkdir': { path: '/tmp/z' },
  'guest.env': { names: ['PATH'] },
};

export const guest: Case[] = [
  ...Object.entries(IN_THE_GUEST).map(
    ([operation, input]): Case => ({
      operation,
      title: 'a VM that is off',
      input: ({ some }) => ({ vm: some('off').id, ...user, ...input }),
      fails: true,
      expect: ({ some }) => ({
        code: 'guest_unavailable',
        status: 409,
        retryable: true,
        detail: `'${some('off').name}' is off; power it on and wait until its VMware Tools run.`,
        details: { power_state: 'off' },
      }),
    }),
  ),
  {
    operation: 'guest.file.mkdir',
    title: 'a dry run',
    input: ({ gateway }) => ({
      vm: gateway.app.services.inventory.all('vm').find((vm) => vm.guest_operations_ready)!.id,
      ...user,
      path: '/srv/app',
      parents: true,
      dry_run: true,
    }),
    expect: () => ({
      dry_run: true,
      danger: 'safe',
      plan: [
        {
          method: 'MakeDirectoryInGuest',
          object: expect.stringMatching(/^lab:/),
          arguments: {
            directoryPath: '/srv/app',
            createParentDirectories: true,
            auth: { username: 'root', password: '[redacted]' },
          },
        },
      ],
    }),
  },
  {
    operation: 'guest.exec',
    title: 'no password',
    input: ({ some }) => ({ vm: some('on').id, username: 'root', command: 'uname' }),
    fails: true,
    expect: () => ({ code: 'invalid_input', errors: [{ pointer: '/password', message: expect.any(String) }] }),
  },
  {
    operation: 'vm.screenshot',
    title: 'a VM that is off',
    input: ({ some }) => ({ vm: some('off').id }),
    fails: true,
    expect: () => ({ code: 'invalid_power_state', status: 409 }),
  },
  {
    operation: 'guest.info',
    title: 'what the inventory holds',
    input: ({ some }) => ({ vm: some('on').id }),
    expect: ({ some }) => ({
      name: some('on').name,
      hostname: some('on').hostname,
      tools_status: some('on').tools_status,
      disks: null,
    }),
  },
  {
    operation: 'guest.info',
    title: 'its file systems, too',
    input: ({ some }) => ({ vm: some('on').id, disks: true }),
    expect: () => ({ disks: expect.any(Array) }),
  },
];
