/**
 * Mask -> polygons along the edges of its pixels.
 *
 * One polygon a part, where parts touch at most at corners of pixels. A hole is joined to the outline around it
 * by a cut of no width, since COCO polygons have no holes. Filled by the parity of crossings, as
 * `pycocotools` does, they give the mask itself, pixel by pixel; with a tolerance they have fewer corners, and run up to
 * that number of pixels beside it.
 */
import { maskFromRle } from '../shared/rle';
import type { CocoRle } from '../shared/types';
import { simplified } from '../shared/prompt/simplified';

/** Sides of a pixel in clockwise order; the mask lies to the right of the direction of travel. */
const TOP = 0;
const RIGHT = 1;
const BOTTOM = 2;
const LEFT = 3;

/** By side: where it begins, seen from the pixel, and the step along it. */
const START = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
] as const;
const ALONG = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/** A corner of an outline and the way to the next; outlines are circles of these. */
interface Corner {
  readonly x: number;
  readonly y: number;
  next: Corner;
}

interface Ring {
  readonly start: Corner;
  /** Twice the area inside, negative for a hole. */
  readonly area: number;
  /** Begin of the uppermost bottom side: what lies under it is a hole's top. */
  readonly upper: Corner;
}

/** A part of a mask: corners [x0, y0, x1, y1, ...] in pixels of the image. */
export interface Area {
  readonly outline: readonly number[];
  readonly holes: readonly (readonly number[])[];
}

/** The parts of a mask, with their holes as circles of their own. */
export function areasOf(mask: CocoRle, tolerance = 0): readonly Area[] {
  const grid = new Grid(mask);
  const rings = grid.rings();
  const outlineOf = (ring: Ring): Ring => (ring.area > 0 ? ring : outlineOf(grid.ringAbove(ring.upper.next)));
  const holes = new Map<Ring, Ring[]>();
  for (const hole of rings.filter(({ area }) => area < 0)) {
    const outline = outlineOf(hole);
    holes.set(outline, [...(holes.get(outline) ?? []), hole]);
  }
  return rings
    .filter(({ area }) => area > 0)
    .map((ring) => ({
      outline: simplified(flat(ring.start), tolerance),
      holes: (holes.get(ring) ?? []).map(({ start }) => simplified(flat(start), tolerance)),
    }));
}

/** One polygon of all parts, joined by cuts of no width; null for an empty mask. */
export function joinedPolygon(mask: CocoRle, tolerance = 0): readonly number[] | null {
  const [first, ...others] = polygonsOf(mask, tolerance);
  if (first === undefined) return null;
  const back = first.slice(-2);
  return [...first, ...others.flatMap((part) => [...part, ...part.slice(0, 2), ...back])];
}

/** Polygons [x0, y0, x1, y1, ...] in pixels of the image. */
export function polygonsOf(mask: CocoRle, tolerance = 0): readonly (readonly number[])[] {
  if (tolerance > 0) return areasOf(mask, tolerance).map(joinedArea);
  const grid = new Grid(mask);
  const rings = grid.rings();
  for (const { area, upper } of rings) if (area < 0) joinHole(grid, upper);
  return rings.filter(({ area }) => area > 0).map(({ start }) => flat(start));
}

/** Each hole joined by a cut to the corner of the outline that is nearest to it. */
function joinedArea({ outline, holes }: Area): readonly number[] {
  let joined = outline;
  for (const hole of holes) {
    const [x = 0, y = 0] = hole;
    let nearest = 0;
    for (let at = 0; at < joined.length; at += 2)
      if (away(joined, at, x, y) < away(joined, nearest, x, y)) nearest = at;
    const corner = joined.slice(nearest, nearest + 2);
    joined = [...joined.slice(0, nearest + 2), ...hole, x, y, ...corner, ...joined.slice(nearest + 2)];
  }
  return joined;
}

const away = (ring: readonly number[], at: number, x: number, y: number): number =>
  ((ring[at] ?? 0) - x) ** 2 + ((ring[at + 1] ?? 0) - y) ** 2;

class Grid {
  readonly #pixels: Uint8Array;
  readonly #height: number;
  readonly #width: number;
  /** Corners at which top sides begin, by pixel. */
  readonly #tops = new Map<number, Corner>();
  readonly #ringOf = new Map<Corner, Ring>();

