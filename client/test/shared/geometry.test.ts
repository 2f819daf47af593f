import { describe, expect, it } from 'vitest';
import { imageToInput, inputToImage, insideInput } from '../../src/shared/geometry';
import type { ImageGeometry } from '../../src/shared/types';
import { readJson } from '../vectors';

interface Case {
  readonly name: string;
  readonly geometry: ImageGeometry;
  readonly points_image: [number, number][];
  readonly points_input: [number, number][];
  readonly inside_input: boolean[];
}

const { cases } = readJson('vectors/geometry.json') as { cases: Case[] };

describe.each(cases)('geometry $name', ({ geometry, points_image, points_input, inside_input }) => {
  it('converts image points to the input frame', () => {
    points_image.forEach(([x, y], index) => {
      const [expectedX, expectedY] = points_input[index] ?? [NaN, NaN];
      const point = imageToInput(geometry, { x, y });
      expect(point.x).toBeCloseTo(expectedX, 9);
      expect(point.y).toBeCloseTo(expectedY, 9);
    });
  });

  it('comes back to the image frame', () => {
    for (const [x, y] of points_image) {
      const back = inputToImage(geometry, imageToInput(geometry, { x, y }));
      expect(back.x).toBeCloseTo(x, 9);
      expect(back.y).toBeCloseTo(y, 9);
    }
  });

  it('tells which points lie on the input', () => {
    const inside = points_input.map(([x, y]) => insideInput(geometry, { x, y }));
    expect(inside).toEqual(inside_input);
  });
});
