import { rowOf } from './kinds';
import { thin } from './polyline';
import type { Canvas, RegionRules } from './regions';
import type { ImageGeometry, LabelledPoint, PromptItem, SizeHw } from '../types';

/** Strokes have a point at least every hundredth of the image diagonal, but not more than one a pixel. */
const STEPS_PER_DIAGONAL = 100;

/** What a model asks of points. */
export interface PointRules {
  readonly regionRules: RegionRules;
  /** Of one object. */
  readonly maxPoints: number;
}

/** The encoded part of an image. */
export type EncodedPart = Pick<ImageGeometry, 'original_hw' | 'roi_xywh'>;

/** All of an image, or a part of it: left, top, width and height. */
export const encodedPart = (
  { height, width }: SizeHw,
  part: EncodedPart['roi_xywh'] | null,
): EncodedPart => ({
  original_hw: [height, width],
  roi_xywh: part ?? [0, 0, width, height],
});

/** All of an image. */
export const wholeImage = (size: SizeHw): EncodedPart => encodedPart(size, null);

/**
 * The points that the prompts of one object make, in the image frame, in the order of the prompts.
 *
 * Of more than `maxPoints` some are left out, evenly. Text and paint make none.
 */
export function promptPoints(
  items: readonly PromptItem[],
  part: EncodedPart,
  { regionRules, maxPoints }: PointRules,
): readonly LabelledPoint[] {
  return thin(
    items.flatMap((item) => pointsOf(item, part, { regionRules })),
    maxPoints,
  );
}

/** The points of one prompt; none is left out. */
export const pointsOf = (
  item: PromptItem,
  part: EncodedPart,
  { regionRules }: Pick<PointRules, 'regionRules'>,
): readonly LabelledPoint[] => rowOf(item).points(item, canvasOf(part), regionRules);

function canvasOf({ original_hw: [height, width], roi_xywh: [left, top, ...size] }: EncodedPart): Canvas {
  const diagonal = Math.sqrt(height ** 2 + width ** 2);
  const step = Math.max(diagonal / STEPS_PER_DIAGONAL, 1);
  return { step, left, top, right: left + size[0], bottom: top + size[1] };
}