  constructor(mask: CocoRle) {
    [this.#height, this.#width] = mask.size;
    this.#pixels = maskFromRle(mask);
  }

  has(x: number, y: number): boolean {
    const isInside = x >= 0 && y >= 0 && x < this.#width && y < this.#height;
    return isInside && this.#pixels[y * this.#width + x] === 1;
  }

  rings(): Ring[] {
    const rings: Ring[] = [];
    for (let y = 0; y < this.#height; y++) {
      for (let x = 0; x < this.#width; x++) {
        const isBegun = this.#tops.has(y * this.#width + x);
        if (!isBegun && this.has(x, y) && !this.has(x, y - 1)) rings.push(this.#trace(x, y));
      }
    }
    return rings;
  }

  /** Corner at which the first top side above a pixel of the mask begins. */
  topAbove(x: number, y: number): Corner | undefined {
    let top = y;
    while (this.has(x, top - 1)) top--;
    return this.#tops.get(top * this.#width + x);
  }

  /** The outline, or another hole, under which a hole lies whose uppermost top side begins at `hole`. */
  ringAbove(hole: Corner): Ring {
    const top = this.topAbove(hole.x, hole.y - 1);
    const ring = top && this.#ringOf.get(top);
    if (ring === undefined) throw new Error('a hole without an outline');
    return ring;
  }

  #trace(startX: number, startY: number): Ring {
    let [x, y, side] = [startX, startY, TOP];
    const start = corner(x, y);
    let [at, upper, area] = [start, start, 0];
    const tops: Corner[] = [];
    for (;;) {
      if (side === TOP) {
        this.#tops.set(y * this.#width + x, at);
        tops.push(at);
        area -= 2 * y;
      } else if (side === BOTTOM) {
        area += 2 * (y + 1);
        if (upper === start || at.y < upper.y) upper = at;
      }
      [x, y, side] = this.#turn(x, y, side);
      if (x === startX && y === startY && side === TOP) break;
      const [dx = 0, dy = 0] = START[side] ?? [];
      at.next = corner(x + dx, y + dy);
      at = at.next;
    }
    at.next = start;
    const ring = { start, area, upper };
    for (const top of tops) this.#ringOf.set(top, ring);
    return ring;
  }

  /** The side that follows: of the pixel diagonally ahead, of the one ahead, or the next of this one. */
  #turn(x: number, y: number, side: number): [x: number, y: number, side: number] {
    const [dx = 0, dy = 0] = ALONG[side] ?? [];
    const left = (side + LEFT) % 4;
    const [outX = 0, outY = 0] = ALONG[left] ?? [];
    if (!this.has(x + dx, y + dy)) return [x, y, (side + RIGHT) % 4];
    if (this.has(x + dx + outX, y + dy + outY)) return [x + dx + outX, y + dy + outY, left];
    return [x + dx, y + dy, side];
  }
}

function corner(x: number, y: number): Corner {
  const made = { x, y } as { x: number; y: number; next: Corner };
  made.next = made;
  return made;
}

/** Cut from the top of a hole straight up to the outline above it, and back. */
function joinHole(grid: Grid, upper: Corner): void {
  const hole = upper.next;
  const outer = grid.topAbove(hole.x, hole.y - 1);
  if (outer === undefined) throw new Error('a hole without an outline');
  const [back, again] = [corner(hole.x, hole.y), corner(outer.x, outer.y)];
  [again.next, back.next, upper.next, outer.next] = [outer.next, again, back, hole];
}

/** The corners of a circle at which the direction changes. */
function flat(start: Corner): number[] {
  const points: number[] = [];
  let [before, at] = [start, start.next];
  do {
    const { x, y, next } = at;
    const turns =
      Math.sign(x - before.x) !== Math.sign(next.x - x) || Math.sign(y - before.y) !== Math.sign(next.y - y);
    if (turns) points.push(x, y);
    [before, at] = [at, next];
  } while (before !== start);
  return points;
}

/** [x0, y0, x1, y1, ...] -> [[x0, y0], [x1, y1], ...] */
export const pairs = (flat: readonly number[]): readonly (readonly number[])[] =>
  Array.from({ length: flat.length / 2 }, (_, index) => flat.slice(2 * index, 2 * index + 2));
