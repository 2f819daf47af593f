/**
 * On which scale the mask refiner works: `splitseem_model/refiner_scale.py` does the same and says why.
 */
import type { RefinerConfig } from '../shared/manifest';
import type { MaskLogits, SizeHw } from '../shared/types';
import { bilinearIndex, MASK_STRIDE, type FeatureMap } from './sampling';

/** Stride of the refiner's coarsest map over that of its finest. */
const COARSEST = 4;

/** How many cells of stride 4 are one of the refiner's, along a side: 1, 2, 4 ...; `map` is the mask features. */
export function shrinkFactor({ fine_side }: RefinerConfig, { height, width }: SizeHw): number {
  let factor = 1;
  while (Math.max(height, width) * MASK_STRIDE > fine_side * factor) factor *= 2;
  return factor;
}

/**
 * Mean of every block of `factor` x `factor` cells; the last row and column are repeated until both sides are whole
 * cells of the coarsest map.
 */
export function shrunk(map: FeatureMap, factor: number): FeatureMap {
  if (factor === 1) return map;
  const { channels, height, width, stride, data } = map;
  const multiple = (factor * COARSEST * MASK_STRIDE) / stride;
  const size = {
    height: (Math.ceil(height / multiple) * multiple) / factor,
    width: (Math.ceil(width / multiple) * multiple) / factor,
  };
  const means = new Float32Array(channels * size.height * size.width);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        let sum = 0;
        for (let dy = 0; dy < factor; dy++) {
          const row = (c * height + Math.min(y * factor + dy, height - 1)) * width;
          for (let dx = 0; dx < factor; dx++) sum += data[row + Math.min(x * factor + dx, width - 1)] ?? 0;
        }
        means[at++] = sum / factor ** 2;
      }
    }
  }
  return { channels, ...size, stride: stride * factor, data: means };
}

/** Logits, and `change` of coarser cells, looked up bilinearly at the centre of each. */
export function withChange(logits: MaskLogits, change: MaskLogits, factor: number): MaskLogits {
  const { height, width } = logits;
  const columns = Array.from({ length: width }, (_, x) =>
    bilinearIndex((x + 0.5) / factor - 0.5, change.width),
  );
  const data = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = bilinearIndex((y + 0.5) / factor - 0.5, change.height);
    const [above, below] = [row.low * change.width, row.high * change.width];
    for (let x = 0; x < width; x++) {
      const column = columns[x];
      if (column === undefined) continue;
      const { low, high, fraction } = column;
      const top =
        (change.data[above + low] ?? 0) * (1 - fraction) + (change.data[above + high] ?? 0) * fraction;
      const bottom =
        (change.data[below + low] ?? 0) * (1 - fraction) + (change.data[below + high] ?? 0) * fraction;
      const at = y * width + x;
      data[at] = (logits.data[at] ?? 0) + top * (1 - row.fraction) + bottom * row.fraction;
    }
  }
  return { height, width, data };
}
