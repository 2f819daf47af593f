/**
 * Changes of a whole mask: holes filled, specks removed, borders smoothed, in whole numbers and on run lengths.
 * `splitseem_model/prompt/repairs.py` does the same; both are held to `proto/vectors/repairs.json`. Pixels of the mask
 * that touch at a corner belong together; pixels beside it only where they share a side.
 */
import type { RepairItem } from '../generated';
import { forEachSegment, RunWriter } from '../rle';
import type { CocoRle } from '../types';
import { painted } from './brush';

/** A pixel that was said to be in the mask, or not; it keeps that side. */
export interface HeldPlace {
  readonly column: number;
  readonly row: number;
  readonly label: 0 | 1;
}

type Method = (mask: CocoRle, size: number, held: readonly HeldPlace[]) => CocoRle;

/** The mask after a repair. */
export const repaired = (
  mask: CocoRle,
  { method, size }: RepairItem,
  held: readonly HeldPlace[] = [],
): CocoRle => METHODS[method](mask, size, held);

/** Holes of up to `size` pixels, but for those with a pixel that is held outside. */
const fillHoles: Method = (mask, size, held) => {
  const [height, width] = mask.size;
  const holes = partsOf(inverse(mask), 0);
  const atBorder = new Set<number>();
  holes.segments.forEach(({ x, from, to }, index) => {
    if (x === 0 || x === width - 1 || from === 0 || to === height) atBorder.add(holes.rootOf(index));
  });
  const kept = holes.holding(held.filter(({ label }) => label === 0));
  const isFilled = (root: number): boolean =>
    (holes.areas.get(root) ?? 0) <= size && !atBorder.has(root) && !kept.has(root);
  return painted(mask, holes.runsOf(isFilled, height), 1);
};

/** Parts of up to `size` pixels, but for the largest and those with a pixel that is held inside. */
const removeSpecks: Method = (mask, size, held) => {
  const parts = partsOf(mask, 1);
  const areas = [...parts.areas];
  const largest = areas.reduce<readonly number[]>((best, one) => (one[1] > (best[1] ?? 0) ? one : best), []);
  const kept = parts.holding(held.filter(({ label }) => label === 1)).add(largest[0] ?? -1);
  const isRemoved = (root: number): boolean => (parts.areas.get(root) ?? 0) <= size && !kept.has(root);
  return painted(mask, parts.runsOf(isRemoved, mask.size[0]), 0);
};

/** What most pixels up to `size` away in x and in y are; where neither is most, what the pixel was. */
const smooth: Method = (mask, size, held) => {
  const [height, width] = mask.size;
  const columns = columnsOf(mask);
  /** Of the columns around the present one, pixels of the mask in each row. */
  const inRow = new Int32Array(height);
  const writer = new RunWriter();
  for (const entering of columns.slice(0, size)) add(inRow, entering, 1);
  for (let x = 0; x < width; x++) {
    add(inRow, columns[x + size] ?? [], 1);
    add(inRow, columns[x - size - 1] ?? [], -1);
    const across = Math.min(x + size + 1, width) - Math.max(x - size, 0);
    smoothColumn(inRow, columns[x] ?? [], across, size, writer);
  }
  const smoothed = writer.finish({ height, width });
  return held.reduce((result, { column, row, label }) => {
    const at = column * height + row;
    return painted(result, [at, at + 1], label);
  }, smoothed);
};

const METHODS: Readonly<Record<RepairItem['method'], Method>> = {
  'fill-holes': fillHoles,
  'remove-specks': removeSpecks,
  smooth,
};

/** First row and one past the last of runs, in turn. */
type Column = readonly number[];

function columnsOf(mask: CocoRle): readonly Column[] {
  const columns = Array.from({ length: mask.size[1] }, (): number[] => []);
  forEachSegment(mask, (x, from, to) => columns[x]?.push(from, to));
  return columns;
}

function add(inRow: Int32Array, column: Column, by: 1 | -1): void {
  for (let index = 0; index < column.length; index += 2) {
    const to = column[index + 1] ?? 0;
    for (let row = column[index] ?? 0; row < to; row++) inRow[row] = (inRow[row] ?? 0) + by;
  }
}

