/** Prepare once per image, step once per prompt: what `splitseem_model` does in torch, over the exported graphs. */
import { dequantise } from '../codec/dequantise';
import { imageToInput, paddedSize } from '../shared/geometry';
import type { CorrectionConfig, Manifest } from '../shared/manifest';
import type { WorkerStepResult } from '../shared/messages';
import { rleArea } from '../shared/rle';
import type { Embedding, ImageGeometry, LabelledPoint, MaskLogits, NamedTensor } from '../shared/types';
import { correctAtPoints, looksOf, type Looks } from './correction';
import { output, type DecoderGraphs, type Feeds, type Fetches, type FloatTensor } from './graph';
import { attentionBias, previousMask } from './memory';
import { maskFromLogits, maskLogits } from './postprocess';
import { lookAt, refineMask, type RefinerGraphs } from './refiner';
import { MASK_STRIDE, sampleFeatures, type FeatureMap } from './sampling';
import { selectQuery } from './selection';
import { nameOf, type Vocabulary } from './vocabulary';

/** A model ready to run. */
export interface Decoder {
  readonly manifest: Manifest;
  readonly graphs: DecoderGraphs;
  /** Null for a model without one. */
  readonly refiner: RefinerGraphs | null;
  readonly vocabulary: Vocabulary | null;
}

/** An image ready to be stepped: what prepare made of its embedding. */
export interface PreparedImage {
  readonly geometry: ImageGeometry;
  readonly levels: readonly FeatureMap[];
  readonly maskFeatures: FeatureMap;
  /** Outputs of prepare; inputs of step under the same names. */
  readonly tensors: Fetches;
  /** What the refiner made of the embedding; null for a model without one. */
  readonly refinerLooks: Fetches | null;
  /** What the correction needs of the mask features; null for a model without one. */
  readonly looks: Looks | null;
}

const LEVELS = [
  { name: 'level0', stride: 32 },
  { name: 'level1', stride: 16 },
  { name: 'level2', stride: 8 },
] as const;

/** The single slot of a prompt without points. */
const NO_POINT: LabelledPoint = { x: 0, y: 0, label: -1 };

export async function prepareImage(
  { graphs, manifest, refiner }: Decoder,
  embedding: Embedding,
): Promise<PreparedImage> {
  const { correction } = manifest.config;
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
    tensors: await graphs.prepare.run(feeds),
    refinerLooks: refiner && (await lookAt(refiner, feeds)),
    looks: correction ? looksOf(maskFeatures, correction) : null,
  };
}

/**
 * One interaction.
 *
 * `points` are all points of the object so far, image frame, in order; `memory` the mask logits of the step
 * before, or null on the first. The same arguments always give the same mask.
 */
export async function decodeStep(
  decoder: Decoder,
  image: PreparedImage,
  points: readonly LabelledPoint[],
  memory: MaskLogits | null,
): Promise<WorkerStepResult> {
  const started = performance.now();
  const slots = toSlots(points, image.geometry);
  const feeds = stepFeeds(decoder, image, slots, memory);
  const sampled = performance.now();
  const fetches = await decoder.graphs.step.run(feeds);
  const stepped = performance.now();
  const result = await readStep(decoder, image, slots, fetches, memory);
  const finished = performance.now();
  const timings = { sample: sampled - started, step: stepped - sampled, mask: finished - stepped };
  return { ...result, timings };
}

/** Points in the padded frame; never none, since the graph has at least one slot. */
function toSlots(points: readonly LabelledPoint[], geometry: ImageGeometry): LabelledPoint[] {
  if (points.length === 0) return [NO_POINT];
  return points.map((point) => ({ ...imageToInput(geometry, point), label: point.label }));
}

function stepFeeds(
  decoder: Decoder,
  image: PreparedImage,
  slots: readonly LabelledPoint[],
  memory: MaskLogits | null,
): Feeds {
  const count = slots.length;
  const padded = paddedSize(image.geometry);
  const { height, width } = image.maskFeatures;
  const feeds: Record<string, Feeds[string]> = {
    ...image.tensors,
    point_coords: {
      dims: [1, count, 2],
      data: Float32Array.from(slots.flatMap(({ x, y }) => [x / padded.width, y / padded.height])),
    },
    point_labels: { dims: [1, count], data: BigInt64Array.from(slots, ({ label }) => BigInt(label)) },
    previous_mask: previousMask(memory, height, width),
    attention_bias: attentionBias(decoder.manifest.wiring, {
      pointIsValid: slots.map(({ label }) => label >= 0),
      hasMemory: memory !== null,
    }),
  };
  image.levels.forEach((level, index) => {
    feeds[`point_features${index}`] = {
      dims: [1, count, level.channels],
      data: sampleFeatures(level, slots),
    };
  });
  return feeds;
}

async function readStep(
  decoder: Decoder,
  image: PreparedImage,
  slots: readonly LabelledPoint[],
  fetches: Fetches,
  memory: MaskLogits | null,
): Promise<Omit<WorkerStepResult, 'timings'>> {
  const { manifest, vocabulary } = decoder;
  const maskEmbed = output(fetches, 'mask_embed').data;
  const classEmbed = output(fetches, 'class_embed').data;
  const quality = output(fetches, 'quality').data;
  const sampled = sampleFeatures(image.maskFeatures, slots);
  const { query, score } = selectQuery(maskEmbed, quality, sampled, slots);
  const answered = maskLogits(row(maskEmbed, query, quality.length), image.maskFeatures);
  const redrawn = await refined(decoder, image, answered, slots, memory);
  const logits = corrected(redrawn, image, slots, manifest.config.correction);
  const mask = maskFromLogits(logits, image.geometry);
  const naming =
    vocabulary && nameOf(row(classEmbed, query, quality.length), vocabulary, manifest.config.logit_scale);
  return {
    maskLogits: logits,
    mask,
    area: rleArea(mask),
    score,
    label: naming?.label ?? null,
    labelScore: naming?.labelScore ?? null,
  };
}

async function refined(
  { refiner, manifest }: Decoder,
  { maskFeatures, refinerLooks }: PreparedImage,
  answered: MaskLogits,
  slots: readonly LabelledPoint[],
  memory: MaskLogits | null,
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

function row(matrix: Float32Array, index: number, rows: number): Float32Array {
  const width = matrix.length / rows;
  return matrix.subarray(index * width, (index + 1) * width);
}

function toFeatureMap(tensor: NamedTensor, stride: number): FeatureMap {
  const [, channels = 0, height = 0, width = 0] = tensor.shape;
  return { channels, height, width, stride, data: dequantise(tensor) };
}

const toTensor = ({ channels, height, width, data }: FeatureMap): FloatTensor => ({
  dims: [1, channels, height, width],
  data,
});
