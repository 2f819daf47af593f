import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { readMarks } from '../../../src/shared/image/imageMarks';
import { readJson } from '../../vectors';

interface Case {
  readonly name: string;
  readonly file: string;
  readonly orientation: number;
}

const { cases } = readJson('vectors/image_marks.json') as { cases: Case[] };

describe.each(cases)('marks of $name', ({ file, orientation }) => {
  const data = new Uint8Array(Buffer.from(file, 'base64'));

  it('are read as the rule says', () => {
    expect(readMarks(data).orientation).toBe(orientation);
  });

  it('are gone from what the browser is given', () => {
    const unmarked = new Uint8Array(Buffer.concat(readMarks(data).unmarked));
    const again = readMarks(unmarked);
    expect(again.orientation).toBe(1);
    expect(new Uint8Array(Buffer.concat(again.unmarked))).toEqual(unmarked);
  });
});

describe('a file cut short at any byte', () => {
  it.each(['exif-short-big-6.jpeg', 'exif-short-big-6.png', 'exif-short-big-6.webp'])(
    '%s is read',
    (name) => {
      const file = cases.find((each) => each.name === name)?.file ?? '';
      const data = new Uint8Array(Buffer.from(file, 'base64'));
      expect(data.length).toBeGreaterThan(0);
      for (let length = 0; length < data.length; length += 1) {
        expect([1, 6]).toContain(readMarks(data.slice(0, length)).orientation);
      }
    },
  );
});
