/** The text format. */
import { describe, expect, test } from 'vitest';
import { gauges, labels } from '../../src/observe/exposition.ts';

describe('labels', () => {
  test('escapes backslash, quote and line feed, and nothing else', () => {
    expect(labels({ name: 'a\\b"c\nd{}é' })).toBe('{name="a\\\\b\\"c\\nd{}é"}');
  });

  test('leaves out what is empty', () => {
    expect(labels({ vcenter: 'lab', uuid: null, folder: '' })).toBe('{vcenter="lab"}');
  });
});

describe('gauges', () => {
  test('writes HELP and TYPE once for each family, before its samples', () => {
    const text = [
      ...gauges([
        {
          name: 'a',
          help: 'What a is.',
          samples: [
            ['{x="1"}', 0.5],
            ['{x="2"}', 2e9],
          ],
        },
      ]),
    ].join('');
    expect(text).toBe('# HELP a What a is.\n# TYPE a gauge\na{x="1"} 0.5\na{x="2"} 2000000000\n');
  });

  test('leaves out samples without a value, and families without samples', () => {
    const families = [
      { name: 'none', help: '', samples: [['{}', null] as const] },
      { name: 'some', help: 'h', samples: [['{x="1"}', null] as const, ['{x="2"}', 0] as const] },
    ];
    expect([...gauges(families)].join('')).toBe('# HELP some h\n# TYPE some gauge\nsome{x="2"} 0\n');
  });

  test('comes in pieces that are short enough to write in between other work', () => {
    const samples = Array.from({ length: 20_000 }, (_, index) => [`{x="${index}"}`, index] as const);
    const pieces = [...gauges([{ name: 'many', help: 'h', samples }])];
    expect(pieces.length).toBeGreaterThan(3);
    for (const piece of pieces) expect(piece.length).toBeLessThan(70_000);
    expect(pieces.join('').match(/# TYPE/g)).toHaveLength(1);
  });
});
