/** Maps averaged to fewer cells, and looked up at more. */
import type { MaskLogits, SizeHw } from '../../shared/types';
import { bilinearIndex, type FeatureMap } from './sampling';

/** The factor, 1, 2, 4 ..., by which a side is at most `limit`. */
export function coarsening(side: number, limit: number): number {
  let factor = 1;
  while (side > limit * factor) factor *= 2;
  return factor;
}

/**
 * Mean of every block of `factor` x `factor` cells; the last row and column are repeated until both sides are whole
 * cells of a map whose stride was `coarsest`.
 */
export function averaged(map: FeatureMap, factor: number, coarsest: number): FeatureMap {
  const { channels, height, width, stride } = map;
  const multiple = coarsest / stride;
  const rows = blocks(height, factor, multiple);
  const columns = blocks(width, factor, multiple);
  const size = { height: rows.length / factor, width: columns.length / factor };
  const plane = size.height * size.width;
  const means = new Float32Array(channels * plane);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < size.height; y++) {
      const into = means.subarray(c * plane + y * size.width, c * plane + (y + 1) * size.width);
      for (let dy = 0; dy < factor; dy++) {
        const row = (c * height + (rows[y * factor + dy] ?? 0)) * width;
        addBlocks(into, map.data, row, columns, factor);
      }
    }
  }
  const share = 1 / factor ** 2;
  for (let i = 0; i < means.length; i++) means[i] = (means[i] ?? 0) * share;
  return { channels, ...size, stride: stride * factor, data: means };
}

/** Which of `count` cells each cell of whole blocks is; beyond the last it is the last. */
function blocks(count: number, factor: number, multiple: number): Uint32Array {
  const length = Math.ceil(count / (factor * multiple)) * factor * multiple;
  return Uint32Array.from({ length }, (_, i) => Math.min(i, count - 1));
}

/** The sums of one row's blocks. */
function addBlocks(
  into: Float32Array,
  data: Float32Array,
  row: number,
  columns: Uint32Array,
  factor: number,
): void {
  for (let x = 0, at = 0; x < into.length; x++) {
    let sum = 0;
    for (let dx = 0; dx < factor; dx++) sum += data[row + (columns[at++] ?? 0)] ?? 0;
    into[x] = (into[x] ?? 0) + sum;
  }
}

/** Looked up bilinearly at the centres of `factor` times finer cells, cut to a size. */
export function enlarged(logits: MaskLogits, { height, width }: SizeHw, factor: number): MaskLogits {
  const blended = new Float64Array(logits.width);
  const data = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = bilinearIndex((y + 0.5) / factor - 0.5, logits.height);
    const [above, below] = [row.low * logits.width, row.high * logits.width];
    for (let x = 0; x < blended.length; x++) {
      const [top, bottom] = [logits.data[above + x] ?? 0, logits.data[below + x] ?? 0];
      blended[x] = top * (1 - row.fraction) + bottom * row.fraction;
    }
    for (let x = 0; x < width; x++) {
      const { low, high, fraction } = bilinearIndex((x + 0.5) / factor - 0.5, logits.width);
      data[y * width + x] = (blended[low] ?? 0) * (1 - fraction) + (blended[high] ?? 0) * fraction;
    }
  }
  return { height, width, data };
}
