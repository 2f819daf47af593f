/** An embedding -> an image that is ready for any number of steps. */
import type { PhotoConfig } from '../../shared/model/manifest';
import type { Embedding } from '../../shared/types';
import { prepareFeeds } from '../decode/prepareFeeds';
import { levelsOf, toFeatureMap } from '../layers/featureMaps';
import { appearanceOf } from '../mask/correction';
import { maskFeaturesOf } from '../mask/lateral';
import { meaningsOf } from '../mask/meaning';
import { guideOf, type PhotoGuide } from '../mask/photo/refinement';
import { lookAt } from '../mask/refiner';
import type { Early } from './arrivals';
import { drafting } from './coarseDraft';
import type { Decoder } from './decoder';
import type { PreparedImage } from './preparedImage';

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
    levels,
    maskFeatures,
    embedding: prepareFeeds(levels, maskFeatures),
    tensors: early?.tensors ?? {},
    forTexts: { tensors: null },
    meanings: meaningsOf(embedding),
    refinerLooks: null,
    appearance: null,
    photo: null,
    isComplete: false,
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
  if (correction) yield (image = { ...image, appearance: appearanceOf(maskFeatures, correction) });
  if (refiner && refinerConfig) {
    const [, level1, level2] = levels;
    const seen = { maskFeatures, level1, level2 };
    yield (image = { ...image, refinerLooks: await lookAt(refiner, seen, refinerConfig) });
  }
  return { ...image, photo: photo ? photoGuide(embedding, photo) : null, isComplete: true };
}

/** The small photo that an embedding may hold. */
function photoGuide({ tensors, geometry }: Embedding, config: PhotoConfig): PhotoGuide | null {
  const tensor = tensors.find(({ name }) => name === 'photo');
  if (tensor === undefined) return null;
  const [, , height = 1, width = 1] = tensor.shape;
  const stride = Math.ceil(Math.max(...geometry.input_hw) / Math.max(height, width));
  return guideOf(toFeatureMap(tensor, stride), config);
}
