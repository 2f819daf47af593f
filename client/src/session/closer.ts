/** Which part of a photo a small object is embedded on by itself: `splitseem_model/step/closer.py` says why. */
import type { CocoRle, PromptItem, SizeHw } from '../shared/types';
import { rowOf } from '../shared/prompt/kinds';
import { rleBounds } from '../shared/rle';
import { activeImageOf, activeObjectOf, resultOf, type Part, type Session } from './state';

/** Side of the part over the longer side of what it is around. */
const WIDER = 1.6;
/** Of the photo's longer side, the longer side of a part that is worth it. */
const LARGEST = 0.6;
/** Pixels along a part. */
const LEAST_SIDE = 64;

/** The part around the selected object; null where it is not small, has no mask of its own, or is on a part already. */
export function partAroundSelected(session: Session): Part | null {
  const image = activeImageOf(session);
  const object = image && activeObjectOf(image);
  if (image === null || object === null || object.part !== undefined) return null;
  const result = resultOf(session, object);
  if (result === null || result.isDraft) return null;
  return partAround(
    result.mask,
    object.steps.map(({ prompt }) => prompt),
    image.size,
  );
}

/** The part around a mask and all that its prompts name; null where the object is not small, or there is none. */
export function partAround(
  mask: CocoRle,
  prompts: readonly PromptItem[],
  { width: photoWidth, height: photoHeight }: SizeHw,
): Part | null {
  const [left, top, width, height] = rleBounds(mask);
  if (width === 0 || height === 0) return null;
  const places = prompts.flatMap((prompt) => rowOf(prompt).places(prompt));
  const [x0, x1] = ends([left, left + width, ...places.map(([x]) => x)]);
  const [y0, y1] = ends([top, top + height, ...places.map(([, y]) => y)]);
  const side = Math.max(WIDER * Math.max(x1 - x0, y1 - y0), LEAST_SIDE);
  const [x, w] = along((x0 + x1) / 2, side, photoWidth);
  const [y, h] = along((y0 + y1) / 2, side, photoHeight);
  return Math.max(w, h) > LARGEST * Math.max(photoWidth, photoHeight) ? null : [x, y, w, h];
}

const ends = (values: readonly number[]): [number, number] =>
  values.reduce<[number, number]>(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  );

function along(centre: number, side: number, end: number): [number, number] {
  const first = Math.max(0, Math.floor(centre - side / 2));
  return [first, Math.min(end, Math.ceil(centre + side / 2)) - first];
}
