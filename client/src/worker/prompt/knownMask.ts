import { forEachSegment } from '../../shared/rle';
import type { CocoRle, ImageGeometry, MaskLogits } from '../../shared/types';
import { MASK_STRIDE } from '../layers/sampling';

/** Mask logit of a cell that lies in the mask with all its pixels. */
const SURE_LOGIT = 5;

/**
 * A mask of the image as the decoder remembers masks: how many of the 16 input pixels of a cell are in it.
 *
 * `splitseem_model/prompt/painted_mask.py` does the same; both are held to `proto/vectors/paint.json`.
 */
export function logitsOfMask(mask: CocoRle, geometry: ImageGeometry): MaskLogits {
  const {
    roi_xywh: [left, top, roiWidth, roiHeight],
    input_hw,
    padded_hw,
  } = geometry;
  const [height, width] = [padded_hw[0] / MASK_STRIDE, padded_hw[1] / MASK_STRIDE];
  const rows = placesOf(input_hw[0], top, roiHeight);
  const columns = placesOf(input_hw[1], left, roiWidth);
  const counts = new Uint8Array(height * width);
  forEachSegment(mask, (x, y0, y1) => {
    const [firstRow, endRow] = [firstFrom(rows, y0), firstFrom(rows, y1)];
    for (let column = firstFrom(columns, x); columns[column] === x; column++) {
      for (let row = firstRow; row < endRow; row++) {
        const cell = Math.floor(row / MASK_STRIDE) * width + Math.floor(column / MASK_STRIDE);
        counts[cell] = (counts[cell] ?? 0) + 1;
      }
    }
  });
  const share = (count: number): number => (count / MASK_STRIDE ** 2 - 0.5) * 2 * SURE_LOGIT;
  return { height, width, data: Float32Array.from(counts, share) };
}

/** The image's pixel at the centre of every input pixel along an axis. */
const placesOf = (count: number, start: number, length: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => start + Math.floor(((i + 0.5) * length) / count));

/** Index of the first of some ascending numbers that is not below a value. */
function firstFrom(places: Int32Array, value: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] ?? Infinity) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
