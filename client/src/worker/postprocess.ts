import { imageToInput, originalSize } from '../shared/geometry';
import { RunWriter } from '../shared/rle';
import type { CocoRle, ImageGeometry, MaskLogits } from '../shared/types';
import { MASK_STRIDE, bilinearIndex, strideIndex, type BilinearIndex, type FeatureMap } from './sampling';

/** Mask logits of one query: its mask embedding [C] times the mask features [C, H/4, W/4]. */
export function maskLogits(maskEmbed: Float32Array, features: FeatureMap): MaskLogits {
  const plane = features.height * features.width;
  const data = new Float32Array(plane);
  for (let c = 0; c < features.channels; c++) {
    const weight = maskEmbed[c] ?? 0;
    const offset = c * plane;
    for (let i = 0; i < plane; i++) data[i] = (data[i] ?? 0) + weight * (features.data[offset + i] ?? 0);
  }
  return { height: features.height, width: features.width, data };
}

/** Pixels first to last - 1 of an image axis whose look-up falls in the same gap between two logits. */
interface Stretch {
  readonly first: number;
  readonly last: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The mask in the image frame: one bilinear look-up at the centre of every pixel, foreground where > 0.
 *
 * `stride` is input pixels a logit. Pixels outside the region that was encoded are background. Between two logits of one sign every
 * interpolated value has that sign, so only the pixels between two signs are computed one by one.
 */
export function maskFromLogits(logits: MaskLogits, geometry: ImageGeometry, stride = MASK_STRIDE): CocoRle {
  const size = originalSize(geometry);
  const [left, top, roiWidth, roiHeight] = geometry.roi_xywh;
  const indices = (
    start: number,
    length: number,
    toInput: (position: number) => number,
    count: number,
  ): BilinearIndex[] =>
    Array.from({ length }, (_, i) => bilinearIndex(strideIndex(toInput(start + i + 0.5), stride), count));
  const columns = indices(left, roiWidth, (x) => imageToInput(geometry, { x, y: 0 }).x, logits.width);
  const rows = indices(top, roiHeight, (y) => imageToInput(geometry, { x: 0, y }).y, logits.height);
  const stretches = toStretches(rows);
  const runs = new RunWriter();
  const column = new Float32Array(logits.height);
  runs.push(false, left * size.height);
  for (const x of columns) {
    blendColumns(logits, x, column);
    runs.push(false, top);
    for (const stretch of stretches) pushStretch(runs, column, rows, stretch);
    runs.push(false, size.height - top - roiHeight);
  }
  runs.push(false, (size.width - left - roiWidth) * size.height);
  return runs.finish(size);
}

function toStretches(indices: readonly BilinearIndex[]): Stretch[] {
  const stretches: Stretch[] = [];
  let first = 0;
  indices.forEach(({ low, high }, i) => {
    if (indices[i + 1]?.low === low) return;
    stretches.push({ first, last: i + 1, low, high });
    first = i + 1;
  });
  return stretches;
}

/** All logits of the image column between two logit columns. */
function blendColumns(logits: MaskLogits, x: BilinearIndex, column: Float32Array): void {
  for (let y = 0; y < logits.height; y++) {
    const row = y * logits.width;
    const low = logits.data[row + x.low] ?? 0;
    const high = logits.data[row + x.high] ?? 0;
    column[y] = low * (1 - x.fraction) + high * x.fraction;
  }
}

function pushStretch(
  runs: RunWriter,
  column: Float32Array,
  rows: readonly BilinearIndex[],
  { first, last, low, high }: Stretch,
): void {
  const [above, below] = [column[low] ?? 0, column[high] ?? 0];
  if (above > 0 === below > 0) {
    runs.push(above > 0, last - first);
    return;
  }
  for (let i = first; i < last; i++) {
    const fraction = rows[i]?.fraction ?? 0;
    runs.push(above * (1 - fraction) + below * fraction > 0, 1);
  }
}
