import { describe, expect, it } from 'vitest';
import { averaged, enlarged } from '../../../src/worker/layers/scale';

const map = (height: number, width: number, data: number[], stride = 16) => ({
  ...{ channels: data.length / (height * width), height, width, stride },
  data: Float32Array.from(data),
});

describe('averaged maps', () => {
  it('have the mean of every block, channel by channel', () => {
    const { channels, height, width, stride, data } = averaged(
      map(2, 2, [1, 2, 3, 4, 10, 20, 30, 40]),
      2,
      16,
    );
    expect([channels, height, width, stride]).toEqual([2, 1, 1, 32]);
    expect([...data]).toEqual([2.5, 25]);
  });

  it('repeat their last row and column where blocks reach beyond', () => {
    const { height, width, data } = averaged(map(1, 3, [1, 2, 6]), 2, 16);
    expect([height, width]).toEqual([1, 2]);
    expect([...data]).toEqual([1.5, 6]);
  });

  it('are whole cells of the coarsest map', () => {
    const { height, width, data } = averaged(map(3, 1, [1, 3, 5]), 2, 32);
    expect([height, width]).toEqual([2, 2]);
    expect([...data]).toEqual([2, 2, 5, 5]);
  });
});

describe('enlarged logits', () => {
  it('are looked up between the centres of coarse cells, and cut', () => {
    const fine = enlarged({ height: 1, width: 2, data: Float32Array.of(0, 4) }, { height: 1, width: 3 }, 2);
    expect(fine).toEqual({ height: 1, width: 3, data: Float32Array.of(0, 1, 3) });
  });

  it('keep what does not change from cell to cell', () => {
    const flat = { height: 2, width: 2, data: new Float32Array(4).fill(-3) };
    expect(new Set(enlarged(flat, { height: 7, width: 8 }, 4).data)).toEqual(new Set([-3]));
  });
});
