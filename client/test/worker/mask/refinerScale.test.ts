import { describe, expect, it } from 'vitest';
import type { FeatureMap } from '../../../src/worker/layers/sampling';
import { shrinkFactor, shrunk, withChange } from '../../../src/worker/mask/refinerScale';
import { readJson } from '../../vectors';

interface PlainMap {
  readonly size_hw: readonly [number, number];
  readonly data: readonly number[];
}

interface Case {
  readonly factor: number;
  /** Mask features, level1, level2. */
  readonly maps: readonly PlainMap[];
  readonly seen: readonly PlainMap[];
  readonly change: PlainMap;
  readonly logits: PlainMap;
}

const { cases, fine_side } = readJson('vectors/refiner_scale.json') as { cases: Case[]; fine_side: number };
const STRIDES = [4, 16, 8] as const;

const toMap = ({ size_hw: [height, width], data }: PlainMap, stride: number): FeatureMap => ({
  channels: 1,
  ...{ height, width, stride },
  data: Float32Array.from(data),
});

function expectClose(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs((found[i] ?? NaN) - value)).toBeLessThan(3e-5);
  });
}

describe.each(cases)(
  'the scale of the refiner, $factor times coarser',
  ({ factor, maps, seen, change, logits }) => {
    const fine = maps.map((map, i) => toMap(map, STRIDES[i] ?? NaN));

    it('follows from the size of the mask features', () => {
      const config = { max_points: 1, fine_side };
      expect(fine[0] && shrinkFactor(config, fine[0])).toBe(factor);
    });

    it('averages maps', () => {
      fine.forEach((map, i) => {
        const small = shrunk(map, factor);
        expect([small.height, small.width]).toEqual(seen[i]?.size_hw);
        expectClose(small.data, seen[i]?.data ?? []);
      });
    });

    it('enlarges the change', () => {
      const answered = fine[0];
      if (answered === undefined) throw new Error('no mask features');
      expectClose(withChange(answered, toMap(change, NaN), factor).data, logits.data);
    });
  },
);
