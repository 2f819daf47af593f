import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { painted, runsUnder } from '../../../src/shared/prompt/brush';
import { applyEdits, counted, emptyMask, standing, type EditItem } from '../../../src/shared/prompt/edits';
import { wholeImage } from '../../../src/shared/prompt/prompts';
import { isValidRle, maskFromRle } from '../../../src/shared/rle';
import type { PromptItem, SizeHw } from '../../../src/shared/types';
import { click } from '../../samples';
import { readJson, type StandingCase } from '../../vectors';

interface Vectors {
  readonly edits: {
    readonly name: string;
    readonly size: readonly [number, number];
    readonly edits: readonly EditItem[];
    readonly counts: readonly number[];
  }[];
  readonly standing: readonly StandingCase[];
}

const vectors = readJson('vectors/paint.json') as Vectors;

const sizeOf = ([height, width]: readonly [number, number]): SizeHw => ({ height, width });

describe('the pixels of', () => {
  it.each(vectors.edits)('$name', ({ size, edits, counts }) => {
    expect(applyEdits(emptyMask(sizeOf(size)), edits)).toEqual({ size, counts });
  });
});

describe('of the strokes stand', () => {
  it.each(vectors.standing)('$name', ({ size, rules, items, standing: expected }) => {
    expect(standing(items, wholeImage(sizeOf(size)), { regionRules: rules })).toEqual(expected);
  });
});

describe('a mask among prompts', () => {
  const mask: PromptItem = { kind: 'mask', size: [2, 3], counts: [1, 2, 3] };

  it('makes those before it count no longer', () => {
    expect(counted([click(1, 1), mask, click(2, 1), mask, click(1, 0)])).toEqual([mask, click(1, 0)]);
    expect(counted([click(1, 1)])).toEqual([click(1, 1)]);
  });
});

describe('a stroke', () => {
  const size = { height: 17, width: 23 };
  const place = fc.tuple(
    fc.double({ min: 0, max: 23, noNaN: true }),
    fc.double({ min: 0, max: 17, noNaN: true }),
  );
  const stroke = fc.record({
    points_xy: fc.array(place, { minLength: 1, maxLength: 6 }),
    radius: fc.double({ min: 0.01, max: 9, noNaN: true }),
  });

  /** Pixels from the centre of one to the line. */
  function distance(points: readonly (readonly [number, number])[], x: number, y: number): number {
    const pieces = points.length > 1 ? points.slice(1) : points;
    const distances = pieces.map(([bx, by], k) => {
      const [ax, ay] = points[k] ?? [bx, by];
      const squared = (bx - ax) ** 2 + (by - ay) ** 2;
      const part = squared === 0 ? 0 : ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / squared;
      const t = Math.min(Math.max(part, 0), 1);
      return Math.hypot(ax + t * (bx - ax) - x, ay + t * (by - ay) - y);
    });
    return Math.min(...distances);
  }

  it('covers the pixels whose centre is at most its radius away, and no others', () => {
    fc.assert(
      fc.property(stroke, ({ points_xy, radius }) => {
        const mask = maskFromRle(painted(emptyMask(size), runsUnder({ points_xy, radius }, size), 1));
        const reach = Math.max(radius, Math.SQRT1_2);
        const wrong = [...mask].filter((value, at) => {
          const away = distance(points_xy, (at % size.width) + 0.5, Math.floor(at / size.width) + 0.5);
          return Math.abs(away - reach) > 1e-6 && (value === 1) !== away < reach;
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('changes nothing but what is under it, and leaves valid run lengths', () => {
    fc.assert(
      fc.property(stroke, stroke, fc.constantFrom(0 as const, 1 as const), (first, second, label) => {
        const before = painted(emptyMask(size), runsUnder(first, size), 1);
        const runs = runsUnder(second, size);
        const after = painted(before, runs, label);
        expect(isValidRle(after)).toBe(true);
        const [was, is] = [maskFromRle(before), maskFromRle(after)];
        const under = maskFromRle(painted(emptyMask(size), runs, 1));
        expect([...is]).toEqual([...was].map((value, at) => (under[at] === 1 ? label : value)));
      }),
      { numRuns: 100 },
    );
  });
});
