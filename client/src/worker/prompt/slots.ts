/** How many point slots a graph is fed. */
import type { LabelledPoint } from '../../shared/types';
import type { Graph } from '../runtime/graph';

const PADDING: LabelledPoint = { x: 0, y: 0, label: -1 };
const GROWTH = 4;

/** The points, padded to a power of four for a graph that is opened for every size. Nothing sees the padding. */
export function slotsFor(
  { hasFixedSizes = false }: Graph,
  points: readonly LabelledPoint[],
): readonly LabelledPoint[] {
  if (!hasFixedSizes) return points;
  let size = GROWTH;
  while (size < points.length) size *= GROWTH;
  return [...points, ...Array<LabelledPoint>(size - points.length).fill(PADDING)];
}
