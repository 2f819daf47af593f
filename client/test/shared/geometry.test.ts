import { describe, expect, it } from 'vitest';
import { imageToInput } from '../../src/shared/geometry';
import type { ImageGeometry } from '../../src/shared/types';
import { readJson } from '../vectors';

interface Case {
  readonly name: string;
  readonly geometry: ImageGeometry;
  readonly points_image: [number, number][];
  readonly points_input: [number, number][];
}

const { cases } = readJson('vectors/geometry.json') as { cases: Case[] };

describe.each(cases)('geometry $name', ({ geometry, points_image, points_input }) => {
  it('converts image points to the input frame', () => {
    points_image.forEach(([x, y], index) => {
      const [expectedX, expectedY] = points_input[index] ?? [NaN, NaN];
      const point = imageToInput(geometry, { x, y });
      expect(point.x).toBeCloseTo(expectedX, 9);
      expect(point.y).toBeCloseTo(expectedY, 9);
    });
  });
});
