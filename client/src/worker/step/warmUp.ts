/** Runs everything that a click runs, before anybody waits for it. */
import type { Manifest } from '../../shared/model/manifest';
import type { Embedding, LabelledPoint, MapName, MaskLogits, NamedTensor } from '../../shared/types';
import type { Decoder } from './decoder';
import { step } from './step';
import { preparing } from './preparing';
import type { Attempt } from '../runtime/providers';
import { MASK_STRIDE } from '../layers/sampling';
import { PROTOCOL_VERSION } from '../../shared/reading/versions';

/** Longest side of the images of the warm-up, pixels. */
const WARM_UP_SIDE = 384;

/**
 * Height and width of the images in that side, and what their tensors are sent as: code that has seen one shape only
 * is compiled for that shape. Models send integers of either type, unless asked otherwise.
 */
const IMAGES = [
  [1, 1, 'uint8'],
  [0.5, 1, 'int8'],
] as const;

/** What 256 numbers of an integer type mean, `factor` apart from `least` on. */
const CODES = {
  int8: (channels: number, factor: number, least: number) => ({
    scale: new Float32Array(channels).fill(factor),
    zeroPoint: new Int8Array(channels).fill(-128 - least / factor),
  }),
  uint8: (channels: number, factor: number, least: number) => ({
    scale: new Float32Array(channels).fill(factor),
    zeroPoint: null,
    offset: new Float32Array(channels).fill(least),
  }),
};

/** Clicks on each image: a browser compiles code once it has seen it at work. */
const CLICKS = 3;

/** Image pixels an input pixel: clicks between pixels are no whole numbers then. */
const SHRUNK = 1.3;

/**
 * Answer clicks on images of noise: the first runs, of graphs and of plain code, are several times slower, most
 * of all where they meet something that they have not seen before. How that went tells where graphs run best.
 */
export async function warmUp(decoder: Decoder): Promise<Attempt> {
  const pieces = warming(decoder);
  for (;;) {
    const { value, done } = await pieces.next();
    if (done === true) return value;
  }
}

/** The same in pieces of work. */
export async function* warming(decoder: Decoder): AsyncGenerator<unknown, Attempt, void> {
  const { config } = decoder.manifest;
  const cells = Math.ceil(Math.min(config.canvas, WARM_UP_SIDE) / config.stride);
  const attempts: Attempt[] = [];
  for (const [height, width, dtype] of IMAGES) {
    const side = (part: number): number => config.stride * Math.ceil(part * cells);
    attempts.push(yield* clickOn(decoder, noise(decoder.manifest, [side(height), side(width)], dtype)));
  }
  return joined(attempts);
}

/** The masks of the first, the time of all. */
function joined([first, ...others]: readonly Attempt[]): Attempt {
  if (first === undefined) throw new Error('nothing was attempted');
  return others.reduce(
    (sum, { milliseconds }) => ({ ...sum, milliseconds: sum.milliseconds + milliseconds }),
    first,
  );
}

async function* clickOn(decoder: Decoder, embedding: Embedding): AsyncGenerator<unknown, Attempt, void> {
  const image = yield* preparing(decoder, embedding);
  const [height, width] = embedding.geometry.original_hw;
  const points: LabelledPoint[] = [];
  const answers: MaskLogits[] = [];
  let milliseconds = 0;
  for (let click = 0; click < CLICKS; click++) {
    yield;
    points.push({ x: ((click + 1) * width) / 5, y: height / (click + 2), label: click === 1 ? 0 : 1 });
    const started = performance.now();
    const memory = answers.at(-1) ?? null;
    answers.push(
      (await step({ decoder, general: null, image, prompts: { points, texts: [], memory } })).maskLogits,
    );
    milliseconds = performance.now() - started;
  }
  const [logits] = answers;
  if (logits === undefined) throw new Error('no click was answered');
  return { logits, milliseconds };
}

function noise(
  { fingerprint, config }: Manifest,
  [height, width]: readonly [number, number],
  dtype: keyof typeof CODES,
): Embedding {
  const map = (name: MapName | 'photo', channels: number, stride: number): NamedTensor => ({
    name,
    dtype,
    shape: [1, channels, height / stride, width / stride],
    data: bytes((channels * height * width) / stride ** 2),
    ...(name === 'photo' ? CODES[dtype](channels, 1, 0) : CODES[dtype](channels, 1 / 64, -2)),
  });
  const maps = {
    level0: map('level0', config.level_dims?.[0] ?? config.dim, 32),
    level1: map('level1', config.level_dims?.[1] ?? config.dim, 16),
    level2: map('level2', config.level_dims?.[2] ?? config.dim, 8),
    mask_features: map('mask_features', config.mask_dim, 4),
  };
  const original = [Math.round(SHRUNK * height), Math.round(SHRUNK * width)] as const;
  return {
    protocol_version: PROTOCOL_VERSION,
    type: 'embedding',
    fingerprint,
    key: '',
    codec: dtype,
    maps,
    geometry: {
      original_hw: original,
      roi_xywh: [0, 0, original[1], original[0]],
      input_hw: [height, width],
      padded_hw: [height, width],
    },
    tensors: [...Object.values(maps), map('photo', 3, MASK_STRIDE / 2)],
  };
}

/** A linear congruential sequence, of which the upper bits are as good as random. */
function bytes(count: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state >>> 24;
  });
}
