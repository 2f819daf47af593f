/**
 * What the next photo is asked of a thing that is followed: the mask before as a hint, and a click where it is deepest.
 *
 * `splitseem_eval/propagation.py` does the same; both are held to `proto/vectors/following.json`.
 */
import type { ClickItem, MaskItem } from '../generated';
import { forEachSegment, rleBounds } from '../rle';
import type { CocoRle, PointXy } from '../types';

/** Null: nothing is in the mask. Each is a step of its own. */
export function followingPrompts({ size, counts }: CocoRle): readonly [MaskItem, ClickItem] | null {
  const deepest = deepestPixel({ size, counts });
  if (deepest === null) return null;
  return [
    { kind: 'mask', size, counts, hint: true },
    { kind: 'click', ...deepest, label: 1 },
  ];
}

/**
 * The centre of the pixel of a mask that is farthest from all that is outside it, which all beyond the photo is; of
 * equals the first, row by row.
 */
export function deepestPixel(mask: CocoRle): PointXy | null {
  const [left, top, width, height] = rleBounds(mask);
  if (width === 0) return null;
  const depths = depthsInColumns(mask, { left, top, width, height });
  let best = { square: 0, x: 0, y: 0 };
  for (let y = 0; y < height; y++) {
    const row = depths.subarray(y * width, (y + 1) * width);
    for (let x = 0; x < width; x++) {
      const square = squaredDepth(row, x, best.square);
      if (square > best.square) best = { square, x, y };
    }
  }
  return { x: left + best.x + 0.5, y: top + best.y + 0.5 };
}

interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Of every pixel in the bounds, row by row: how far the nearest one outside the mask is in its own column. */
function depthsInColumns(mask: CocoRle, { left, top, width, height }: Bounds): Uint32Array {
  const depths = new Uint32Array(width * height);
  forEachSegment(mask, (x, y0, y1) => {
    for (let y = y0; y < y1; y++) depths[(y - top) * width + x - left] = Math.min(y - y0 + 1, y1 - y);
  });
  return depths;
}

/** To the nearest pixel outside, squared; or something that is not above `least`, where that is known before. */
function squaredDepth(row: Uint32Array, x: number, least: number): number {
  let nearest = (row[x] ?? 0) ** 2;
  for (let away = 1; nearest > least && away * away < nearest; away++) {
    const beside = Math.min(row[x - away] ?? 0, row[x + away] ?? 0);
    nearest = Math.min(nearest, away * away + beside * beside);
  }
  return nearest;
}
