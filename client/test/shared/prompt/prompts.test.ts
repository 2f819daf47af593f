import { describe, expect, it } from 'vitest';
import { imageToInput } from '../../../src/shared/geometry';
import { resample } from '../../../src/shared/prompt/polyline';
import { promptPoints, wholeImage } from '../../../src/shared/prompt/prompts';
import type { RegionRules } from '../../../src/shared/prompt/regions';
import type { ImageGeometry, PromptItem } from '../../../src/shared/types';
import { readJson } from '../../vectors';
import { POINT_RULES } from '../../samples';

interface Case {
  readonly name: string;
  readonly geometry: ImageGeometry;
  readonly rules: RegionRules;
  readonly items: PromptItem[];
  readonly coords: [number, number][];
  readonly labels: number[];
}

const { cases } = readJson('vectors/prompts.json') as { cases: Case[] };

describe('prompt vectors', () => {
  it.each(cases)('$name', ({ geometry, rules, items, coords, labels }) => {
    const points = promptPoints(items, geometry, { regionRules: rules, maxPoints: 512 });
    expect(points.map(({ label }) => label)).toEqual(labels);
    points.forEach((point, index) => {
      const [x, y] = coords[index] ?? [NaN, NaN];
      const padded = imageToInput(geometry, point);
      // The vectors are written with four decimals.
      expect(Math.abs(padded.x - x)).toBeLessThan(1e-4);
      expect(Math.abs(padded.y - y)).toBeLessThan(1e-4);
    });
  });
});

describe('resampling', () => {
  it('keeps both ends of an open line, at most a step apart', () => {
    const points = resample(
      [
        [0, 0],
        [10, 0],
        [10, 5],
      ],
      4,
      'open',
    );
    expect(points[0]).toEqual({ x: 0, y: 0 });
    expect(points.at(-1)).toEqual({ x: 10, y: 5 });
    expect(points).toHaveLength(5);
  });

  it('makes one point of a line without length', () => {
    expect(
      resample(
        [
          [3, 4],
          [3, 4],
        ],
        1,
        'open',
      ),
    ).toEqual([{ x: 3, y: 4 }]);
  });
});

const RULES = { ...POINT_RULES, maxPoints: 300 };

it('thins many points to the allowed number', () => {
  const items: PromptItem[] = Array.from({ length: 700 }, (_, x) => ({ kind: 'click', x, y: 0, label: 1 }));
  const points = promptPoints(items, wholeImage({ height: 10, width: 1000 }), RULES);
  expect(points).toHaveLength(RULES.maxPoints);
  expect(points[1]?.x).toBe(Math.floor((1.5 * 700) / RULES.maxPoints));
});

it('makes no points of words', () => {
  const part = wholeImage({ height: 10, width: 10 });
  expect(promptPoints([{ kind: 'text', text: 'cat' }], part, RULES)).toEqual([]);
});
