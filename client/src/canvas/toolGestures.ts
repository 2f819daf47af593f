/** What tools make of the places that a pointer or the keyboard's crosshair gives; image frame. */
import type { PointXy, PromptItem, SizeHw } from '../shared/types';
import { MAX_STROKE_POINTS } from '../shared/reading/limits';
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
  | {
      readonly kind: 'drag';
      /** `brush` is the radius of the user's brush, pixels of the image. */
      readonly begin: (at: PointXy, label: Label, image: SizeHw, brush: number) => Shape | null;
      /** What its brush makes of what it paints; absent where there is none. */
      readonly paints?: Label;
    }
  /** A press a corner, until the outline is closed. */
  | {
      readonly kind: 'corners';
      readonly prompt: (outline: readonly PointXy[], label: Label) => PromptItem;
    };

/** CSS pixels between two points of a scribble, and the smallest side of a box. */
const STROKE_SPACING = 3;
const BRUSH_SPACING = 1;
/** Pixels of the image. */
const SMALLEST_BRUSH = 0.01;
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

/** A brush that sets pixels, or clears them; with the opposite sign it does the opposite. */
export const brushOf = (paints: Label): ToolGesture => ({
  kind: 'drag',
  paints,
  begin: (at, label, image, brush) => {
    const first = clampToImage(at, image);
    const isNear = Math.hypot(first.x - at.x, first.y - at.y) <= brush;
    return isNear ? brushShape([first], brush, label === 1 ? paints : opposite(paints)) : null;
  },
});

/** A press, or a box that is drawn from there. */
export const CLICKS_AND_BOXES: ToolGesture = {
  kind: 'drag',
  begin: (at, label, image) => (isInside(at, image) ? placeShape(at, clickAt(at, label), label) : null),
};

/** The same, always positive. */
export const PLACES: ToolGesture = {
  kind: 'drag',
  begin: (at, _label, image) => (isInside(at, image) ? placeShape(at, clickAt(at, 1), 1) : null),
};

export const opposite = (label: Label): Label => (label === 1 ? 0 : 1);

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

function placeShape(from: PointXy, item: PromptItem, label: Label): Shape {
  return {
    item,
    isWhole: () => true,
    to: (at, scale) => {
      const box = boxShape(from, at, label);
      return placeShape(from, box.isWhole(scale) ? box.item : clickAt(from, label), label);
    },
  };
}

function scribbleShape(points: readonly PointXy[], label: Label): Shape {
  const shape: Shape = {
    item: { kind: 'scribble', points_xy: points.map(toPair), label },
    isWhole: () => true,
    to: (at, scale) => {
      const last = points.at(-1) ?? at;
      const isFar = Math.hypot(last.x - at.x, last.y - at.y) * scale >= STROKE_SPACING;
      return isFar && points.length < MAX_STROKE_POINTS ? scribbleShape([...points, at], label) : shape;
    },
  };
  return shape;
}

function brushShape(points: readonly PointXy[], brush: number, label: Label): Shape {
  const radius = Math.max(Math.round(brush * 100) / 100, SMALLEST_BRUSH);
  const shape: Shape = {
    item: { kind: 'paint', points_xy: points.map(toPair), radius, label },
    isWhole: () => true,
    to: (at, scale) => {
      const last = points.at(-1) ?? at;
      const isFar = Math.hypot(last.x - at.x, last.y - at.y) * scale >= BRUSH_SPACING;
      return isFar && points.length < MAX_STROKE_POINTS ? brushShape([...points, at], brush, label) : shape;
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
