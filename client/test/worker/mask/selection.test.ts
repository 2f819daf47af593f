import { describe, expect, it } from 'vitest';
import type { LabelledPoint } from '../../../src/shared/types';
import { selectQuery, type Selection } from '../../../src/worker/mask/selection';

const point = (label: LabelledPoint['label']): LabelledPoint => ({ x: 0, y: 0, label });
const floats = (...values: number[]): Float32Array => Float32Array.from(values);

/** By the rule of nano, without texts. */
const select = (
  maskEmbed: Float32Array,
  quality: Float32Array,
  sampled: Float32Array,
  points: readonly LabelledPoint[],
): Selection =>
  selectQuery('quality', { maskEmbed, quality, agreement: null, chosenByText: false }, sampled, points);

describe('query selection', () => {
  it('follows the positive point', () => {
    const selected = select(floats(-1, 2), floats(0, 0), floats(3), [point(1)]);
    expect(selected).toEqual({ query: 1, score: 6 });
  });

  it('turns the sign at a negative point', () => {
    const selected = select(floats(-1, 2), floats(0, 0), floats(3), [point(0)]);
    expect(selected).toEqual({ query: 0, score: 3 });
  });

  it('takes the mean over points and clamps each', () => {
    const selected = select(floats(1), floats(0.5), floats(100, 4), [point(1), point(1)]);
    expect(selected.score).toBe(0.5 + (10 + 4) / 2);
  });

  it('leaves box corners and padding out', () => {
    const selected = select(floats(1, -1), floats(0, 0.25), floats(5, 5, 5), [point(2), point(3), point(-1)]);
    expect(selected).toEqual({ query: 1, score: 0.25 });
  });

  it('prefers the first among equals', () => {
    expect(select(floats(1, 1), floats(0, 0), floats(1), [point(1)]).query).toBe(0);
  });
});

it('asks the positive points alone by the rule of the official models', () => {
  const candidates = {
    maskEmbed: floats(-1, 2),
    quality: floats(50, 0),
    agreement: null,
    chosenByText: false,
  };
  const selected = selectQuery('points', candidates, floats(30, 1000), [point(1), point(0)]);
  expect(selected).toEqual({ query: 1, score: 60 });
});
