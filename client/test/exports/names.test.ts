import { describe, expect, it } from 'vitest';
import { exportNames } from '../../src/exports/names';
import { HOSTILE_NAMES } from './hostileSession';

const fileNames = (...names: readonly string[]): string[] =>
  exportNames(names).map(({ fileName }) => fileName);
const stems = (...names: readonly string[]): string[] => exportNames(names).map(({ stem }) => stem);

describe('names in exported files', () => {
  it.each([
    ['that differ are kept', ['a.jpg', 'b.jpg'], ['a.jpg', 'b.jpg']],
    ['that are the same are numbered', ['a.jpg', 'a.jpg', 'a.jpg'], ['a.jpg', 'a-2.jpg', 'a-3.jpg']],
    ['that differ in case only are the same', ['a.jpg', 'A.jpg'], ['a.jpg', 'A-2.jpg']],
    ['that differ in the ending only are the same', ['a.jpg', 'a.png'], ['a.jpg', 'a-2.png']],
    ['that somebody gave are not taken', ['a.jpg', 'a.jpg', 'a-2.jpg'], ['a.jpg', 'a-3.jpg', 'a-2.jpg']],
    [
      'that differ in how accents are written are the same',
      ['\u00e9.jpg', 'e\u0301.jpg'],
      ['\u00e9.jpg', 'e\u0301-2.jpg'],
    ],
    ['are no paths', ['a/b.jpg', '..\\c.jpg', '/etc/passwd'], ['a-b.jpg', '..-c.jpg', '-etc-passwd']],
    ['hold no control characters', ['a\n\u0000b.jpg', ''], ['a-b.jpg', 'image']],
    ['keep quotes and emoji', ['say "hi".jpg', '\u{1f408}.jpg'], ['say "hi".jpg', '\u{1f408}.jpg']],
  ])('%s', (_, names, expected) => {
    expect(fileNames(...names)).toEqual(expected);
  });

  it('begin files of every system', () => {
    expect(stems('my cat?.jpg', '\u{1f408}.jpg', 'a b.jpg', 'a-b.jpg', '.png')).toEqual([
      'my-cat-',
      '-',
      'a-b',
      'a-b-2',
      'image',
    ]);
  });

  it('are all different, whatever the photos are called', () => {
    const names = exportNames(HOSTILE_NAMES);
    for (const distinct of [
      names.map(({ fileName }) => fileName.replace(/\.[^.]*$/, '')),
      names.map(({ stem }) => stem),
    ]) {
      expect(new Set(distinct.map((name) => name.normalize('NFC').toLowerCase())).size).toBe(
        HOSTILE_NAMES.length,
      );
    }
    for (const { fileName, stem } of names) {
      expect(fileName).not.toMatch(/[/\\\p{Cc}]/u);
      expect(stem).toMatch(/^[\p{L}\p{M}\p{N}._-]+$/u);
      expect(new TextEncoder().encode(stem).length).toBeLessThanOrEqual(220);
    }
  });
});