function smoothColumn(
  inRow: Int32Array,
  before: Column,
  across: number,
  size: number,
  writer: RunWriter,
): void {
  const height = inRow.length;
  let [sum, edge] = [0, 0];
  for (let row = 0; row < Math.min(size, height); row++) sum += inRow[row] ?? 0;
  for (let row = 0; row < height; row++) {
    if (row + size < height) sum += inRow[row + size] ?? 0;
    if (row - size - 1 >= 0) sum -= inRow[row - size - 1] ?? 0;
    while ((before[edge] ?? Infinity) <= row) edge++;
    const twice = 2 * sum;
    const pixels = across * (Math.min(row + size + 1, height) - Math.max(row - size, 0));
    writer.push(twice === pixels ? edge % 2 === 1 : twice > pixels, 1);
  }
}

interface Segment {
  readonly x: number;
  readonly from: number;
  /** One past the last row. */
  readonly to: number;
}

/** The parts of a mask that hang together, each known by its first segment. */
interface Parts {
  readonly segments: readonly Segment[];
  readonly areas: ReadonlyMap<number, number>;
  rootOf(segment: number): number;
  /** The parts that hold some of the places. */
  holding(places: readonly HeldPlace[]): Set<number>;
  /** Runs, as of a brush, of the chosen parts. */
  runsOf(isChosen: (root: number) => boolean, height: number): readonly number[];
}

/** `reach` is 1 where pixels that touch at a corner hang together, else 0. */
function partsOf(mask: CocoRle, reach: 0 | 1): Parts {
  const segments: Segment[] = [];
  forEachSegment(mask, (x, from, to) => segments.push({ x, from, to }));
  const roots = joined(segments, reach);
  const rootOf = (segment: number): number => rootIn(roots, segment);
  const areas = new Map<number, number>();
  segments.forEach(({ from, to }, index) => {
    const root = rootOf(index);
    areas.set(root, (areas.get(root) ?? 0) + to - from);
  });
  return {
    ...{ segments, areas, rootOf },
    holding: (places) =>
      new Set(
        places.flatMap(({ column, row }) => {
          const index = segments.findIndex(({ x, from, to }) => x === column && from <= row && row < to);
          return index < 0 ? [] : [rootOf(index)];
        }),
      ),
    runsOf: (isChosen, height) => {
      const runs: number[] = [];
      segments.forEach(({ x, from, to }, index) => {
        if (!isChosen(rootOf(index))) return;
        // A run may go on at the top of the next column.
        if (runs.at(-1) === x * height + from) runs[runs.length - 1] = x * height + to;
        else runs.push(x * height + from, x * height + to);
      });
      return runs;
    },
  };
}

function rootIn(roots: Int32Array, index: number): number {
  let at = index;
  for (let up = roots[at] ?? at; up !== at; up = roots[at] ?? at) {
    roots[at] = roots[up] ?? up;
    at = roots[at] ?? at;
  }
  return at;
}

/** Segments of neighbouring columns that touch, joined to the first of each part. */
function joined(segments: readonly Segment[], reach: 0 | 1): Int32Array {
  const roots = Int32Array.from(segments, (_, index) => index);
  let left = 0;
  segments.forEach(({ x, from, to }, index) => {
    // Those of the column before that end above this one end above all that come in this column.
    for (let one = segments[left]; left < index && one !== undefined; one = segments[++left]) {
      if (one.x >= x || (one.x === x - 1 && one.to + reach > from)) break;
    }
    for (let other = left; other < index; other++) {
      const one = segments[other];
      if (one?.x !== x - 1 || one.from >= to + reach) break;
      const [a, b] = [rootIn(roots, other), rootIn(roots, index)];
      roots[Math.max(a, b)] = Math.min(a, b);
    }
  });
  return roots;
}

function inverse({ size, counts }: CocoRle): CocoRle {
  const ends = counts[0] === 0 ? counts.slice(1) : [0, ...counts];
  return { size, counts: ends };
}
