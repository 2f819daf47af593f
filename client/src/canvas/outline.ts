import { forEachSegment } from '../shared/rle';
import type { CocoRle } from '../shared/types';

/** An edge between a foreground and a background pixel, in image coordinates. */
export type Edge = readonly [x0: number, y0: number, x1: number, y1: number];

type Segment = readonly [y0: number, y1: number];

/** All edges of a mask; straight neighbours along a row or column are joined. */
export function maskEdges(rle: CocoRle): Edge[] {
  const columns = segmentsByColumn(rle);
  return [...verticalEdges(columns), ...horizontalEdges(columns)];
}

function segmentsByColumn(rle: CocoRle): Segment[][] {
  const columns: Segment[][] = Array.from({ length: rle.size[1] }, () => []);
  forEachSegment(rle, (x, y0, y1) => columns[x]?.push([y0, y1]));
  return columns;
}

/** Between two columns an edge runs wherever exactly one of them is foreground. */
function verticalEdges(columns: readonly Segment[][]): Edge[] {
  const edges: Edge[] = [];
  for (let x = 0; x <= columns.length; x++) {
    const marks = [...(columns[x - 1] ?? []), ...(columns[x] ?? [])].flat().sort((a, b) => a - b);
    for (let i = 0; i + 1 < marks.length; i += 2) {
      const [from, to] = [marks[i] ?? 0, marks[i + 1] ?? 0];
      if (from < to) edges.push([x, from, x, to]);
    }
  }
  return edges;
}

/** Tops and bottoms of segments; those at one height in neighbouring columns are one edge. */
function horizontalEdges(columns: readonly Segment[][]): Edge[] {
  const edges: Edge[] = [];
  let open = new Map<number, number>();
  columns.forEach((segments, x) => {
    const next = new Map<number, number>();
    for (const y of segments.flat()) next.set(y, open.get(y) ?? x);
    for (const [y, from] of open) if (!next.has(y)) edges.push([from, y, x, y]);
    open = next;
  });
  for (const [y, from] of open) edges.push([from, y, columns.length, y]);
  return edges;
}
