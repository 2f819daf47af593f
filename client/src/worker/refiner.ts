/** The mask refiner: the selected mask, redrawn by a small network that sees the clicks. */
import type { RefinerConfig } from '../shared/manifest';
import { thin } from '../shared/polyline';
import type { LabelledPoint, MaskLogits } from '../shared/types';
import { output, type Feeds, type Fetches, type Graph } from './graph';
import { previousMask } from './memory';
import { sampleFeatures, type FeatureMap } from './sampling';
import { slotsFor } from './slots';

/** The graphs of a refiner: `look` once per image, `refine` once per prompt. */
export interface RefinerGraphs {
  readonly look: Graph;
  readonly refine: Graph;
}

/** What does not change from click to click. */
export interface RefinerImage {
  readonly maskFeatures: FeatureMap;
  /** Outputs of `look`; inputs of `refine` under the same names. */
  readonly looks: Fetches;
}

/** What `look` takes: the tensors of the embedding, of which it needs three. */
export async function lookAt({ look }: RefinerGraphs, embedding: Feeds): Promise<Fetches> {
  const { mask_features, level1, level2 } = embedding;
  if (!mask_features || !level1 || !level2)
    throw new Error('the refiner needs mask_features, level1 and level2');
  return look.run({ mask_features, level1, level2 });
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
  { max_points }: RefinerConfig,
): Promise<MaskLogits> {
  const { height, width, channels } = maskFeatures;
  const points = slotsFor(refine, thin(slots, max_points));
  const count = points.length;
  const fetches = await refine.run({
    ...looks,
    mask_logits: { dims: [1, 1, height, width], data: logits.data },
    previous_mask: previousMask(memory, height, width),
    point_coords: { dims: [1, count, 2], data: Float32Array.from(points.flatMap(({ x, y }) => [x, y])) },
    point_labels: { dims: [1, count], data: Float32Array.from(points, ({ label }) => label) },
    point_mask_features: { dims: [1, count, channels], data: sampleFeatures(maskFeatures, points) },
  });
  return { height, width, data: output(fetches, 'refined').data };
}
