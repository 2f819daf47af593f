import { describe, expect, it } from 'vitest';
import {
  forEachSegment,
  isValidRle,
  maskFromRle,
  rleArea,
  rleBounds,
  resizedRle,
  rleContains,
  RunWriter,
} from '../../src/shared/rle';
import { rleFromMask } from '../masks';

const SIZE = { height: 3, width: 4 };

/** Worked by hand: column-major runs of the picture below. */
const PICTURE = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
const COUNTS = [3, 2, 1, 1, 4, 1];

describe('run lengths', () => {
  it('are column-major with the background first', () => {
    expect(rleFromMask(Uint8Array.from(PICTURE), SIZE)).toEqual({ size: [3, 4], counts: COUNTS });
  });

  it('give back the mask', () => {
    expect(Array.from(maskFromRle({ size: [3, 4], counts: COUNTS }))).toEqual(PICTURE);
  });

  it('take another size, pixel by pixel', () => {
    const twice = resizedRle({ size: [3, 4], counts: COUNTS }, { height: 6, width: 4 });
    expect(twice).toEqual({ size: [6, 4], counts: COUNTS.map((count) => 2 * count) });
    expect(resizedRle(twice, SIZE)).toEqual({ size: [3, 4], counts: COUNTS });
  });

  it('begin with 0 when the first pixel is foreground', () => {
    const rle = rleFromMask(Uint8Array.from([1, 0, 1, 1]), { height: 2, width: 2 });
    expect(rle.counts).toEqual([0, 2, 1, 1]);
  });

  it('of an empty and a full mask', () => {
    const size = { height: 2, width: 3 };
    expect(rleFromMask(new Uint8Array(6), size).counts).toEqual([6]);
    expect(rleFromMask(new Uint8Array(6).fill(1), size).counts).toEqual([0, 6]);
  });

  it('merge however they were pushed', () => {
    const runs = new RunWriter();
    for (const [value, length] of [
      [false, 1],
      [false, 2],
      [true, 0],
      [true, 1],
      [true, 1],
      [false, 7],
    ] as const) {
      runs.push(value, length);
    }
    expect(runs.finish(SIZE).counts).toEqual([3, 2, 7]);
  });
});

describe('measures', () => {
  const rle = { size: [3, 4] as const, counts: COUNTS };

  it('area, bounds and membership', () => {
    expect(rleArea(rle)).toBe(4);
    expect(rleBounds(rle)).toEqual([1, 0, 3, 3]);
    expect(rleBounds({ size: [3, 4], counts: [12] })).toEqual([0, 0, 0, 0]);
    expect(rleContains(rle, 1.5, 0.5)).toBe(true);
    expect(rleContains(rle, 0.5, 0.5)).toBe(false);
    expect(rleContains(rle, 4, 0)).toBe(false);
  });

  it('vertical segments, split at columns', () => {
    const segments: number[][] = [];
    forEachSegment({ size: [3, 4], counts: [1, 6, 5] }, (...segment) => segments.push(segment));
    expect(segments).toEqual([
      [0, 1, 3],
      [1, 0, 3],
      [2, 0, 1],
    ]);
  });

  it('validity', () => {
    expect(isValidRle(rle)).toBe(true);
    expect(isValidRle({ size: [3, 4], counts: [3, 0, 9] })).toBe(false);
    expect(isValidRle({ size: [3, 4], counts: [3] })).toBe(false);
  });
});
