/** The brush of the tools Paint and Erase: as large on the screen at every magnification. */
import type { Store } from './store';

/** CSS pixels across. */
export const SMALLEST_BRUSH = 1;
export const LARGEST_BRUSH = 200;

/** Of a key. */
const BRUSH_STEP = 1.25;

/** Pixels of the image. */
export const brushRadius = ({ brush, viewport }: Pick<Store, 'brush' | 'viewport'>): number =>
  brush.value / 2 / viewport.value.scale;

export function resizeBrush({ brush }: Pick<Store, 'brush'>, size: number): void {
  brush.value = Math.min(Math.max(Math.round(size), SMALLEST_BRUSH), LARGEST_BRUSH);
}

/** By a quarter, at least a pixel. */
export function stepBrush(store: Pick<Store, 'brush'>, direction: -1 | 1): void {
  const size = store.brush.value;
  const by = Math.max(Math.abs(size * BRUSH_STEP ** direction - size), 1);
  resizeBrush(store, size + direction * by);
}
