/** An embedding, ready for any number of steps. */
import type { PhotoConfig } from '../../shared/model/manifest';
import type { Embedding, ImageGeometry } from '../../shared/types';
import type { Early } from './arrivals';
import { drafting } from './coarseDraft';
import { looksOf, type Looks } from '../mask/correction';
import type { Decoder } from '../decode/decoder';
import { levelsOf, toFeatureMap } from '../decode/featureMaps';
import type { Feeds, Fetches } from '../runtime/graph';
import { maskFeaturesOf } from '../mask/lateral';
import { guideOf, type PhotoGuide } from '../mask/photo/refinement';
import { meaningsOf } from '../meaning';
import { prepareFeeds } from '../decode/prepareFeeds';
import { lookAt } from '../mask/refiner';
import type { FeatureMap } from '../layers/sampling';

/** An image ready to be stepped: what prepare made of its embedding. */
export interface PreparedImage {
  readonly geometry: ImageGeometry;
  /** Of a draft, perhaps coarser than those of the embedding, with strides to match. */
  readonly levels: readonly FeatureMap[];
  readonly maskFeatures: FeatureMap;
  /** Inputs of prepare, whichever rows it holds. */
  readonly embedding: Feeds;
  /** Outputs of prepare; inputs of step under the same names. */
  readonly tensors: Fetches;
  /** The same for steps with texts, once there was one. */
  readonly forTexts: { tensors: Fetches | null };
  /** What the refiner made of the embedding; null for a model without one. */
  readonly refinerLooks: Fetches | null;
  /** What the correction needs of the mask features; null for a model without one. */
  readonly looks: Looks | null;
  /** What is where, by which masks are named; null for a model that names them by the queries that drew them. */
  readonly meanings: FeatureMap | null;
  /** For the refinement by the photo; null for a model without it, or an embedding without photo. */
  readonly photo: PhotoGuide | null;
  /** False for a draft, which lacks some of what comes after the decoder. */
  readonly isComplete: boolean;
}

interface Haste {
  /** Whether somebody waits for a first draft. */
  readonly isAwaited?: () => boolean;
  readonly early?: Early | null;
}

/**
 * Prepare an image in slices, between which the worker can answer.
 *
 * Yields what can be stepped so far: nothing, then drafts, which lack what comes after the decoder. What they need
 * comes first; a coarse one goes before if somebody waits. What was prepared early is not prepared again.
 */
export async function* preparing(
  { graphs, manifest, refiner, lateral }: Decoder,
  embedding: Embedding,
  { isAwaited = () => false, early = null }: Haste = {},
): AsyncGenerator<PreparedImage | null, PreparedImage, void> {
  const { correction, photo, refiner: refinerConfig } = manifest.config;
  const { maps } = embedding;
  const levels = early?.levels ?? levelsOf(maps);
  yield null;
  const maskFeatures = yield* maskFeaturesOf(lateral, maps.mask_features, levels[2]);
  yield null;
  let image: PreparedImage = {
    geometry: embedding.geometry,
    ...{ levels, maskFeatures, embedding: prepareFeeds(levels, maskFeatures) },
    ...{ tensors: early?.tensors ?? {}, forTexts: { tensors: null } },
    ...{ meanings: meaningsOf(embedding), refinerLooks: null, looks: null, photo: null, isComplete: false },
  };
  let hasDraft = false;
  for (const [index, piece] of graphs.prepare.filter((piece) => !early?.pieces.has(piece)).entries()) {
    if (index > 0) yield null;
    if (!hasDraft && isAwaited()) {
      hasDraft = true;
      yield* drafting(graphs, image);
    }
    image = { ...image, tensors: { ...image.tensors, ...(await piece.run(image.embedding)) } };
  }
  yield image;
  if (correction) yield (image = { ...image, looks: looksOf(maskFeatures, correction) });
  if (refiner && refinerConfig) {
    const [, level1, level2] = levels;
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

/** The small photo that an embedding may hold. */
function photoGuide({ tensors, geometry }: Embedding, config: PhotoConfig): PhotoGuide | null {
  const tensor = tensors.find(({ name }) => name === 'photo');
  if (tensor === undefined) return null;
  const [, , height = 1, width = 1] = tensor.shape;
  const stride = Math.ceil(Math.max(...geometry.input_hw) / Math.max(height, width));
  return guideOf(toFeatureMap(tensor, stride), config);
}
