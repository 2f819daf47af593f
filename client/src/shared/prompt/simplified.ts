/**
 * A closed outline with fewer corners, all of them corners that it had, nowhere farther than a tolerance from it.
 *
 * Source: Douglas and Peucker (1973), on the two lines between the first corner and the one farthest from it.
 */

/** Args: ring: [x0, y0, x1, y1, ...], pixels; tolerance: pixels. An outline that would have no area stays as it is. */
export function simplified(ring: readonly number[], tolerance: number): readonly number[] {
  const count = ring.length / 2;
  if (tolerance <= 0 || count <= 4) return ring;
  const far = farthest(ring, 0, count, (index) => distance(ring, index, 0)).index;
  const kept = new Set([0, far]);
  const lines = [[0, far] as const, [far, count] as const];
  for (let line = lines.pop(); line !== undefined; line = lines.pop()) {
    const [from, to] = line;
    const found = farthest(ring, from + 1, to, (index) => fromLine(ring, index, from, to % count));
    if (found.distance <= tolerance) continue;
    kept.add(found.index);
    lines.push([from, found.index], [found.index, to]);
  }
  if (kept.size < 3) return ring;
  return [...kept].sort((a, b) => a - b).flatMap((index) => [x(ring, index), y(ring, index)]);
}

/** Of the corners from one to the one before another. */
function farthest(
  ring: readonly number[],
  from: number,
  to: number,
  measure: (index: number) => number,
): { readonly index: number; readonly distance: number } {
  let found = { index: from % (ring.length / 2), distance: -1 };
  for (let index = from; index < to; index++) {
    const away = measure(index);
    if (away > found.distance) found = { index, distance: away };
  }
  return found;
}

const x = (ring: readonly number[], index: number): number => ring[2 * index] ?? 0;
const y = (ring: readonly number[], index: number): number => ring[2 * index + 1] ?? 0;

const distance = (ring: readonly number[], one: number, other: number): number =>
  Math.hypot(x(ring, one) - x(ring, other), y(ring, one) - y(ring, other));

/** From the line between two corners, its ends included. */
function fromLine(ring: readonly number[], index: number, from: number, to: number): number {
  const [ax, ay] = [x(ring, from), y(ring, from)];
  const [dx, dy] = [x(ring, to) - ax, y(ring, to) - ay];
  const [px, py] = [x(ring, index) - ax, y(ring, index) - ay];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(Math.max((px * dx + py * dy) / length, 0), 1);
  return Math.hypot(px - along * dx, py - along * dy);
}
