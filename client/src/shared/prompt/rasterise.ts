/** Polygons -> mask: a pixel is inside if its centre is, by the parity of crossings; several polygons are one mask. */
import { RunWriter } from '../rle';
import type { CocoRle, SizeHw } from '../types';

/** Rows from the first to the one before the second. */
type Interval = readonly [number, number];

/** Args: polygons: [x0, y0, x1, y1, ...] each, pixels of the image, the centre of the first pixel at (0.5, 0.5). */
export function rasterise(polygons: readonly (readonly number[])[], size: SizeHw): CocoRle {
  const columns = new Map<number, Interval[]>();
  for (const polygon of polygons) {
    for (const [column, crossings] of crossingsOf(polygon, size.width)) {
      const found = columns.get(column) ?? [];
      columns.set(column, found);
      found.push(...intervalsOf(crossings, size.height));
    }
  }
  const runs = new RunWriter();
  for (let column = 0; column < size.width; column++) {
    let row = 0;
    for (const [begin, end] of (columns.get(column) ?? []).sort(([a], [b]) => a - b)) {
      if (end <= row) continue;
      runs.push(false, Math.max(begin - row, 0));
      runs.push(true, end - Math.max(begin, row));
      row = end;
    }
    runs.push(false, size.height - row);
  }
  return runs.finish(size);
}

/** Where the outline crosses the middle of each column. */
function crossingsOf(polygon: readonly number[], width: number): Map<number, number[]> {
  const crossings = new Map<number, number[]>();
  const at = (index: number): number => polygon[index % polygon.length] ?? 0;
  for (let index = 0; index < polygon.length; index += 2) {
    const [x0, y0, x1, y1] = [at(index), at(index + 1), at(index + 2), at(index + 3)];
    const first = Math.max(Math.ceil(Math.min(x0, x1) - 0.5), 0);
    const last = Math.min(Math.ceil(Math.max(x0, x1) - 0.5), width);
    for (let column = first; column < last; column++) {
      const y = y0 + ((column + 0.5 - x0) * (y1 - y0)) / (x1 - x0);
      const found = crossings.get(column);
      if (found === undefined) crossings.set(column, [y]);
      else found.push(y);
    }
  }
  return crossings;
}

function intervalsOf(crossings: readonly number[], height: number): readonly Interval[] {
  const sorted = crossings.toSorted((a, b) => a - b);
  const row = (y: number): number => Math.min(Math.max(Math.ceil(y - 0.5), 0), height);
  return sorted.flatMap((y, index): readonly Interval[] => {
    const end = sorted[index + 1];
    return index % 2 === 1 || end === undefined || row(y) === row(end) ? [] : [[row(y), row(end)]];
  });
}
