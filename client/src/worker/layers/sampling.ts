import type { SamplingRule } from '../../shared/model/manifest';
import type { PointXy } from '../../shared/types';

/** Pixels of the padded frame that a cell of the mask features, and of mask logits, is wide. */
export const MASK_STRIDE = 4;

/** A feature map [C, h, w] of which every cell covers `stride` pixels of the padded frame. */
export interface FeatureMap {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly stride: number;
  readonly data: Float32Array;
}

export interface BilinearIndex {
  readonly low: number;
  readonly high: number;
  /** Weight of `high`. */
  readonly fraction: number;
}

/** Where a continuous index falls between cell centres 0 to count - 1, clamped to them. */
export function bilinearIndex(index: number, count: number): BilinearIndex {
  const clamped = Math.min(Math.max(index, 0), count - 1);
  const low = Math.floor(clamped);
  return { low, high: Math.min(low + 1, count - 1), fraction: clamped - low };
}

/** Index of a padded coordinate among cells whose centres are at (i + 0.5) * stride. */
export const strideIndex = (coordinate: number, stride: number): number => coordinate / stride - 0.5;

type ToIndex = (coordinate: number, stride: number, count: number) => number;

const TO_INDEX: Readonly<Record<SamplingRule, ToIndex>> = {
  centre: strideIndex,
  corner: (coordinate, stride, count) => ((coordinate - 0.5) / (count * stride)) * (count - 1),
};

/** Features at positions of the padded frame: [P, C], bilinear, clamped at the borders. */
export function sampleFeatures(
  map: FeatureMap,
  points: readonly PointXy[],
  rule: SamplingRule = 'centre',
): Float32Array {
  const toIndex = TO_INDEX[rule];
  const { channels, height, width, stride, data } = map;
  const plane = height * width;
  const sampled = new Float32Array(points.length * channels);
  points.forEach((point, p) => {
    const x = bilinearIndex(toIndex(point.x, stride, width), width);
    const y = bilinearIndex(toIndex(point.y, stride, height), height);
    const right = x.high - x.low;
    const down = (y.high - y.low) * width;
    const first = y.low * width + x.low;
    for (let c = 0; c < channels; c++) {
      const at = c * plane + first;
      const above = (data[at] ?? 0) * (1 - x.fraction) + (data[at + right] ?? 0) * x.fraction;
      const below = (data[at + down] ?? 0) * (1 - x.fraction) + (data[at + down + right] ?? 0) * x.fraction;
      sampled[p * channels + c] = above * (1 - y.fraction) + below * y.fraction;
    }
  });
  return sampled;
}

/**
 * The channels of a map, channel c times `factors[c]`, added up: into `sums`, for cells `first` to `end` - 1.
 *
 * Four channels at a time, so that the sums are read and written a quarter as often.
 */
export function addChannels(
  sums: Float64Array,
  { channels, height, width, data }: FeatureMap,
  factors: Float32Array | Float64Array,
  first = 0,
  end = height * width,
): void {
  const plane = height * width;
  sums.fill(0, first, end);
  for (let c = 0; c < channels; c += 4) {
    // Channels that there are not count as the last one times 0.
    const start = (k: number): number => Math.min(c + k, channels - 1) * plane;
    const factor = (k: number): number => (c + k < channels ? (factors[c + k] ?? 0) : 0);
    const [at0, at1, at2, at3] = [start(0), start(1), start(2), start(3)];
    const [factor0, factor1, factor2, factor3] = [factor(0), factor(1), factor(2), factor(3)];
    for (let i = first; i < end; i++) {
      const first2 = factor0 * (data[at0 + i] ?? 0) + factor1 * (data[at1 + i] ?? 0);
      const last2 = factor2 * (data[at2 + i] ?? 0) + factor3 * (data[at3 + i] ?? 0);
      sums[i] = (sums[i] ?? 0) + first2 + last2;
    }
  }
}
