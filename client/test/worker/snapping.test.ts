import { describe, expect, it } from 'vitest';
import type { CocoRle, ImageGeometry } from '../../src/shared/types';
import { finestLevel, halved, PhotoPyramid, type PhotoLevel } from '../../src/worker/mask/photo/pyramid';
import { coarsestLevel, snapping } from '../../src/worker/mask/photo/snapping';
import { readJson } from '../vectors';

interface Case {
  readonly name: string;
  readonly geometry: ImageGeometry;
  readonly finest: number;
  readonly coarsest: number;
  readonly held: [number, number, number][];
  readonly photo: string;
  readonly mask: number[];
  readonly snapped: number[];
}

const { cases } = readJson('vectors/snapping.json') as { cases: Case[] };

function pyramidOf({ geometry, finest, photo }: Case): PhotoPyramid {
  const [height, width] = geometry.original_hw;
  const whole: PhotoLevel = { height, width, data: new Uint8Array(Buffer.from(photo, 'base64')) };
  return new PhotoPyramid(finest, [finest === 0 ? whole : halved(whole)]);
}

function snap(...given: Parameters<typeof snapping>): CocoRle {
  const levels = snapping(...given);
  for (;;) {
    const { value, done } = levels.next();
    if (done === true) return value;
  }
}

const maskOf = ({ geometry }: Case, counts: number[]): CocoRle => ({ size: geometry.original_hw, counts });

describe('snapping vectors', () => {
  it.each(cases)('$name', (given) => {
    const held = given.held.map(([column, row, label]) => ({ column, row, foreground: label === 1 }));
    const snapped = snap(maskOf(given, given.mask), pyramidOf(given), given.geometry, held);
    expect(snapped).toEqual(maskOf(given, given.snapped));
    expect(coarsestLevel(given.geometry)).toBe(given.coarsest);
  });

  it.each([[[40 * 56]], [[0, 40 * 56]]])('leaves a mask without an edge: %s', (counts) => {
    const given = cases.find(({ name }) => name === 'a photo twice as wide');
    if (given === undefined) throw new Error('no such case');
    const mask = maskOf(given, counts);
    expect(snap(mask, pyramidOf(given), given.geometry, [])).toEqual(mask);
  });
});

describe('a pyramid', () => {
  it('has rounded means, with the last row and column repeated', () => {
    const grey = [0, 1, 5, 0, 1, 6, 9, 10, 255].flatMap((value) => [value, value, value]);
    const half = halved({ height: 3, width: 3, data: Uint8Array.from(grey) });
    expect([...half.data].filter((_, at) => at % 3 === 0)).toEqual([1, 6, 10, 255]);
  });

  it('begins at the half of photos beyond 25 million pixels', () => {
    expect(finestLevel({ height: 5000, width: 5000 })).toBe(0);
    expect(finestLevel({ height: 5000, width: 5001 })).toBe(1);
  });
});
