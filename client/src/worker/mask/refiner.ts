/** The mask refiner: the selected mask, redrawn by a small network that sees the clicks. */
import type { RefinerConfig } from '../../shared/model/manifest';
import { thin } from '../../shared/prompt/polyline';
import type { LabelledPoint, MaskLogits } from '../../shared/types';
import { output, type Fetches, type FloatTensor, type Graph } from '../runtime/graph';
import { previousMask } from '../prompt/memory';
import { shrinkFactor, shrunk, withChange } from './refinerScale';
import { MASK_STRIDE, sampleFeatures, type FeatureMap } from '../layers/sampling';
import { slotsFor } from '../prompt/slots';

/** The graphs of a refiner: `look` once per image, `refine` once per prompt. */
export interface RefinerGraphs {
  readonly look: Graph;
  readonly refine: Graph;
}

/** The maps of an image that a refiner sees. */
export interface RefinerMaps {
  readonly maskFeatures: FeatureMap;
  readonly level1: FeatureMap;
  readonly level2: FeatureMap;
}

/** What does not change from click to click. */
export interface RefinerImage {
  readonly maskFeatures: FeatureMap;
  /** Outputs of `look`; inputs of `refine` under the same names. */
  readonly looks: Fetches;
}

/** Run `look`, once per image. */
export async function lookAt(
  { look }: RefinerGraphs,
  { maskFeatures, level1, level2 }: RefinerMaps,
  config: RefinerConfig,
): Promise<Fetches> {
  const factor = shrinkFactor(config, maskFeatures);
  const seen = (map: FeatureMap): FloatTensor => {
    const { channels, height, width, data } = shrunk(map, factor);
    return { dims: [1, channels, height, width], data };
  };
  return look.run({ mask_features: seen(maskFeatures), level1: seen(level1), level2: seen(level2) });
}

/**
 * The refined mask logits.
 *
 * `slots` are points of the padded frame, at most `max_points` of which are used, taken evenly; `memory` is the
 * result of the step before, or null.
 */
export async function refineMask(
  { refine }: RefinerGraphs,
  { maskFeatures, looks }: RefinerImage,
  logits: MaskLogits,
  slots: readonly LabelledPoint[],
  memory: MaskLogits | null,
  config: RefinerConfig,
): Promise<MaskLogits> {
  const factor = shrinkFactor(config, maskFeatures);
  const answered = shrunkMask(logits, factor);
  const { height, width, data } = answered;
  const points = slotsFor(refine, thin(slots, config.max_points));
  const count = points.length;
  const coords = points.flatMap(({ x, y }) => [x / factor, y / factor]);
  const fetches = await refine.run({
    ...looks,
    mask_logits: { dims: [1, 1, height, width], data },
    previous_mask: previousMask(memory && shrunkMask(memory, factor), height, width),
    point_coords: { dims: [1, count, 2], data: Float32Array.from(coords) },
    point_labels: { dims: [1, count], data: Float32Array.from(points, ({ label }) => label) },
    point_mask_features: {
      dims: [1, count, maskFeatures.channels],
      data: sampleFeatures(maskFeatures, points),
    },
  });
  const refined = output(fetches, 'refined').data;
  if (factor === 1) return { height, width, data: refined };
  const change = refined.map((value, i) => value - (data[i] ?? 0));
  return withChange(logits, { height, width, data: change }, factor);
}

const shrunkMask = (mask: MaskLogits, factor: number): MaskLogits =>
  shrunk({ ...mask, channels: 1, stride: MASK_STRIDE }, factor);
