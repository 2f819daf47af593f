import type { LabelledPoint, PointXy, PromptItem, SizeHw } from './types';

/** More points than this are thinned to it. */
export const MAX_POINTS = 512;

/** Strokes have a point at least every hundredth of the image diagonal, but not more than one a pixel. */
const STEPS_PER_DIAGONAL = 100;

/** Points of an outline are pulled towards its centroid by this factor, onto the object. */
const POLYGON_SHRINK = 0.9;

type Xy = readonly [number, number];

/**
 * The points that the prompts of one object make, in the image frame, in the order of the prompts.
 *
 * Of n > 512 points those at indices floor((k + 0.5) * n / 512) are kept. Text makes no points.
 */
export function promptPoints(items: readonly PromptItem[], image: SizeHw): readonly LabelledPoint[] {
  const diagonal = Math.sqrt(image.height ** 2 + image.width ** 2);
  const step = Math.max(diagonal / STEPS_PER_DIAGONAL, 1);
  return thin(
    items.flatMap((item) => pointsOf(item, step)),
    MAX_POINTS,
  );
}

function pointsOf(item: PromptItem, step: number): LabelledPoint[] {
  switch (item.kind) {
    case 'click':
      return [{ x: item.x, y: item.y, label: item.label }];
    case 'box':
      return [
        { x: item.x0, y: item.y0, label: 2 },
        { x: item.x1, y: item.y1, label: 3 },
      ];
    case 'scribble':
      return resample(item.points_xy, step, 'open').map(({ x, y }) => ({ x, y, label: item.label }));
    case 'polygon':
      return polygonPoints(item.points_xy, step);
    case 'text':
      return [];
  }
}

function polygonPoints(outline: readonly Xy[], step: number): LabelledPoint[] {
  const centreX = outline.reduce((sum, [x]) => sum + x, 0) / outline.length;
  const centreY = outline.reduce((sum, [, y]) => sum + y, 0) / outline.length;
  return resample(outline, step, 'closed').map(({ x, y }) => ({
    x: centreX + POLYGON_SHRINK * (x - centreX),
    y: centreY + POLYGON_SHRINK * (y - centreY),
    label: 1,
  }));
}

/**
 * Points at equal arc length along a polyline, at most `step` pixels apart.
 *
 * An open line keeps both ends; a closed one joins its last point to its first and starts there. A line
 * without length is one point.
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
  const intervals = Math.ceil(total / step);
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
