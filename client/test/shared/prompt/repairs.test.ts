import { describe, expect, it } from 'vitest';
import type { RepairItem } from '../../../src/shared/generated';
import { applyEdits, standing } from '../../../src/shared/prompt/edits';
import { repaired, type HeldPlace } from '../../../src/shared/prompt/repairs';
import { wholeImage } from '../../../src/shared/prompt/prompts';
import { isValidRle } from '../../../src/shared/rle';
import { readJson, type StandingCase } from '../../vectors';

interface Vectors {
  readonly repairs: {
    readonly name: string;
    readonly size: readonly [number, number];
    readonly before: readonly number[];
    readonly repair: RepairItem;
    readonly held: readonly HeldPlace[];
    readonly after: readonly number[];
  }[];
  readonly standing: readonly StandingCase[];
}

const vectors = readJson('vectors/repairs.json') as Vectors;

describe('a repaired mask', () => {
  it.each(vectors.repairs)('$name', ({ size, before, repair, held, after }) => {
    const mask = repaired({ size, counts: before }, repair, held);
    expect(mask).toEqual({ size, counts: after });
    expect(isValidRle(mask)).toBe(true);
    expect(applyEdits({ size, counts: before }, [{ ...repair, held }])).toEqual(mask);
  });
});

describe('repairs that stand', () => {
  it.each(vectors.standing.filter(({ items }) => items.length > 1))(
    '$name',
    ({ size: [height, width], rules, items, standing: expected }) => {
      expect(standing(items, wholeImage({ height, width }), { regionRules: rules })).toEqual(expected);
    },
  );
});

it('a mask of 100 megapixels is repaired in a moment', () => {
  const [height, width] = [10_000, 10_000];
  const column = [4_000, 1_000, 10, 990, 4_000];
  const counts = Array.from({ length: 2_000 }, () => column).flat();
  const runs = counts.reduce<number[]>((all, count, index) => {
    // The end of a column and the beginning of the next are one run.
    if (index > 0 && index % 5 === 0) all[all.length - 1] = (all.at(-1) ?? 0) + count;
    else all.push(count);
    return all;
  }, []);
  runs.push((runs.pop() ?? 0) + (width - 2_000) * height);
  const mask = { size: [height, width], counts: runs } as const;
  const begun = performance.now();
  for (const method of ['fill-holes', 'remove-specks', 'smooth'] as const)
    repaired(mask, { kind: 'repair', method, size: 20 });
  expect(performance.now() - begun).toBeLessThan(30_000);
});
