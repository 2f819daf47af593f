import { describe, expect, it } from 'vitest';
import { inWords, meaningOf } from '../../../src/worker/mask/meaning';
import { readJson } from '../../vectors';

type SizeHw = readonly [number, number];

interface Case {
  readonly mask: string;
  readonly map: { readonly size_hw: SizeHw; readonly channels: number; readonly data: readonly number[] };
  readonly logits: { readonly size_hw: SizeHw; readonly data: readonly number[] };
  readonly to_sentence: readonly number[];
  readonly meaning: readonly number[];
  readonly sentence: readonly number[];
}

const { cases } = readJson('vectors/meanings.json') as { cases: readonly Case[] };

function expectClose(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs((found[i] ?? NaN) - value)).toBeLessThan(2e-5);
  });
}

describe.each(cases)('a mask that is $mask', ({ map, logits, to_sentence, meaning, sentence }) => {
  const [height, width] = map.size_hw;
  const cells = { channels: map.channels, height, width, stride: 16, data: Float32Array.from(map.data) };
  const [rows, columns] = logits.size_hw;
  const found = meaningOf(cells, { height: rows, width: columns, data: Float32Array.from(logits.data) });

  it('means the mean of the cells under it', () => {
    expectClose(found, meaning);
  });

  it('lies among sentences where Python says', () => {
    expectClose(inWords(found, Float32Array.from(to_sentence)), sentence);
  });
});
