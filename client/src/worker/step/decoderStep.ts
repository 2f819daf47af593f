/** One step of one object: what `splitseem_model` does in torch, over the exported graphs. */
import { imageToInput } from '../../shared/geometry';
import type { CorrectionConfig, PhotoConfig } from '../../shared/model/manifest';
import type { WorkerStepResult } from '../../shared/messages';
import { holdPixels, rleArea } from '../../shared/rle';
import type { CocoRle, ImageGeometry, LabelledPoint, MaskLogits, TextVectors } from '../../shared/types';
import { atMaskStride } from './coarseDraft';
import { correctAtPoints } from '../mask/correction';
import type { Decoder } from '../decode/decoder';
import type { GeneralDecoder } from '../decode/generalDecoder';
import { output, type Fetches } from '../runtime/graph';
import { inWords, meaningOf } from '../meaning';
import { maskFromLogits, maskLogits } from '../mask/postprocess';
import type { PreparedImage } from './preparedImage';
import { heldPixels } from '../mask/photo/heldPixels';
import { refineByPhoto } from '../mask/photo/refinement';
import { refineMask } from '../mask/refiner';
import { MASK_STRIDE, sampleFeatures } from '../layers/sampling';
import { selectQuery, textAgreement, type Candidates } from '../mask/selection';
import { Stopwatch } from './stopwatch';
import { clickRun, textRun, type Run, type StepInputs } from '../decode/stepRuns';

/** The single slot of a prompt without points. */
const NO_POINT: LabelledPoint = { x: 0, y: 0, label: -1 };

/** All that an object was told so far. */
export interface StepPrompts {
  /** Image frame, in order. */
  readonly points: readonly LabelledPoint[];
  readonly texts: readonly TextVectors[];
  /** Mask logits of the step before, or null on the first. */
  readonly memory: MaskLogits | null;
}

/** One interaction; `general` exactly when there are texts. The same arguments always give the same mask. */
export async function decodeStep(
  decoder: Decoder,
  general: GeneralDecoder | null,
  image: PreparedImage,
  prompts: StepPrompts,
): Promise<WorkerStepResult> {
  const watch = new Stopwatch();
  const inputs = { ...prompts, slots: toSlots(prompts.points, image.geometry) };
  const run =
    general === null
      ? clickRun(decoder, image, inputs)
      : await textRun(decoder.manifest.config, general, image, inputs);
  watch.lap('tokens');
  const fetches = await run.graph.run(run.feeds);
  watch.lap('step');
  const head = headOf(fetches, run, inputs.texts, general);
  const result = await readStep(decoder, image, inputs, head, watch);
  return { ...result, timings: watch.laps };
}

/** Points in the padded frame; never none, since the graph has at least one slot. */
function toSlots(points: readonly LabelledPoint[], geometry: ImageGeometry): LabelledPoint[] {
  if (points.length === 0) return [NO_POINT];
  return points.map((point) => ({ ...imageToInput(geometry, point), label: point.label }));
}

interface Head extends Candidates {
  /** [Q, E] */
  readonly classEmbed: Float32Array;
}

/** The rows that may answer, and what the texts, [E] each, say of them. */
function headOf(
  fetches: Fetches,
  { answering, chosenByText }: Run,
  texts: readonly TextVectors[],
  general: GeneralDecoder | null,
): Head {
  const count = output(fetches, 'quality').data.length;
  const [first, end] = answering ?? [0, count];
  const rows = (name: string): Float32Array => {
    const { data } = output(fetches, name);
    const width = data.length / count;
    return data.subarray(first * width, end * width);
  };
  const classEmbed = rows('class_embed');
  const sentences = texts.map(({ sentence }) => sentence);
  const agreement = general && textAgreement(classEmbed, sentences, general.weight);
  return { maskEmbed: rows('mask_embed'), quality: rows('quality'), classEmbed, agreement, chosenByText };
}

async function readStep(
  decoder: Decoder,
  image: PreparedImage,
  inputs: StepInputs & Pick<StepPrompts, 'points'>,
  head: Head,
  watch: Stopwatch,
): Promise<Omit<WorkerStepResult, 'timings'>> {
  const { config } = decoder.manifest;
  const sampled = sampleFeatures(image.maskFeatures, inputs.slots, config.point_sampling);
  const { query, score } = selectQuery(config.selection, head, sampled, inputs.slots);
  const numRows = head.quality.length;
  const maskEmbed = row(head.maskEmbed, query, numRows);
  const answered = atMaskStride(image, maskLogits(maskEmbed, image.maskFeatures));
  watch.lap('select');
  const redrawn = await refined(decoder, image, answered, inputs);
  watch.lap('refine');
  const logits = corrected(redrawn, image, inputs.slots, config.correction);
  watch.lap('correct');
  const fine = followed(logits, image, inputs.slots, config.photo);
  watch.lap('photo');
  const mask = maskOf(fine, image, inputs.points);
  watch.lap('mask');
  return {
    maskLogits: logits,
    mask,
    area: rleArea(mask),
    score,
    isDraft: !image.isComplete,
    classEmbed: meant(decoder, image, logits) ?? row(head.classEmbed, query, numRows).slice(),
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
  { looks, geometry }: PreparedImage,
  slots: readonly LabelledPoint[],
  correction: CorrectionConfig | null | undefined,
): MaskLogits {
  if (!looks || !correction) return logits;
  return correctAtPoints(logits, looks, slots, Math.max(...geometry.input_hw), correction);
}

/** What the mask is made of. */
interface FineLogits {
  readonly logits: MaskLogits;
  /** Input pixels a logit. */
  readonly stride: number;
  readonly holdsPixels: boolean;
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
