/** Outlines with fewer corners, and what that costs the masks. */
import { rasterise } from '../shared/prompt/rasterise';
import { rleIou } from '../shared/rle';
import type { AnnotatedPhoto } from './annotated';
import { polygonsOf } from './polygons';

/** Pixels of masks that may be looked at to say what outlines cost: less than a second. */
const MEASURED_PIXELS = 30_000_000;

export interface OutlineLoss {
  /** Of a mask with that of its outlines, the lowest. */
  readonly iou: number;
  readonly measured: number;
  readonly objects: number;
}

/** What outlines of a tolerance cost the masks of photos, the first of them where there are many. */
export function outlineLoss(photos: readonly AnnotatedPhoto[], tolerance: number): OutlineLoss {
  const all = photos.flatMap(({ size, objects }) =>
    objects.filter(({ area }) => area > 0).map(({ mask }) => ({ mask, size })),
  );
  let [iou, pixels, measured] = [1, 0, 0];
  for (const { mask, size } of all) {
    pixels += size.width * size.height;
    if (measured > 0 && pixels > MEASURED_PIXELS) break;
    iou = Math.min(iou, rleIou(mask, rasterise(polygonsOf(mask, tolerance), size)));
    measured++;
  }
  return { iou, measured, objects: all.length };
}
