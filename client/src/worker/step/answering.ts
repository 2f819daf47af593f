/** The rows that may answer -> the one that does, its mask and what it means. */
import type { CorrectionConfig, PhotoConfig } from '../../shared/model/manifest';
import type { WorkerStepResult } from '../../shared/messages';
import { applyEdits } from '../../shared/prompt/edits';
import { holdPixels, rleArea } from '../../shared/rle';
import type { CocoRle, LabelledPoint, MaskLogits } from '../../shared/types';
import { atMaskStride } from './coarseDraft';
import { correctAtPoints } from '../mask/correction';
import type { Decoder } from './decoder';
import { inWords, meaningOf } from '../mask/meaning';
import { maskFromLogits, maskLogits } from '../mask/postprocess';
import type { PreparedImage } from './preparedImage';
import { heldPixels } from '../mask/photo/heldPixels';
import { refineByPhoto } from '../mask/photo/refinement';
import { refineMask } from '../mask/refiner';
import { selectQuery } from '../mask/selection';
import { MASK_STRIDE, sampleFeatures } from '../layers/sampling';
import { toSlots, type Asked, type StepInputs } from './asking';
import type { Laps } from './stopwatch';

/** The row that answers, and its mask as the next step remembers it. */
export interface Drawn {
  readonly inputs: StepInputs;
  readonly logits: MaskLogits;
  /** Of the selection. */
  readonly score: number;
  readonly classEmbed: Float32Array;
}

/** The row that answers, and its mask as the decoder draws it, on cells of stride 4. */
export async function select(
  decoder: Decoder,
  image: PreparedImage,
  asked: Asked,
  watch: Laps,
): Promise<Drawn> {
  const drawn = selectOnItsCells(decoder, image, asked);
  const logits = atMaskStride(image, drawn.logits);
  await watch.lap('select');
  return { ...drawn, logits };
}

/** The same on the cells of the image's own maps, which may be coarser. */
export function selectOnItsCells(
  { manifest }: Decoder,
  image: PreparedImage,
  { inputs, head }: Asked,
): Drawn {
  const { config } = manifest;
  const sampled = sampleFeatures(image.maskFeatures, inputs.slots, config.point_sampling);
  const { query, score } = selectQuery(config.selection, head, sampled, inputs.slots);
  const numRows = head.quality.length;
  const maskEmbed = row(head.maskEmbed, query, numRows);
  const logits = maskLogits(maskEmbed, image.maskFeatures);
  return { inputs, logits, score, classEmbed: row(head.classEmbed, query, numRows).slice() };
}

/** The same with the mask redrawn by the refiner, and corrected at the clicks. */
export async function redraw(
  decoder: Decoder,
  image: PreparedImage,
  selected: Drawn,
  watch: Laps,
): Promise<Drawn> {
  const { inputs } = selected;
  const redrawn = await refined(decoder, image, selected.logits, inputs);
  await watch.lap('refine');
  const logits = corrected(redrawn, image, inputs.slots, decoder.manifest.config.correction);
  await watch.lap('correct');
  return { ...selected, logits };
}

/** The second half: the mask in the image frame, and what it means. */
export async function finish(
  decoder: Decoder,
  image: PreparedImage,
  { inputs, logits, score, classEmbed }: Drawn,
  watch: Laps,
): Promise<Omit<WorkerStepResult, 'timings'>> {
  const { config } = decoder.manifest;
  const fine = followed(logits, image, inputs.slots, config.photo);
  await watch.lap('photo');
  const mask = applyEdits(maskOf(fine, image, inputs.points), inputs.strokes ?? []);
  await watch.lap('mask');
  return {
    maskLogits: logits,
    mask,
    area: rleArea(mask),
    score,
    isDraft: !image.isComplete,
    ...(fine.holdsPixels && image.isComplete && { isCoarse: true }),
    classEmbed: meant(decoder, image, logits) ?? classEmbed,
  };
}

/** What lies under the mask, to be compared with names; null where the query that drew it is. */
function meant(
  { toSentence }: Decoder,
  { meanings }: PreparedImage,
  logits: MaskLogits,
): Float32Array | null {
  return meanings && toSentence ? inWords(meaningOf(meanings, logits), toSentence) : null;
}

async function refined(
  { refiner, manifest }: Decoder,
  { maskFeatures, refinerLooks }: PreparedImage,
  answered: MaskLogits,
  { slots, memory }: StepInputs,
): Promise<MaskLogits> {
  const config = manifest.config.refiner;
  if (!refiner || !refinerLooks || !config) return answered;
  return refineMask(refiner, { maskFeatures, looks: refinerLooks }, answered, slots, memory, config);
}

/** Clicks have the last word on the mask, and on what the next step remembers. */
function corrected(
  logits: MaskLogits,
  { appearance, geometry }: PreparedImage,
  slots: readonly LabelledPoint[],
  correction: CorrectionConfig | null | undefined,
): MaskLogits {
  if (!appearance || !correction) return logits;
  return correctAtPoints(logits, appearance, slots, Math.max(...geometry.input_hw), correction);
}

/** What the mask is made of. */
interface FineLogits {
  readonly logits: MaskLogits;
  /** Input pixels a logit. */
  readonly stride: number;
  readonly holdsPixels: boolean;
}

/**
 * The mask of logits that a step left behind, before strokes; null for a model whose masks do not follow the photo, and
 * for logits of another canvas.
 */
export function maskAgain(
  { manifest }: Pick<Decoder, 'manifest'>,
  image: PreparedImage,
  logits: MaskLogits,
  points: readonly LabelledPoint[],
): CocoRle | null {
  const { height, width } = image.maskFeatures;
  if (logits.height !== height || logits.width !== width) return null;
  const fine = followed(logits, image, toSlots(points, image.geometry), manifest.config.photo);
  return fine.holdsPixels ? maskFromLogits(fine.logits, image.geometry, fine.stride) : null;
}

/** Mask logits that follow the photo, for a model that does. */
function followed(
  logits: MaskLogits,
  { photo }: PreparedImage,
  slots: readonly LabelledPoint[],
  config: PhotoConfig | null | undefined,
): FineLogits {
  if (!photo || !config) return { logits, stride: MASK_STRIDE, holdsPixels: false };
  return { logits: refineByPhoto(photo, logits, slots, config), stride: photo.stride, holdsPixels: true };
}

/** The mask in the image frame; where it follows the photo, every pixel that was clicked has its side. */
function maskOf(
  { logits, stride, holdsPixels }: FineLogits,
  { geometry }: PreparedImage,
  points: readonly LabelledPoint[],
): CocoRle {
  const mask = maskFromLogits(logits, geometry, stride);
  return holdsPixels ? holdPixels(mask, heldPixels(points, geometry)) : mask;
}

function row(matrix: Float32Array, index: number, rows: number): Float32Array {
  const width = matrix.length / rows;
  return matrix.subarray(index * width, (index + 1) * width);
}
