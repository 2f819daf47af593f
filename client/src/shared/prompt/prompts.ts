import { resample, thin } from './polyline';
import { boxPoints, polygonPoints, type Canvas, type RegionRules } from './regions';
import type { ImageGeometry, LabelledPoint, PromptItem, SizeHw } from '../types';

/** More points than this are thinned to it. */
export const MAX_POINTS = 512;

/** Strokes have a point at least every hundredth of the image diagonal, but not more than one a pixel. */
const STEPS_PER_DIAGONAL = 100;

/** The encoded part of an image. */
export type EncodedPart = Pick<ImageGeometry, 'original_hw' | 'roi_xywh'>;

/** All of an image. */
export function wholeImage({ height, width }: SizeHw): EncodedPart {
  return { original_hw: [height, width], roi_xywh: [0, 0, width, height] };
}

/**
 * The points that the prompts of one object make, in the image frame, in the order of the prompts.
 *
 * Of n > 512 points those at indices floor((k + 0.5) * n / 512) are kept. Text makes no points.
 */
export function promptPoints(
  items: readonly PromptItem[],
  part: EncodedPart,
  rules: RegionRules,
): readonly LabelledPoint[] {
  const canvas = canvasOf(part);
  return thin(
    items.flatMap((item) => pointsOf(item, canvas, rules)),
    MAX_POINTS,
  );
}

function canvasOf({ original_hw: [height, width], roi_xywh: [left, top, ...size] }: EncodedPart): Canvas {
  const diagonal = Math.sqrt(height ** 2 + width ** 2);
  const step = Math.max(diagonal / STEPS_PER_DIAGONAL, 1);
  return { step, left, top, right: left + size[0], bottom: top + size[1] };
}

function pointsOf(item: PromptItem, canvas: Canvas, rules: RegionRules): readonly LabelledPoint[] {
  switch (item.kind) {
    case 'click':
      return [{ x: item.x, y: item.y, label: item.label }];
    case 'box':
      return boxPoints(item, canvas, rules.box);
    case 'scribble':
      return resample(item.points_xy, canvas.step, 'open').map(({ x, y }) => ({ x, y, label: item.label }));
    case 'polygon':
      return polygonPoints(item, canvas, rules.polygon);
    case 'text':
      return [];
  }
}
