import { describe, expect, it } from 'vitest';
import type { LabelledPoint } from '../../src/shared/types';
import { selectQuery, type Selection } from '../../src/worker/selection';
import { nameOf } from '../../src/shared/naming';

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

describe('naming', () => {
  const vocabulary = { names: ['cat', 'dog'], classMatrix: floats(1, 0, 0, 1) };

  it('takes the nearest direction, whatever the length', () => {
    expect(nameOf(floats(0.1, 30), vocabulary, 20).label).toBe('dog');
  });

  it('scores by softmax', () => {
    const { labelScore } = nameOf(floats(1, 0), vocabulary, 2);
    expect(labelScore).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
  });

  it('has no name in an empty vocabulary', () => {
    const nothing = { label: null, labelScore: null };
    expect(nameOf(floats(1, 0), { names: [], classMatrix: floats() }, 20)).toEqual(nothing);
    expect(nameOf(floats(1, 0), null, 20)).toEqual(nothing);
  });
});
