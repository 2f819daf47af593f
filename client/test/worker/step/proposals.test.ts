import { describe, expect, it } from 'vitest';
import { LONGEST_SIDE } from '../../../src/worker/step/coarseDraft';
import * as proposals from '../../../src/worker/step/proposals';
import { apart, gridOf, likelihood, sideBySide, unique } from '../../../src/worker/step/proposals';
import { readJson } from '../../vectors';

type SizeHw = readonly [number, number];

interface Case {
  readonly geometry: {
    readonly roi_xywh: [number, number, number, number];
    readonly input_hw: [number, number];
  };
  readonly grid: readonly (readonly [number, number])[];
  readonly size_hw: SizeHw;
  readonly answers: readonly { readonly logits: readonly number[]; readonly score: number }[];
  readonly likelihoods: readonly number[];
  readonly kept: readonly number[];
  readonly side_by_side: readonly number[];
}

const { settings, cases } = readJson('vectors/proposals.json') as {
  settings: Readonly<Record<string, number>>;
  cases: readonly Case[];
};

it('is proposed by the settings of Python', () => {
  const { GRID, MOST, ROUGH, SAME, ALIKE_SHOWN, LARGEST_PART, LEAST_CELLS } = proposals;
  expect(settings).toEqual({
    grid: GRID,
    most: MOST,
    rough: ROUGH,
    same: SAME,
    alike_shown: ALIKE_SHOWN,
    largest_part: LARGEST_PART,
    least_cells: LEAST_CELLS,
    longest_side: LONGEST_SIDE,
  });
});

describe.each(cases)('an input of $geometry.input_hw', (vector) => {
  const [height, width] = vector.size_hw;
  const answers = vector.answers.map(({ logits, score }, index) => {
    const mask = { height, width, data: Float32Array.from(logits) };
    return { index, logits: mask, score: likelihood(mask, score) };
  });

  it('is clicked on where Python clicks', () => {
    const clicks = gridOf(vector.geometry);
    expect(clicks).toHaveLength(vector.grid.length);
    clicks.forEach(({ x, y }, k) => {
      expect(x).toBeCloseTo(vector.grid[k]?.[0] ?? NaN, 5);
      expect(y).toBeCloseTo(vector.grid[k]?.[1] ?? NaN, 5);
    });
  });

  it('has answers that are as likely objects as Python says', () => {
    answers.forEach(({ score }, k) => expect(score).toBeCloseTo(vector.likelihoods[k] ?? NaN, 5));
  });

  it('keeps the answers that Python keeps, in its order', () => {
    expect(unique(answers, vector.geometry, { most: 8 }).map(({ index }) => index)).toEqual(vector.kept);
  });

  it('leaves out parts of better answers, and what lies around them, as Python does', () => {
    const kept = unique(answers, vector.geometry, { most: 8 });
    expect(sideBySide(kept, vector.geometry).map(({ index }) => index)).toEqual(vector.side_by_side);
  });
});

describe('unique answers', () => {
  it('are at least one, even where all masks are empty', () => {
    const empty = { height: 2, width: 2, data: new Float32Array(4).fill(-1) };
    expect(unique([{ logits: empty, score: 0.5 }], { input_hw: [8, 8] })).toHaveLength(1);
  });
});

describe('answers apart', () => {
  /** Of 10 cells in a row, those from `from` on to before `to`. */
  const cells = (from: number, to: number) => {
    const data = Float32Array.from({ length: 10 }, (_, cell) => (cell >= from && cell < to ? 1 : -1));
    return { logits: { height: 1, width: 10, data }, score: 1 };
  };
  const geometry = { input_hw: [4, 40] as const };

  it('are those that better ones leave half of their cells', () => {
    const answers = [cells(0, 4), cells(2, 6), cells(3, 6), cells(5, 10), cells(1, 9)];
    expect(apart(answers, geometry)).toEqual([answers[0], answers[1], answers[3]]);
  });

  it('leave out a part of what is found already', () => {
    expect(apart([cells(0, 8), cells(2, 4)], geometry)).toHaveLength(1);
  });
});
