import { describe, expect, it } from 'vitest';
import type { Wiring } from '../../../src/shared/model/manifest';
import { attentionBias, previousMask } from '../../../src/worker/prompt/memory';

const WIRING: Wiring = {
  name: 'small',
  rows: [
    { name: 'spatial', count: 2 },
    { name: 'memory', count: 1 },
  ],
  keys: ['point'],
  sees: { spatial: ['spatial', 'memory', 'point'], memory: ['memory'] },
};

/** Rows as strings: + open, - closed. */
function picture(pointIsValid: boolean[], hasMemory: boolean): string[] {
  const { dims, data } = attentionBias(WIRING, { pointIsValid, hasMemory });
  const columns = dims[2] ?? 0;
  return Array.from({ length: dims[1] ?? 0 }, (_, row) =>
    Array.from(data.subarray(row * columns, (row + 1) * columns), (v) => (v === 0 ? '+' : '-')).join(''),
  );
}

describe('attention bias', () => {
  it('follows the wiring', () => {
    expect(picture([true, true], true)).toEqual(['+++++', '+++++', '--+--']);
  });

  it('closes memories without a previous mask, though each still sees itself', () => {
    expect(picture([true], false)).toEqual(['++-+', '++-+', '--+-']);
  });

  it('closes padded points', () => {
    expect(picture([true, false], true)).toEqual(['++++-', '++++-', '--+--']);
  });

  it('closes with a large negative number', () => {
    const { data } = attentionBias(WIRING, { pointIsValid: [false], hasMemory: false });
    expect([...new Set(data)].sort()).toEqual([-10000, 0]);
  });
});

describe('previous mask', () => {
  it('is zeros on the first step', () => {
    expect(previousMask(null, 2, 3)).toEqual({ dims: [1, 1, 2, 3], data: new Float32Array(6) });
  });

  it('refuses the memory of another image', () => {
    const memory = { height: 2, width: 2, data: new Float32Array(4) };
    expect(() => previousMask(memory, 2, 3)).toThrow(/4 logits/);
  });
});
