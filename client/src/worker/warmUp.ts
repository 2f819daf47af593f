/** Runs everything that a click runs, before anybody waits for it. */
import type { Manifest } from '../shared/manifest';
import type { Embedding, LabelledPoint, MapName, MaskLogits, NamedTensor } from '../shared/types';
import type { Decoder } from './decoder';
import { decodeStep } from './decoderStep';
import { prepareImage } from './preparedImage';
import { MASK_STRIDE } from './sampling';

/** Longest side of the image of the warm-up, pixels. */
const WARM_UP_SIDE = 384;

/** How often clicks are answered: a browser compiles code once it has seen it at work. */
const WARM_UP_STEPS = 4;

/**
 * Answer clicks on an image of noise: the first runs, of graphs and of plain code, are several times slower, most
 * of all where they meet something that they have not seen before.
 */
export async function warmUp(decoder: Decoder): Promise<void> {
  const embedding = noise(decoder.manifest);
  const image = await prepareImage(decoder, embedding);
  const side = embedding.geometry.input_hw[0];
  let memory: MaskLogits | null = null;
  const points: LabelledPoint[] = [];
  for (let step = 0; step < WARM_UP_STEPS; step++) {
    points.push({ x: ((step + 1) * side) / 5, y: side / (step + 2), label: step % 2 === 0 ? 1 : 0 });
    memory = (await decodeStep(decoder, null, image, { points, texts: [], memory })).maskLogits;
  }
}

function noise({ fingerprint, config }: Manifest): Embedding {
  const side = config.stride * Math.ceil(Math.min(config.canvas, WARM_UP_SIDE) / config.stride);
  const map = (name: MapName | 'photo', channels: number, stride: number): NamedTensor => ({
    ...{ name, dtype: 'int8', shape: [1, channels, side / stride, side / stride] },
    data: bytes((channels * side * side) / stride ** 2),
    scale: new Float32Array(channels).fill(name === 'photo' ? 1 : 1 / 64),
    zeroPoint: new Int8Array(channels).fill(name === 'photo' ? -128 : 0),
  });
  const maps = {
    level0: map('level0', config.level_dims?.[0] ?? config.dim, 32),
    level1: map('level1', config.level_dims?.[1] ?? config.dim, 16),
    level2: map('level2', config.level_dims?.[2] ?? config.dim, 8),
    mask_features: map('mask_features', config.mask_dim, 4),
  };
  const hw = [side, side] as const;
  return {
    ...{ protocol_version: 1, type: 'embedding', fingerprint, key: '', codec: 'int8', maps },
    geometry: { original_hw: hw, roi_xywh: [0, 0, side, side], input_hw: hw, padded_hw: hw },
    tensors: [...Object.values(maps), map('photo', 3, MASK_STRIDE / 2)],
  };
}

/** A linear congruential sequence, of which the upper bits look random. */
function bytes(count: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state >>> 24;
  });
}
