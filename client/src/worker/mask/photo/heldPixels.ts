/** Pixels of the image that have the side of a click whatever the logits say. */
import type { HeldPixel } from '../../../shared/rle';
import type { ImageGeometry, LabelledPoint } from '../../../shared/types';

/** Pixels. A position on the border of two pixels is in the second, however it was rounded on its way. */
const SLACK = 1e-3;

/** `points` are in the image frame; only labels 1 and 0 hold one. */
export function heldPixels(points: readonly LabelledPoint[], geometry: ImageGeometry): HeldPixel[] {
  const [left, top, width, height] = geometry.roi_xywh;
  return points
    .filter(({ label }) => label === 0 || label === 1)
    .map(({ x, y, label }) => ({
      column: left + Math.min(Math.floor(x - left + SLACK), width - 1),
      row: top + Math.min(Math.floor(y - top + SLACK), height - 1),
      foreground: label === 1,
    }));
}
