import { imageToInput, originalSize } from '../../shared/geometry';
import { RunWriter } from '../../shared/rle';
import type { CocoRle, ImageGeometry, MaskLogits } from '../../shared/types';
import { addChannels, bilinearIndex, MASK_STRIDE, strideIndex, type FeatureMap } from '../layers/sampling';
import { Scratch } from '../layers/scratch';

const scratch = new Scratch();

/** Mask logits of one query: its mask embedding [C] times the mask features [C, H/4, W/4]. */
export function maskLogits(maskEmbed: Float32Array, features: FeatureMap): MaskLogits {
  const { height, width } = features;
  const sums = scratch.take('sums', height * width);
  addChannels(sums, features, maskEmbed);
  return { height, width, data: new Float32Array(sums) };
}

/** Where the pixels of an image axis fall between the logits along it. */
interface Axis {
  /** Logit before each pixel, and how far it is from there to the next. */
  readonly low: Uint32Array;
  readonly fraction: Float64Array;
  /** Pixels that begin a stretch between the same two logits, and one past the last pixel. */
  readonly stretches: Uint32Array;
  readonly count: number;
}

/**
 * The mask in the image frame: one bilinear sample at the centre of every pixel, foreground where > 0.
 *
 * `stride` is input pixels a logit. Pixels outside the region that was encoded are background. Between two logits of one sign every
 * interpolated value has that sign, so only the pixels between two signs are computed one by one.
 */
export function maskFromLogits(logits: MaskLogits, geometry: ImageGeometry, stride = MASK_STRIDE): CocoRle {
  const size = originalSize(geometry);
  const [left, top, roiWidth, roiHeight] = geometry.roi_xywh;
  const columns = axisOf(roiWidth, logits.width, (i) =>
    strideIndex(imageToInput(geometry, { x: left + i + 0.5, y: 0 }).x, stride),
  );
  const rows = axisOf(roiHeight, logits.height, (i) =>
    strideIndex(imageToInput(geometry, { x: 0, y: top + i + 0.5 }).y, stride),
  );
  const runs = new RunWriter();
  const column = scratch.take('column', logits.height);
  runs.push(false, left * size.height);
  for (let x = 0; x < roiWidth; x++) {
    blendColumns(logits, columns, x, column);
    runs.push(false, top);
    pushColumn(runs, column, rows);
    runs.push(false, size.height - top - roiHeight);
  }
  runs.push(false, (size.width - left - roiWidth) * size.height);
  return runs.finish(size);
}

function axisOf(length: number, count: number, indexOf: (pixel: number) => number): Axis {
  const low = new Uint32Array(length);
  const fraction = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const index = bilinearIndex(indexOf(i), count);
    low[i] = index.low;
    fraction[i] = index.fraction;
  }
  const begins = [...low.keys()].filter((i) => i === 0 || low[i] !== low[i - 1]);
  return { low, fraction, stretches: Uint32Array.from([...begins, length]), count };
}

/** All logits of the image column `x` between two logit columns. */
function blendColumns(logits: MaskLogits, { low, fraction }: Axis, x: number, column: Float64Array): void {
  const { width, data } = logits;
  const first = low[x] ?? 0;
  const second = Math.min(first + 1, width - 1);
  const part = fraction[x] ?? 0;
  for (let y = 0; y < column.length; y++) {
    column[y] = (data[y * width + first] ?? 0) * (1 - part) + (data[y * width + second] ?? 0) * part;
  }
}

/** The runs of one image column, a stretch of pixels between the same two logits at a time. */
function pushColumn(runs: RunWriter, column: Float64Array, { low, fraction, stretches, count }: Axis): void {
  for (let k = 0; k + 1 < stretches.length; k++) {
    const [first, last] = [stretches[k] ?? 0, stretches[k + 1] ?? 0];
    const above = low[first] ?? 0;
    const [before, after] = [column[above] ?? 0, column[Math.min(above + 1, count - 1)] ?? 0];
    if (before > 0 === after > 0) {
      runs.push(before > 0, last - first);
      continue;
    }
    for (let i = first; i < last; i++) {
      const part = fraction[i] ?? 0;
      runs.push(before * (1 - part) + after * part > 0, 1);
    }
  }
}
