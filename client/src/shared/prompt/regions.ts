/**
 * Boxes and polygons as labelled points, by the rules that a model asks for.
 *
 * `splitseem_model/prompt/shapes.py` does the same and says what each rule is for; both are held to
 * `proto/vectors/prompts.json`.
 */
import type { BoxItem, PolygonItem } from '../generated';
import { resample, thin, type Xy } from './polyline';
import type { LabelledPoint, PointXy } from '../types';

export type BoxRule = 'corners' | 'surround' | 'middle' | 'filled' | 'outline';
export type PolygonRule = 'surround' | 'filled' | 'outline';

export interface RegionRules {
  readonly box: BoxRule;
  readonly polygon: PolygonRule;
}

/** Where points may lie, image frame, and the pixels between points of a line. */
export interface Canvas {
  readonly step: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Corners in the image frame, x0 < x1 and y0 < y1. */
export interface BoxXyxy {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

type Corners = readonly Xy[];
type PointsOf<Region> = (region: Region, canvas: Canvas) => readonly LabelledPoint[];

/** Points of an outline are pulled towards its centroid by this factor, onto the object. */
const OUTLINE_SHRINK = 0.9;
/** At most this many points fill a region, or stand around it, so that clicks beside it still count. */
const REGION_POINTS = 64;
const MOST_CELLS = 4096;
/** Sides of the middle of a box, in sides of the box. */
const MIDDLE_SHARE = 0.5;
/** Sides of the ring around a region, in sides of the region. */
const BOX_RING = 1.1;
const POLYGON_RING = 1.2;

/**
 * Negative points all over a region that holds nothing of the object, whatever the rules: no model learned other
 * labels for it, and a ring around it says nothing.
 */
const excluded = (corners: Corners, canvas: Canvas): readonly LabelledPoint[] =>
  filled(corners, canvas).map(({ x, y }) => ({ x, y, label: 0 }));

/** The points of a box by a rule. */
export const boxPoints = (box: BoxItem, canvas: Canvas, rule: BoxRule): readonly LabelledPoint[] =>
  box.label === 0 ? excluded(cornersOf(box), canvas) : BOX_RULES[rule](box, canvas);

/** The points of a polygon by a rule. */
export const polygonPoints = (
  { points_xy: corners, label }: PolygonItem,
  canvas: Canvas,
  rule: PolygonRule,
): readonly LabelledPoint[] =>
  label === 0 ? excluded(corners, canvas) : POLYGON_RULES[rule](corners, canvas);

export const BOX_RULES: Readonly<Record<BoxRule, PointsOf<BoxXyxy>>> = {
  corners: ({ x0, y0, x1, y1 }) => [
    { x: x0, y: y0, label: 2 },
    { x: x1, y: y1, label: 3 },
  ],
  surround: (box, canvas) => [...middle(box, canvas), ...ring(cornersOf(box), BOX_RING, canvas)],
  middle: (box, canvas) => middle(box, canvas),
  filled: (box, canvas) => filled(cornersOf(box), canvas),
  outline: (box, canvas) => outline(cornersOf(box), canvas),
};

export const POLYGON_RULES: Readonly<Record<PolygonRule, PointsOf<Corners>>> = {
  surround: (corners, canvas) => [...filled(corners, canvas), ...ring(corners, POLYGON_RING, canvas)],
  filled: (corners, canvas) => filled(corners, canvas),
  outline: (corners, canvas) => outline(corners, canvas),
};

/** From the top left on, clockwise. */
export const cornersOf = ({ x0, y0, x1, y1 }: BoxXyxy): Corners => [
  [x0, y0],
  [x1, y0],
  [x1, y1],
  [x0, y1],
];

const middle = (box: BoxXyxy, canvas: Canvas): readonly LabelledPoint[] =>
  filled(scaledCorners(cornersOf(box), MIDDLE_SHARE), canvas);

function outline(corners: Corners, { step }: Canvas): readonly LabelledPoint[] {
  return labelled(scaled(resample(corners, step, 'closed'), OUTLINE_SHRINK, corners), 1);
}

/** An even grid over the inside, even-odd; along the edges of one that is too narrow for that. */
function filled(corners: Corners, canvas: Canvas): readonly LabelledPoint[] {
  const inside = gridOf(corners).filter(insideOf(corners));
  if (inside.length === 0) return thin(outline(corners, canvas), REGION_POINTS);
  return labelled(thin(inside, REGION_POINTS), 1);
}

/** Negative points around a region; where an outline is hollow, grown parts of it would lie inside. */
function ring(corners: Corners, growth: number, canvas: Canvas): readonly LabelledPoint[] {
  const grown = resample(scaledCorners(corners, growth), canvas.step, 'closed');
  const isInside = insideOf(corners);
  const around = grown.filter((point) => holds(canvas, point) && !isInside(point));
  return labelled(thin(around, REGION_POINTS), 0);
}

/**
 * Centres of cells that tile the bounding box: a pixel each, or larger, so that about 64 of them lie inside.
 */
function gridOf(corners: Corners): PointXy[] {
  const [left, right] = bounds(corners.map(([x]) => x));
  const [top, bottom] = bounds(corners.map(([, y]) => y));
  const smallest = Math.max(areaOf(corners) / REGION_POINTS, ((right - left) * (bottom - top)) / MOST_CELLS);
  const side = Math.max(Math.sqrt(smallest), 1);
  const columns = Math.max(1, Math.trunc((right - left) / side));
  const rows = Math.max(1, Math.trunc((bottom - top) / side));
  const [width, height] = [(right - left) / columns, (bottom - top) / rows];
  return Array.from({ length: rows * columns }, (_, cell) => ({
    x: left + ((cell % columns) + 0.5) * width,
    y: top + (Math.trunc(cell / columns) + 0.5) * height,
  }));
}

function bounds(values: readonly number[]): readonly [number, number] {
  return [
    values.reduce((least, value) => Math.min(least, value), Infinity),
    values.reduce((most, value) => Math.max(most, value), -Infinity),
  ];
}

/** Square pixels, where outlines do not cross. */
function areaOf(corners: Corners): number {
  return Math.abs(edgesOf(corners).reduce((sum, [[ax, ay], [bx, by]]) => sum + ax * by - bx * ay, 0)) / 2;
}

/**
 * Whether points are inside an outline, by the even-odd rule. All points of one row share the crossings of that
 * row with the outline, sorted.
 */
function insideOf(corners: Corners): (point: PointXy) => boolean {
  const edges = edgesOf(corners);
  const rows = new Map<number, Float64Array>();
  const crossingsAt = (y: number): Float64Array =>
    Float64Array.from(
      edges
        .filter(([[, ay], [, by]]) => ay > y !== by > y)
        .map(([[ax, ay], [bx, by]]) => ax + ((y - ay) / (by - ay)) * (bx - ax)),
    ).sort();
  return ({ x, y }) => {
    const crossings = rows.get(y) ?? crossingsAt(y);
    rows.set(y, crossings);
    return countAbove(crossings, x) % 2 === 1;
  };
}

/** How many of some sorted numbers are greater than a value. */
function countAbove(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? Infinity) > value) high = middle;
    else low = middle + 1;
  }
  return sorted.length - low;
}

const edgesOf = (corners: Corners): readonly (readonly [Xy, Xy])[] =>
  corners.map((corner, k) => [corner, corners[(k + 1) % corners.length] ?? corner] as const);

/** Points pulled towards the mean of the corners, or pushed away from it. */
function scaled(points: readonly PointXy[], factor: number, corners: Corners): PointXy[] {
  const centreX = corners.reduce((sum, [x]) => sum + x, 0) / corners.length;
  const centreY = corners.reduce((sum, [, y]) => sum + y, 0) / corners.length;
  return points.map(({ x, y }) => ({
    x: centreX + factor * (x - centreX),
    y: centreY + factor * (y - centreY),
  }));
}

const holds = ({ left, top, right, bottom }: Canvas, { x, y }: PointXy): boolean =>
  left <= x && x <= right && top <= y && y <= bottom;

const scaledCorners = (corners: Corners, factor: number): Corners =>
  scaled(
    corners.map(([x, y]) => ({ x, y })),
    factor,
    corners,
  ).map(({ x, y }) => [x, y] as const);

const labelled = (points: readonly PointXy[], label: 0 | 1): readonly LabelledPoint[] =>
  points.map(({ x, y }) => ({ x, y, label }));
