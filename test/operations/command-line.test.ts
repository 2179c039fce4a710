/** Quoting for shells that this machine may not have; /bin/sh itself is asked in guest.test.ts. */
import { describe, expect, it } from 'vitest';
import { cmdCommandLine, fitsCmd, shCommandLine } from '../../src/operations/guest/command-line.ts';

const outputs = { stdout: 'C:\\T\\o.out', stderr: 'C:\\T\\e.err' };

describe('a command line', () => {
  it('for /bin/sh is one quoted word, whose output the outer shell redirects', () => {
    expect(shCommandLine({ command: 'echo $A', args: ["it's"] }, { stdout: '/t/o x', stderr: '/t/e' })).toEqual({
      programPath: '/bin/sh',
      arguments: `-c 'echo $A '\\''it'\\''\\'\\'''\\''s'\\''' </dev/null >'/t/o x' 2>'/t/e'`,
    });
  });

  it.each([
    ['plain', '^"plain^"'],
    ['', '^"^"'],
    ['a b', '^"a^ b^"'],
    ['say "hi"', '^"say^ \\^"hi\\^"^"'],
    ['ends with \\', '^"ends^ with^ \\\\^"'],
    ['\\"', '^"\\\\\\^"^"'],
    ['%PATH% & del *', '^"^%PATH^%^ ^&^ del^ ^*^"'],
    ['a^b|c>d<e;f,g(h)!', '^"a^^b^|c^>d^<e^;f^,g^(h^)^!^"'],
  ])('for cmd.exe gives %j as %s', (arg, quoted) => {
    expect(cmdCommandLine({ command: 'run', args: [arg] }, outputs)).toEqual({
      programPath: 'C:\\Windows\\System32\\cmd.exe',
      arguments: `/d /s /c "(run ${quoted}) <nul >"C:\\T\\o.out" 2>"C:\\T\\e.err""`,
    });
  });

  it('for cmd.exe has no line breaks', () => {
    expect(fitsCmd({ command: 'a', args: ['b'] })).toBe(true);
    expect(fitsCmd({ command: 'a', args: ['b\nc'] })).toBe(false);
    expect(fitsCmd({ command: 'a\rb', args: [] })).toBe(false);
  });
});
