import { describe, expect, it } from 'vitest';
import type { MaskLogits } from '../../../src/shared/types';
import { distinct, SHIFTS, shifted } from '../../../src/worker/step/alternatives';
import { readJson } from '../../vectors';

type Rows = readonly (readonly number[])[];

const vectors = readJson('vectors/alternatives.json') as {
  readonly input_hw: readonly [number, number];
  readonly first: Rows;
  readonly memories: Readonly<Record<keyof typeof SHIFTS, Rows>>;
  readonly cases: readonly {
    readonly name: string;
    readonly others: readonly Rows[];
    readonly kept: readonly number[];
  }[];
};

const logitsOf = (rows: Rows): MaskLogits => ({
  height: rows.length,
  width: rows[0]?.length ?? 0,
  data: Float32Array.from(rows.flat()),
});

describe('the answers to a click', () => {
  it.each(vectors.cases)('are those that Python offers: $name', ({ others, kept }) => {
    const answers = [vectors.first, ...others].map((rows, place) => ({
      place,
      result: { maskLogits: logitsOf(rows) },
    }));
    expect(distinct(answers, vectors).map(({ place }) => place)).toEqual(kept);
  });

  it('come in Python’s order, from its memories', () => {
    expect(Object.keys(SHIFTS)).toEqual(Object.keys(vectors.memories));
    for (const [extent, shift] of Object.entries(SHIFTS)) {
      const memory = vectors.memories[extent as keyof typeof SHIFTS];
      expect(shifted(logitsOf(vectors.first), shift)).toEqual(logitsOf(memory));
    }
  });
});
