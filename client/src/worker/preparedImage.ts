/** An embedding, ready for any number of steps. */
import { dequantise } from '../codec/dequantise';
import type { PhotoConfig } from '../shared/manifest';
import type { Embedding, ImageGeometry, NamedTensor } from '../shared/types';
import { looksOf, type Looks } from './correction';
import type { Decoder } from './decoder';
import type { Feeds, Fetches, FloatTensor } from './graph';
import { guideOf, type PhotoGuide } from './photo/refinement';
import { lookAt } from './refiner';
import { MASK_STRIDE, type FeatureMap } from './sampling';

/** An image ready to be stepped: what prepare made of its embedding. */
export interface PreparedImage {
  readonly geometry: ImageGeometry;
  readonly levels: readonly FeatureMap[];
  readonly maskFeatures: FeatureMap;
  /** Inputs of prepare, whichever rows it holds; the same object in a draft of the image. */
  readonly embedding: Feeds;
  /** Outputs of prepare; inputs of step under the same names. */
  readonly tensors: Fetches;
  /** What the refiner made of the embedding; null for a model without one. */
  readonly refinerLooks: Fetches | null;
  /** What the correction needs of the mask features; null for a model without one. */
  readonly looks: Looks | null;
  /** For the refinement by the photo; null for a model without it, or an embedding without photo. */
  readonly photo: PhotoGuide | null;
  /** False for a draft, which lacks some of what comes after the decoder. */
  readonly isComplete: boolean;
}

/**
 * Prepare an image in slices, between which the worker can answer.
 *
 * Yields what can be stepped so far: nothing, then drafts, which lack what comes after the decoder. What they need
 * comes first.
 */
export async function* preparing(
  { graphs, manifest, refiner }: Decoder,
  embedding: Embedding,
): AsyncGenerator<PreparedImage | null, PreparedImage, void> {
  const { correction, photo, refiner: refinerConfig } = manifest.config;
  const { maps } = embedding;
  const [level0, level1, level2] = [
    toFeatureMap(maps.level0, 32),
    toFeatureMap(maps.level1, 16),
    toFeatureMap(maps.level2, 8),
  ];
  const levels = [level0, level1, level2];
  yield null;
  const maskFeatures = toFeatureMap(maps.mask_features, MASK_STRIDE);
  yield null;
  const feeds = feedsOf(levels, maskFeatures);
  let tensors: Fetches = {};
  for (const [index, piece] of graphs.prepare.entries()) {
    if (index > 0) yield null;
    tensors = { ...tensors, ...(await piece.run(feeds)) };
  }
  let image: PreparedImage = {
    geometry: embedding.geometry,
    ...{ levels, maskFeatures, embedding: feeds, tensors },
    ...{ refinerLooks: null, looks: null, photo: null, isComplete: false },
  };
  yield image;
  if (correction) yield (image = { ...image, looks: looksOf(maskFeatures, correction) });
  if (refiner && refinerConfig) {
    const seen = { maskFeatures, level1, level2 };
    yield (image = { ...image, refinerLooks: await lookAt(refiner, seen, refinerConfig) });
  }
  return { ...image, photo: photo ? photoGuide(embedding, photo) : null, isComplete: true };
}

/** Without a pause. */
export async function prepareImage(decoder: Decoder, embedding: Embedding): Promise<PreparedImage> {
  const slices = preparing(decoder, embedding);
  for (;;) {
    const { value, done } = await slices.next();
    if (done === true) return value;
  }
}

/** Bytes of all arrays that an image holds, each counted once. */
export function bytesOf(image: PreparedImage): number {
  const buffers = new Set<ArrayBufferLike>();
  collectBuffers(image, buffers);
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function collectBuffers(value: unknown, buffers: Set<ArrayBufferLike>): void {
  if (typeof value !== 'object' || value === null) return;
  if (ArrayBuffer.isView(value)) buffers.add(value.buffer);
  else
    for (const part of value instanceof Map ? value.values() : Object.values(value))
      collectBuffers(part, buffers);
}

function feedsOf(levels: readonly FeatureMap[], maskFeatures: FeatureMap): Feeds {
  const feeds: Record<string, FloatTensor> = { mask_features: toTensor(maskFeatures) };
  levels.forEach((level, index) => {
    feeds[`level${index}`] = toTensor(level);
  });
  return feeds;
}

/** The small photo that an embedding may hold. */
function photoGuide({ tensors, geometry }: Embedding, config: PhotoConfig): PhotoGuide | null {
  const tensor = tensors.find(({ name }) => name === 'photo');
  if (tensor === undefined) return null;
  const [, , height = 1, width = 1] = tensor.shape;
  const stride = Math.ceil(Math.max(...geometry.input_hw) / Math.max(height, width));
  return guideOf(toFeatureMap(tensor, stride), config);
}

function toFeatureMap(tensor: NamedTensor, stride: number): FeatureMap {
  const [, channels = 0, height = 0, width = 0] = tensor.shape;
  return { channels, height, width, stride, data: dequantise(tensor) };
}

const toTensor = ({ channels, height, width, data }: FeatureMap): FloatTensor => ({
  dims: [1, channels, height, width],
  data,
});
