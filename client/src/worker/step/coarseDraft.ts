/**
 * Answers from coarser maps, for clicks that cannot wait until a large image is prepared: the same graphs on a few
 * of its cells. How good they are, `benchmarks/drafts.py` measures.
 */
import { paddedSize } from '../../shared/geometry';
import type { ImageGeometry, MaskLogits } from '../../shared/types';
import type { DecoderGraphs, Fetches } from '../runtime/graph';
import type { PreparedImage } from './preparedImage';
import { prepareFeeds } from '../decode/prepareFeeds';
import { MASK_STRIDE, type FeatureMap } from '../layers/sampling';
import { averaged, coarsening, enlarged } from '../layers/scale';

/** Pixels: an input with a longer long side is averaged to at most this. */
export const LONGEST_SIDE = 320;

/** Stride of the coarsest map of an input. */
const COARSEST = 32;

/** Cells of stride 4 that are one of a draft, along a side; 1 where the input is small, and drafts do not pay. */
const draftFactor = ({ input_hw }: ImageGeometry): number => coarsening(Math.max(...input_hw), LONGEST_SIDE);

/** Prepare a draft of an image whose maps are read, in slices; nothing for one that is as quickly prepared itself. */
export async function* drafting(
  { prepare, step }: DecoderGraphs,
  image: PreparedImage,
): AsyncGenerator<PreparedImage | null, void, void> {
  const factor = draftFactor(image.geometry);
  if (factor === 1 || step.hasFixedSizes === true) return;
  const coarser = (map: FeatureMap): FeatureMap => averaged(map, factor, COARSEST);
  const levels = image.levels.map(coarser);
  const maskFeatures = coarser(image.maskFeatures);
  const embedding = prepareFeeds(levels, maskFeatures);
  let tensors: Fetches = {};
  for (const piece of prepare) {
    yield null;
    tensors = { ...tensors, ...(await piece.run(embedding)) };
  }
  yield { ...image, levels, maskFeatures, embedding, tensors, forTexts: { tensors: null } };
}

const factorOf = ({ maskFeatures }: PreparedImage): number => maskFeatures.stride / MASK_STRIDE;

/** What was remembered at stride 4, at the stride of the image's mask features. */
export function atItsStride(image: PreparedImage, memory: MaskLogits): MaskLogits {
  const factor = factorOf(image);
  return factor === 1 ? memory : averaged({ ...memory, channels: 1, stride: MASK_STRIDE }, factor, COARSEST);
}

/** What the image's mask features gave, at stride 4. */
export function atMaskStride(image: PreparedImage, logits: MaskLogits): MaskLogits {
  const factor = factorOf(image);
  if (factor === 1) return logits;
  const { height, width } = paddedSize(image.geometry);
  return enlarged(logits, { height: height / MASK_STRIDE, width: width / MASK_STRIDE }, factor);
}

/** The size of an input in pixels that are as much wider as the cells of its maps. */
export function sizeOnItsCells(image: PreparedImage): Pick<ImageGeometry, 'input_hw'> {
  const [height, width] = image.geometry.input_hw;
  const factor = factorOf(image);
  return { input_hw: [Math.ceil(height / factor), Math.ceil(width / factor)] };
}
