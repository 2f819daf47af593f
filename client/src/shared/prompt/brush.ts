/**
 * The pixels under a stroke of a brush. `splitseem_model/prompt/brush.py` does the same, operation by operation, and
 * says why; both are held to `proto/vectors/paint.json`.
 */
import type { CocoRle, SizeHw } from '../types';
import { RunWriter } from '../rle';
import type { Xy } from './polyline';

export interface Stroke {
  readonly points_xy: readonly Xy[];
  readonly radius: number;
}

/** Ascending and apart: first pixel and one past the last of runs of a column-major mask, in turn. */
export type Runs = readonly number[];

/** Lowest and highest y in a column; infinite the other way round where there is none. */
type Bounds = readonly [low: number, high: number];

const NONE: Bounds = [Infinity, -Infinity];

/** From every place in a pixel its centre is that near. */
const SMALLEST_RADIUS = Math.SQRT1_2;

/** The pixels of an image that are under a stroke. */
export function runsUnder({ points_xy, radius }: Stroke, { height, width }: SizeHw): Runs {
  const reach = Math.max(radius, SMALLEST_RADIUS);
  const columns = new Map<number, [number, number][]>();
  const pieces = points_xy.length > 1 ? points_xy.slice(1) : points_xy;
  pieces.forEach((b, index) => {
    const a = points_xy[index] ?? b;
    const first = Math.max(Math.ceil(Math.min(a[0], b[0]) - reach - 0.5), 0);
    const last = Math.min(Math.floor(Math.max(a[0], b[0]) + reach - 0.5), width - 1);
    for (let column = first; column <= last; column++) {
      const [low, high] = boundsAt(a, b, reach, column + 0.5);
      const [from, to] = [clamp(Math.ceil(low - 0.5), height), clamp(Math.floor(high - 0.5) + 1, height)];
      if (from < to) add(columns, column, from, to);
    }
  });
  return [...columns.keys()]
    .sort((a, b) => a - b)
    .flatMap((column) => joined(columns.get(column) ?? []).map((row) => column * height + row));
}

const clamp = (row: number, height: number): number => Math.min(Math.max(row, 0), height);

/** Most pieces of a stroke continue what the one before covers. */
function add(columns: Map<number, [number, number][]>, column: number, from: number, to: number): void {
  const spans = columns.get(column);
  const last = spans?.at(-1);
  if (spans === undefined) columns.set(column, [[from, to]]);
  else if (last === undefined || from > last[1] || to < last[0]) spans.push([from, to]);
  else [last[0], last[1]] = [Math.min(last[0], from), Math.max(last[1], to)];
}

function joined(spans: readonly (readonly [number, number])[]): number[] {
  const ends: number[] = [];
  for (const [from, to] of spans.toSorted(([a], [b]) => a - b)) {
    const end = ends.at(-1);
    if (end === undefined || from > end) ends.push(from, to);
    else ends[ends.length - 1] = Math.max(end, to);
  }
  return ends;
}

function boundsAt(a: Xy, b: Xy, reach: number, x: number): Bounds {
  const parts = [discAt(a, reach, x), discAt(b, reach, x), slabAt(a, b, reach, x)];
  return [Math.min(...parts.map(([low]) => low)), Math.max(...parts.map(([, high]) => high))];
}

function discAt([centreX, centreY]: Xy, reach: number, x: number): Bounds {
  const across = x - centreX;
  const squared = reach * reach - across * across;
  if (squared < 0) return NONE;
  const half = Math.sqrt(squared);
  return [centreY - half, centreY + half];
}

/** Of a rectangle along a piece, `reach` to either side. */
function slabAt(a: Xy, b: Xy, reach: number, x: number): Bounds {
  const [alongX, alongY] = [b[0] - a[0], b[1] - a[1]];
  const length = Math.sqrt(alongX * alongX + alongY * alongY);
  if (length === 0) return NONE;
  const [asideX, asideY] = [(-alongY / length) * reach, (alongX / length) * reach];
  const corners: readonly Xy[] = [
    [a[0] + asideX, a[1] + asideY],
    [b[0] + asideX, b[1] + asideY],
    [b[0] - asideX, b[1] - asideY],
    [a[0] - asideX, a[1] - asideY],
  ];
  let [low, high] = NONE;
  corners.forEach(([px, py], index) => {
    const [qx, qy] = corners[(index + 1) % corners.length] ?? [px, py];
    if (px === qx || x < Math.min(px, qx) || x > Math.max(px, qx)) return;
    const y = py + ((x - px) / (qx - px)) * (qy - py);
    low = Math.min(low, y);
    high = Math.max(high, y);
  });
  return [low, high];
}

/** Where a mask is. */
export function runsOf({ counts }: CocoRle): Runs {
  let position = 0;
  return counts.map((count) => (position += count));
}

/** The mask with the pixels of some runs on one side. */
export function painted(mask: CocoRle, runs: Runs, label: 0 | 1): CocoRle {
  const [height, width] = mask.size;
  const ends = runsOf(mask);
  const writer = new RunWriter();
  let [at, inMask, inRuns, nextEnd, nextRun] = [0, false, false, 0, 0];
  while (at < height * width) {
    const to = Math.min(ends[nextEnd] ?? Infinity, runs[nextRun] ?? Infinity, height * width);
    writer.push(inRuns ? label === 1 : inMask, to - at);
    at = to;
    for (; ends[nextEnd] === at; nextEnd++) inMask = !inMask;
    for (; runs[nextRun] === at; nextRun++) inRuns = !inRuns;
  }
  return writer.finish({ height, width });
}

/** Whether the pixel at one of the places, image frame, is in the runs. */
export function runsHold(runs: Runs, places: readonly Xy[], { height, width }: SizeHw): boolean {
  return places.some(([x, y]) => {
    const column = Math.min(Math.max(Math.floor(x), 0), width - 1);
    const row = Math.min(Math.max(Math.floor(y), 0), height - 1);
    return countUpTo(runs, column * height + row) % 2 === 1;
  });
}

/** How many of some ascending numbers are at most a value. */
function countUpTo(numbers: readonly number[], value: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? Infinity) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
