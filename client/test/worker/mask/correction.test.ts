import { describe, expect, it } from 'vitest';
import type { CorrectionConfig } from '../../../src/shared/model/manifest';
import type { LabelledPoint, PointLabel } from '../../../src/shared/types';
import { correctAtPoints, appearanceOf } from '../../../src/worker/mask/correction';
import { solve } from '../../../src/worker/layers/linear';
import { readJson } from '../../vectors';

interface Case {
  readonly name: string;
  readonly config: CorrectionConfig;
  readonly side: number;
  readonly points: [number, number, PointLabel][];
  readonly mask_features: [number[][][]];
  readonly mask_logits: number[][];
  readonly corrected: number[][];
}

const { cases } = readJson('vectors/correction.json') as { cases: Case[] };

describe('correction vectors', () => {
  it.each(cases)('$name', ({ config, side, points, mask_features, mask_logits, corrected }) => {
    const [channels] = mask_features;
    const [height, width] = [mask_logits.length, mask_logits[0]?.length ?? 0];
    const map = {
      channels: channels.length,
      height,
      width,
      stride: 4,
      data: Float32Array.from(channels.flat(2)),
    };
    const logits = { height, width, data: Float32Array.from(mask_logits.flat()) };
    const labelled: LabelledPoint[] = points.map(([x, y, label]) => ({ x, y, label }));
    const { data } = correctAtPoints(logits, appearanceOf(map, config), labelled, side, config);
    corrected.flat().forEach((expected, index) => {
      // Sampled features are float32 here; the ridge magnifies their rounding at most a hundredfold.
      expect(Math.abs((data[index] ?? NaN) - expected)).toBeLessThan(1e-4);
    });
  });
});

it('remembers places that were looked at, and answers the same with and without', () => {
  const [given] = cases;
  if (given === undefined) throw new Error('no case');
  const [channels] = given.mask_features;
  const [height, width] = [given.mask_logits.length, given.mask_logits[0]?.length ?? 0];
  const data = Float32Array.from(channels.flat(2));
  const appearance = appearanceOf(
    { channels: channels.length, height, width, stride: 4, data },
    given.config,
  );
  const logits = { height, width, data: Float32Array.from(given.mask_logits.flat()) };
  const ask = (x: number) =>
    correctAtPoints(logits, appearance, [{ x, y: 3, label: 0 }], given.side, given.config).data;
  const first = ask(2);
  expect(ask(2)).toEqual(first);
  for (let x = 3; x < 60; x++) ask(x);
  expect(appearance.similarities.size).toBeLessThan(30);
  expect(ask(2)).toEqual(first);
});

it('solves linear equations that need an exchange of rows', () => {
  expect(
    solve(
      [
        [0, 2],
        [4, 1],
      ],
      [6, 11],
    ),
  ).toEqual([2, 3]);
});
