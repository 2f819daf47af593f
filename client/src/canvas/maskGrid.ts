/** Masks at the resolution at which they are drawn: run lengths -> cells of a grid over a part of the image. Pure. */
import { forEachSegment } from '../shared/rle';
import type { CocoRle, SizeHw } from '../shared/types';

/** A part of the image, image frame; whole pixels. */
export interface Region extends SizeHw {
  readonly x: number;
  readonly y: number;
}

/** From the first row on, up to the second without it: from, to, from, to … */
export type Column = readonly number[];

/** Foreground of the cells of a part of the image, column by column. */
export interface MaskGrid extends SizeHw {
  readonly columns: readonly Column[];
}

/** An edge between a foreground and a background cell; the corner of the first cell is (0, 0). */
export type Edge = readonly [x0: number, y0: number, x1: number, y1: number];

/** The mask in a part of the image, on a grid of at most one cell a pixel: a cell is what the pixel at its centre is. */
export function maskGrid(mask: CocoRle, region: Region, { height, width }: SizeHw): MaskGrid {
  const [stepX, stepY] = [region.width / width, region.height / height];
  const columns: number[][] = Array.from({ length: width }, () => []);
  const columnAt = new Int32Array(mask.size[1]).fill(-1);
  for (let column = 0; column < width; column++) columnAt[pixelAt(region.x, stepX, column)] = column;
  const rowAt = (y: number): number => {
    const row = Math.ceil((y - region.y) / stepY - 0.5);
    return Math.min(Math.max(row, 0), height);
  };
  forEachSegment(mask, (x, y0, y1) => {
    const rows = columns[columnAt[x] ?? -1];
    if (rows === undefined) return;
    const [from, to] = [rowAt(y0), rowAt(y1)];
    if (from >= to) return;
    if (rows.at(-1) === from) rows[rows.length - 1] = to;
    else rows.push(from, to);
  });
  return { height, width, columns };
}

const pixelAt = (offset: number, step: number, cell: number): number =>
  Math.floor(offset + (cell + 0.5) * step);

/** All edges of a mask; straight neighbours along a row or column are joined. */
export const gridEdges = ({ columns }: MaskGrid): Edge[] => [
  ...verticalEdges(columns),
  ...horizontalEdges(columns),
];

/** Between two columns an edge runs wherever exactly one of them is foreground. */
function verticalEdges(columns: readonly Column[]): Edge[] {
  const edges: Edge[] = [];
  for (let x = 0; x <= columns.length; x++) {
    const marks = [...(columns[x - 1] ?? []), ...(columns[x] ?? [])].sort((a, b) => a - b);
    for (let i = 0; i + 1 < marks.length; i += 2) {
      const [from, to] = [marks[i] ?? 0, marks[i + 1] ?? 0];
      if (from < to) edges.push([x, from, x, to]);
    }
  }
  return edges;
}

/** Tops and bottoms of segments; those at one height in neighbouring columns are one edge. */
function horizontalEdges(columns: readonly Column[]): Edge[] {
  const edges: Edge[] = [];
  let open = new Map<number, number>();
  columns.forEach((rows, x) => {
    const next = new Map<number, number>();
    for (const y of rows) next.set(y, open.get(y) ?? x);
    for (const [y, from] of open) if (!next.has(y)) edges.push([from, y, x, y]);
    open = next;
  });
  for (const [y, from] of open) edges.push([from, y, columns.length, y]);
  return edges;
}
