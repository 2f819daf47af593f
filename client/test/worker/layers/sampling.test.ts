import { describe, expect, it } from 'vitest';
import { addChannels, sampleFeatures, type FeatureMap } from '../../../src/worker/layers/sampling';

/** Two channels over 2 x 3 cells of stride 8: x index, and ten times the y index. */
const MAP: FeatureMap = {
  channels: 2,
  height: 2,
  width: 3,
  stride: 8,
  data: Float32Array.from([0, 1, 2, 0, 1, 2, 0, 0, 0, 10, 10, 10]),
};

describe('feature sampling', () => {
  it.each([
    ['a cell centre', { x: 12, y: 4 }, [1, 0]],
    ['half way between centres', { x: 8, y: 8 }, [0.5, 5]],
    ['before the first centre', { x: 0, y: 0 }, [0, 0]],
    ['after the last centre', { x: 24, y: 16 }, [2, 10]],
  ])('at %s', (_, point, expected) => {
    expect(Array.from(sampleFeatures(MAP, [point]))).toEqual(expected);
  });

  it.each([
    ['the first pixel', { x: 0.5, y: 0.5 }, [0, 0]],
    ['one past the last pixel', { x: 24.5, y: 16.5 }, [2, 10]],
    ['the middle', { x: 12.5, y: 8.5 }, [1, 5]],
  ])('by corners, at %s', (_, point, expected) => {
    expect(Array.from(sampleFeatures(MAP, [point], 'corner'))).toEqual(expected);
  });

  it('keeps the order of the points', () => {
    const sampled = sampleFeatures(MAP, [
      { x: 20, y: 12 },
      { x: 4, y: 4 },
    ]);
    expect(Array.from(sampled)).toEqual([2, 10, 0, 0]);
  });
});

it.each([1, 2, 3, 4, 5, 7, 8])('adds %i channels up, each times its factor', (channels) => {
  const data = Float32Array.from({ length: channels * 6 }, (_, i) => Math.sin(i));
  const factors = Float64Array.from({ length: channels }, (_, c) => c - 1.5);
  const sums = new Float64Array(6).fill(9);
  addChannels(sums, { channels, height: 2, width: 3, stride: 4, data }, factors, 1, 5);
  sums.forEach((sum, i) => {
    const expected = factors.reduce((total, factor, c) => total + factor * (data[c * 6 + i] ?? NaN), 0);
    expect(sum).toBeCloseTo(i === 0 || i === 5 ? 9 : expected, 10);
  });
});
