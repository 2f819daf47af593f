import { describe, expect, it } from 'vitest';
import type { ImageGeometry } from '../../../src/shared/types';
import { alikeAt, coverOf, look, wordScore } from '../../../src/worker/step/finding';
import { readJson } from '../../vectors';

interface Case {
  readonly geometry: ImageGeometry;
  readonly map: {
    readonly size_hw: readonly [number, number];
    readonly channels: number;
    readonly data: number[];
  };
  readonly to_sentence: readonly number[];
  readonly vector: readonly number[];
  readonly clicks: readonly (readonly [number, number])[];
  readonly heat: readonly number[];
  readonly logits: readonly number[];
  readonly scores: readonly number[];
  readonly fits: readonly number[];
  readonly alike: readonly number[];
  readonly cover: number;
}

const { cases } = readJson('vectors/finding.json') as { cases: readonly Case[] };

describe.each(cases)('a word in an input of $geometry.input_hw', (vector) => {
  const [height, width] = vector.map.size_hw;
  const map = {
    ...{ channels: vector.map.channels, height, width, stride: 16 },
    data: Float32Array.from(vector.map.data),
  };
  const [toSentence, text] = [Float32Array.from(vector.to_sentence), Float32Array.from(vector.vector)];
  const { points, heat } = look(map, toSentence, text, vector.geometry);

  it('is looked for where Python looks', () => {
    expect(points).toHaveLength(vector.clicks.length);
    points.forEach(({ x, y }, k) => {
      expect(x).toBeCloseTo(vector.clicks[k]?.[0] ?? NaN, 3);
      expect(y).toBeCloseTo(vector.clicks[k]?.[1] ?? NaN, 3);
    });
  });

  it('has the instances that Python has', () => {
    expect(alikeAt(vector.scores, vector.fits)).toEqual(vector.alike);
    expect(vector.alike.length).toBeLessThan(vector.scores.length);
  });

  it('fits cells and masks as well as Python says', () => {
    expect(heat).toHaveLength(vector.heat.length);
    heat.forEach((value, cell) => expect(value).toBeCloseTo(vector.heat[cell] ?? NaN, 4));
    const logits = { height: 4 * height, width: 4 * width, data: Float32Array.from(vector.logits) };
    expect(coverOf(map, logits, Float64Array.from(vector.heat))).toBeCloseTo(vector.cover, 5);
  });
});

describe('an answer to a word', () => {
  it('is better the more it covers, means and is an object', () => {
    expect(wordScore(1, 1, 1)).toBeCloseTo(1, 9);
    expect(wordScore(0, -1, 0)).toBe(0);
    expect(wordScore(0.5, 0.5, 0)).toBeCloseTo(0.4, 9);
  });
});
