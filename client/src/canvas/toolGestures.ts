/** What tools make of the places that a pointer or the keyboard's crosshair gives; image frame. */
import type { PointXy, PromptItem, SizeHw } from '../shared/types';
import { clampToImage, isInside, roundedPoint } from './viewport';

export type Label = 0 | 1;

/** A shape that is being drawn. */
export interface Shape {
  /** The prompt that it would be. */
  readonly item: PromptItem;
  /** Whether it is large enough to be one, at `scale` CSS pixels a pixel. */
  isWhole(scale: number): boolean;
  /** The same, drawn on to another place. */
  to(at: PointXy, scale: number): Shape;
}

export type ToolGesture =
  /** Every press is a prompt. */
  | { readonly kind: 'press'; readonly prompt: (at: PointXy, label: Label) => PromptItem }
  /** Drawn from press to release; null where it cannot begin. */
  | { readonly kind: 'drag'; readonly begin: (at: PointXy, label: Label, image: SizeHw) => Shape | null }
  /** A press a corner, until the outline is closed. */
  | {
      readonly kind: 'corners';
      readonly prompt: (outline: readonly PointXy[], label: Label) => PromptItem;
    };

/** CSS pixels between two points of a scribble, and the smallest side of a box. */
const STROKE_SPACING = 3;
const SMALLEST_BOX = 4;

export const clickAt = (at: PointXy, label: Label): PromptItem => ({
  kind: 'click',
  ...roundedPoint(at),
  label,
});

export const CLICKS: ToolGesture = { kind: 'press', prompt: clickAt };

export const BOXES: ToolGesture = {
  kind: 'drag',
  begin: (at, label, image) => {
    const from = clampToImage(at, image);
    return boxShape(from, from, label);
  },
};

export const SCRIBBLES: ToolGesture = {
  kind: 'drag',
  begin: (at, label, image) => (isInside(at, image) ? scribbleShape([at], label) : null),
};

export const POLYGONS: ToolGesture = {
  kind: 'corners',
  prompt: (outline, label) => ({ kind: 'polygon', points_xy: outline.map(toPair), ...signOf(label) }),
};

function boxShape(from: PointXy, end: PointXy, label: Label): Shape {
  const [x0, y0] = toPair({ x: Math.min(from.x, end.x), y: Math.min(from.y, end.y) });
  const [x1, y1] = toPair({ x: Math.max(from.x, end.x), y: Math.max(from.y, end.y) });
  return {
    item: { kind: 'box', x0, y0, x1, y1, ...signOf(label) },
    isWhole: (scale) => Math.min(x1 - x0, y1 - y0) >= SMALLEST_BOX / scale,
    to: (at) => boxShape(from, at, label),
  };
}

function scribbleShape(points: readonly PointXy[], label: Label): Shape {
  const shape: Shape = {
    item: { kind: 'scribble', points_xy: points.map(toPair), label },
    isWhole: () => true,
    to: (at, scale) => {
      const last = points.at(-1) ?? at;
      const isFar = Math.hypot(last.x - at.x, last.y - at.y) * scale >= STROKE_SPACING;
      return isFar ? scribbleShape([...points, at], label) : shape;
    },
  };
  return shape;
}

/** A positive box or polygon says nothing of its sign. */
const signOf = (label: Label): { readonly label?: 0 } => (label === 0 ? { label } : {});

function toPair(point: PointXy): [number, number] {
  const { x, y } = roundedPoint(point);
  return [x, y];
}
