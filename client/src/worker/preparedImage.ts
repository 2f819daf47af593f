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
  /** Inputs of prepare, whichever rows it holds. */
  readonly embedding: Feeds;
  /** Outputs of prepare; inputs of step under the same names. */
  readonly tensors: Fetches;
  /** What the refiner made of the embedding; null for a model without one. */
  readonly refinerLooks: Fetches | null;
  /** What the correction needs of the mask features; null for a model without one. */
  readonly looks: Looks | null;
  /** For the refinement by the photo; null for a model without it, or an embedding without photo. */
  readonly photo: PhotoGuide | null;
  /** Whether nothing is missing that the model has. */
  readonly isComplete: boolean;
}

const LEVELS = [
  { name: 'level0', stride: 32 },
  { name: 'level1', stride: 16 },
  { name: 'level2', stride: 8 },
] as const;

export async function prepareImage(
  { graphs, manifest, refiner }: Decoder,
  embedding: Embedding,
): Promise<PreparedImage> {
  const { correction, photo } = manifest.config;
  const levels = LEVELS.map(({ name, stride }) => toFeatureMap(embedding.maps[name], stride));
  const maskFeatures = toFeatureMap(embedding.maps.mask_features, MASK_STRIDE);
  const feeds: Record<string, FloatTensor> = { mask_features: toTensor(maskFeatures) };
  levels.forEach((level, index) => {
    feeds[`level${index}`] = toTensor(level);
  });
  return {
    geometry: embedding.geometry,
    levels,
    maskFeatures,
    embedding: feeds,
    tensors: await graphs.prepare.run(feeds),
    refinerLooks: refiner && (await lookAt(refiner, feeds)),
    looks: correction ? looksOf(maskFeatures, correction) : null,
    photo: photo ? photoGuide(embedding, photo) : null,
    isComplete: true,
  };
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
