import type { PointXy } from '../types';

export type Xy = readonly [number, number];

/** Intervals of a line, however long it is; more points of a prompt than a model takes are thinned anyway. */
const MOST_ALONG = 1024;

/**
 * Points at equal arc length along a polyline, at most `step` pixels apart, or `MOST_ALONG` intervals.
 *
 * An open line keeps both ends; a closed one joins its last point to its first and starts there. A line
 * without length is one point. Throws a RangeError when the line has no finite length.
 */
export function resample(line: readonly Xy[], step: number, ends: 'open' | 'closed'): PointXy[] {
  const first = line[0];
  if (first === undefined) return [];
  const corners = ends === 'closed' ? [...line, first] : line;
  const lengths = corners.slice(1).map(([x, y], index) => {
    const [previousX, previousY] = corners[index] ?? first;
    // Not Math.hypot: its last bit differs between browsers.
    return Math.sqrt((x - previousX) ** 2 + (y - previousY) ** 2);
  });
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total === 0) return [{ x: first[0], y: first[1] }];
  if (!Number.isFinite(total)) throw new RangeError('a line must have a finite length');
  const intervals = Math.ceil(Math.min(total / step, MOST_ALONG));
  let segment = 0;
  let passed = 0;
  return Array.from({ length: ends === 'closed' ? intervals : intervals + 1 }, (_, k) => {
    const wanted = (total * k) / intervals;
    while (segment < lengths.length - 1 && passed + (lengths[segment] ?? 0) < wanted) {
      passed += lengths[segment] ?? 0;
      segment++;
    }
    const length = lengths[segment] ?? 0;
    const part = length === 0 ? 0 : Math.min(1, (wanted - passed) / length);
    return between(corners[segment] ?? first, corners[segment + 1] ?? first, part);
  });
}

const between = ([ax, ay]: Xy, [bx, by]: Xy, part: number): PointXy => ({
  x: ax + (bx - ax) * part,
  y: ay + (by - ay) * part,
});

/** At most `most` of the items, in order: of n > `most`, those at indices floor((k + 0.5) * n / most). */
export function thin<T>(items: readonly T[], most: number): readonly T[] {
  const count = items.length;
  if (count <= most) return items;
  const kept = new Set(Array.from({ length: most }, (_, k) => Math.floor(((k + 0.5) * count) / most)));
  return items.filter((_, index) => kept.has(index));
}
