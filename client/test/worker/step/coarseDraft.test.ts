import { encode } from '@msgpack/msgpack';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../../../src/shared/model/manifest';
import { rleContains } from '../../../src/shared/rle';
import type { MaskLogits } from '../../../src/shared/types';
import type { Decoder } from '../../../src/worker/step/decoder';
import { step as runStep } from '../../../src/worker/step/step';
import type { Feeds, Fetches, Graph } from '../../../src/worker/runtime/graph';
import { ImageStore } from '../../../src/worker/step/imageStore';
import type { PreparedImage } from '../../../src/worker/step/preparedImage';
import { Turns } from '../../../src/worker/runtime/turns';

const FINGERPRINT = '0123456789abcdef';
const [INPUT_HEIGHT, HEIGHT, WIDTH] = [610, 640, 96];

/** One channel a map: 1 in the upper half of the input, -1 in the lower. */
function message(height = HEIGHT, inputHeight = INPUT_HEIGHT): Uint8Array {
  const tensors = Object.entries({ level0: 32, level1: 16, level2: 8, mask_features: 4 }).map(
    ([name, stride]) => {
      const shape = [1, 1, height / stride, WIDTH / stride];
      const count = (height / stride) * (WIDTH / stride);
      const values = Float32Array.from({ length: count }, (_, i) => (2 * i < count ? 1 : -1));
      return { name, dtype: 'float32', shape, data: new Uint8Array(values.buffer) };
    },
  );
  const geometry = {
    ...{ original_hw: [inputHeight, WIDTH], roi_xywh: [0, 0, WIDTH, inputHeight] },
    ...{ input_hw: [inputHeight, WIDTH], padded_hw: [height, WIDTH] },
  };
  const head = {
    protocol_version: 1,
    type: 'embedding',
    fingerprint: FINGERPRINT,
    key: '',
    codec: 'float32',
  };
  return encode({ ...head, geometry, tensors });
}

const tensor = (data: number[], ...dims: number[]) => ({ data: Float32Array.from(data), dims });

/** What the first and the second piece of prepare, and the step, were fed. */
let fed: [Feeds[], Feeds[], Feeds[]];

const graph = (index: 0 | 1 | 2, answer: Fetches): Graph => ({
  run: (feeds) => {
    fed[index].push(feeds);
    return Promise.resolve(answer);
  },
  release: () => Promise.resolve(),
});

const config = {
  ...{ point_sampling: 'centre', selection: 'quality', num_memories: 1, dim: 1, class_dim: 1 },
} as const;
const wiring = { name: 'tiny', rows: [{ name: 'spatial', count: 1 }], keys: ['point'], sees: {} };

const decoder: Decoder = {
  manifest: { fingerprint: FINGERPRINT, config, wiring } as unknown as Manifest,
  graphs: {
    prepare: [graph(0, { key0: tensor([1], 1) }), graph(1, { key1: tensor([1], 1) })],
    step: graph(2, {
      mask_embed: tensor([1], 1, 1, 1),
      class_embed: tensor([1], 1, 1, 1),
      quality: tensor([0], 1, 1),
    }),
  },
  refiner: null,
};

beforeEach(() => {
  fed = [[], [], []];
});

/** What a step sees that waits from the first slice on; the image is whole afterwards. */
async function awaited(bytes = message(), model = decoder) {
  const images = new ImageStore(new Turns());
  const opened = images.open(model, 'a', bytes);
  const draft = await images.use(model, 'a');
  await opened;
  return { draft, whole: await images.use(model, 'a') };
}

const point = { x: 50, y: 100, label: 1 } as const;
const step = (image: PreparedImage, memory: MaskLogits | null = null) =>
  runStep({ decoder, general: null, image, prompts: { points: [point], texts: [], memory } });

describe('a step that waits for a large image', () => {
  it('gets a draft of half the size before the image itself is prepared', async () => {
    const { draft, whole } = await awaited();
    expect(draft.isComplete).toBe(false);
    expect(draft.levels.map(({ height, width, stride }) => [height, width, stride])).toEqual([
      [10, 2, 64],
      [20, 4, 32],
      [40, 8, 16],
    ]);
    expect(whole.isComplete).toBe(true);
    expect(whole.levels[0]).toMatchObject({ height: 20, width: 3, stride: 32 });
    for (const runs of [fed[0], fed[1]]) {
      expect(runs.map(({ level0 }) => level0?.dims)).toEqual([
        [1, 1, 10, 2],
        [1, 1, 20, 3],
      ]);
    }
  });

  it('is fed the places of its points in the draft', async () => {
    const { draft } = await awaited();
    await step(draft);
    expect(fed[2][0]?.point_coords?.data).toEqual(Float32Array.of(50 / 128, 100 / HEIGHT));
    expect(fed[2][0]?.point_features0).toEqual(tensor([1], 1, 1, 1));
  });

  it('is answered in the frames of the image, and remembers so', async () => {
    const { draft, whole } = await awaited();
    const [rough, final] = [await step(draft), await step(whole)];
    expect([rough.isDraft, final.isDraft]).toEqual([true, false]);
    expect(rough.maskLogits).toMatchObject({ height: HEIGHT / 4, width: WIDTH / 4 });
    expect(rough.mask.size).toEqual([INPUT_HEIGHT, WIDTH]);
    expect([310, 330].map((y) => rleContains(rough.mask, 90.5, y))).toEqual([true, false]);
    await step(draft, rough.maskLogits);
    await step(whole, rough.maskLogits);
    expect(fed[2][2]?.previous_mask?.dims).toEqual([1, 1, HEIGHT / 8, 128 / 8]);
    expect(fed[2][3]?.previous_mask?.dims).toEqual([1, 1, HEIGHT / 4, WIDTH / 4]);
  });
});

describe('no coarse draft is made', () => {
  it('when no step waits', async () => {
    await new ImageStore(new Turns()).open(decoder, 'a', message());
    expect(fed[0]).toHaveLength(1);
  });

  it('of an image that is small enough', async () => {
    const { draft } = await awaited(message(320, 320));
    expect(draft.levels[0]?.stride).toBe(32);
    expect(fed[0]).toHaveLength(1);
  });

  it('where graphs are opened again for every size', async () => {
    const { prepare, step } = decoder.graphs;
    const fixed = { ...decoder, graphs: { prepare, step: { ...step, hasFixedSizes: true } } };
    const { draft } = await awaited(message(), fixed);
    expect(draft.levels[0]?.stride).toBe(32);
  });

  it('for a step that waits for an image to be prepared again', async () => {
    const images = new ImageStore(new Turns(), 1);
    for (const id of ['a', 'b']) await images.open(decoder, id, message());
    fed = [[], [], []];
    expect((await images.use(decoder, 'a')).isComplete).toBe(true);
    expect(fed[0]).toHaveLength(1);
  });
});
