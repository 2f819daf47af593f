import { describe, expect, it } from 'vitest';
import type { NamedTensor } from '../../../src/shared/types';
import type { Feeds, Graph } from '../../../src/worker/runtime/graph';
import { lateralLoader, maskFeaturesOf, type LateralLoader } from '../../../src/worker/mask/lateral';
import type { FeatureMap } from '../../../src/worker/layers/sampling';

const ROWS = 2;
const CELLS = 2;

const LEVEL2: FeatureMap = { channels: 4, height: 1, width: 1, stride: 8, data: Float32Array.of(1, 2, 3, 4) };
const finest = (name: string): NamedTensor => ({
  ...{ name, dtype: 'float32', shape: [1, 3, 1, CELLS], scale: null, zeroPoint: null },
  data: new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer),
});

/** Number of the row that is picked by each row of `rows`. */
const picked = ({ rows }: Feeds): number[] => {
  const [count = 0, all = 0] = rows?.dims ?? [];
  const data = [...(rows?.data ?? [])].map(Number);
  return Array.from({ length: count }, (_, row) => data.slice(row * all, (row + 1) * all).indexOf(1));
};

const inputs: string[][] = [];

/** Answers with the numbers of the rows, times `factor`, in every cell. */
const graphOf = (output: string, factor: number): Graph => ({
  run: (feeds) => {
    inputs.push(Object.keys(feeds).sort());
    const data = Float32Array.from(picked(feeds).flatMap((row) => Array<number>(CELLS).fill(row * factor)));
    return Promise.resolve({ [output]: { dims: [1, ROWS, 1, CELLS], data } });
  },
  release: () => Promise.resolve(),
});

const affine: Graph = {
  run: () => Promise.resolve({ affine: { dims: [4, 4], data: new Float32Array(16) } }),
  release: () => Promise.resolve(),
};

const loader: LateralLoader = {
  fetch: () => Promise.resolve(),
  open: () =>
    Promise.resolve({
      ...{ affine, source: graphOf('source_rows', 10), features: graphOf('feature_rows', 100) },
      ...{ rows: ROWS, maskDim: 6 },
    }),
};

async function made(given: LateralLoader | null, name: string): Promise<readonly [FeatureMap, number]> {
  const slices = maskFeaturesOf(given, finest(name), LEVEL2);
  for (let pauses = 0; ; pauses++) {
    const { value, done } = await slices.next();
    if (done === true) return [value, pauses];
  }
}

describe('mask features', () => {
  it('that came are taken as they are', async () => {
    const [map, pauses] = await made(null, 'mask_features');
    expect([map.channels, map.stride, [...map.data], pauses]).toEqual([3, 4, [1, 2, 3, 4, 5, 6], 0]);
  });

  it('are made of a lateral map some channels at a time, with pauses', async () => {
    inputs.length = 0;
    const [map, pauses] = await made(loader, 'lateral');
    expect([map.channels, map.height, map.width, map.stride]).toEqual([6, 1, CELLS, 4]);
    expect([...map.data]).toEqual([0, 0, 100, 100, 200, 200, 300, 300, 400, 400, 500, 500]);
    expect(pauses).toBe(1 + 4 / ROWS + 6 / ROWS);
    expect(inputs[0]).toEqual(['affine', 'lateral', 'level2', 'rows']);
    expect(inputs.at(-1)).toEqual(['mask_source', 'rows']);
  });

  it('cannot be made by a model without graphs for it', async () => {
    await expect(made(null, 'lateral')).rejects.toThrow('no masks of a lateral map');
  });
});

describe('graphs for lateral maps', () => {
  it('are fetched and opened once, and again after a failure', async () => {
    let fetched = 0;
    const opened: number[] = [];
    const file = (byte: number): ArrayBuffer => Uint8Array.of(byte).buffer;
    const given = lateralLoader(
      () => {
        fetched++;
        if (fetched === 1) return Promise.reject(new Error('no network'));
        return Promise.resolve({
          ...{ affine: file(1), source: file(2), features: file(3) },
          ...{ rows: 2, maskDim: 6 },
        });
      },
      (bytes) => {
        opened.push(...new Uint8Array(bytes));
        return Promise.resolve(affine);
      },
    );
    await expect(given.fetch()).rejects.toThrow('no network');
    const [first, second] = await Promise.all([given.open(), given.open()]);
    expect(first).toBe(second);
    await given.fetch(); // Nothing: they are open.
    expect([fetched, opened]).toEqual([2, [1, 2, 3]]);
    expect(first).toMatchObject({ rows: 2, maskDim: 6 });
  });
});
