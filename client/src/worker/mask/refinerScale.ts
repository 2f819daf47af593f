/**
 * On which scale the mask refiner works: `splitseem_model/mask/refiner_scale.py` does the same and says why.
 */
import type { RefinerConfig } from '../../shared/model/manifest';
import type { MaskLogits, SizeHw } from '../../shared/types';
import { MASK_STRIDE, type FeatureMap } from '../layers/sampling';
import { averaged, coarsening, enlarged } from '../layers/scale';

/** Stride of the refiner's coarsest map where it works on maps of stride 4. */
const COARSEST = 4 * MASK_STRIDE;

/** How many cells of stride 4 are one of the refiner's, along a side: 1, 2, 4 ...; `map` is the mask features. */
export const shrinkFactor = ({ fine_side }: RefinerConfig, { height, width }: SizeHw): number =>
  coarsening(Math.max(height, width) * MASK_STRIDE, fine_side);

export const shrunk = (map: FeatureMap, factor: number): FeatureMap =>
  factor === 1 ? map : averaged(map, factor, COARSEST);

/** Logits, and `change` of coarser cells, looked up bilinearly at the centre of each. */
export function withChange(logits: MaskLogits, change: MaskLogits, factor: number): MaskLogits {
  const { data, ...size } = enlarged(change, logits, factor);
  for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) + (logits.data[i] ?? 0);
  return { ...size, data };
}
