import type { PointXy } from '../shared/types';

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

/** Features at positions of the padded frame: [P, C], bilinear between cell centres, clamped at the borders. */
export function sampleFeatures(map: FeatureMap, points: readonly PointXy[]): Float32Array {
  const { channels, height, width, stride, data } = map;
  const plane = height * width;
  const sampled = new Float32Array(points.length * channels);
  points.forEach((point, p) => {
    const x = bilinearIndex(strideIndex(point.x, stride), width);
    const y = bilinearIndex(strideIndex(point.y, stride), height);
    const corners = [
      { at: y.low * width + x.low, weight: (1 - y.fraction) * (1 - x.fraction) },
      { at: y.low * width + x.high, weight: (1 - y.fraction) * x.fraction },
      { at: y.high * width + x.low, weight: y.fraction * (1 - x.fraction) },
      { at: y.high * width + x.high, weight: y.fraction * x.fraction },
    ];
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (const { at, weight } of corners) sum += weight * (data[c * plane + at] ?? 0);
      sampled[p * channels + c] = sum;
    }
  });
  return sampled;
}
