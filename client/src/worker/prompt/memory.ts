import type { Wiring } from '../../shared/model/manifest';
import type { MaskLogits } from '../../shared/types';
import type { FloatTensor } from '../runtime/graph';

/** What a closed pair adds to its attention score. */
const CLOSED = -1e4;

/** The mask of the step before as a tensor [1, copies, H/4, W/4]; zeros when there is none. */
export function previousMask(
  memory: MaskLogits | null,
  height: number,
  width: number,
  copies = 1,
): FloatTensor {
  const plane = height * width;
  const once = memory?.data ?? new Float32Array(plane);
  if (once.length !== plane) {
    throw new Error(`memory has ${once.length} logits, this image ${height} x ${width}`);
  }
  const dims = [1, copies, height, width];
  if (copies === 1) return { dims, data: once };
  const data = new Float32Array(copies * plane);
  for (let copy = 0; copy < copies; copy++) data.set(once, copy * plane);
  return { dims, data };
}

/**
 * Which row sees which column: [1, R, R + P], 0 where it does.
 *
 * Rows are the groups of the wiring in order; columns are the rows, then the points. Memories are closed while
 * there is no previous mask, padded points always; every row sees itself.
 */
export function attentionBias(
  wiring: Wiring,
  columns: { readonly pointIsValid: readonly boolean[]; readonly hasMemory: boolean },
): FloatTensor {
  const rowGroups = wiring.rows.flatMap(({ name, count }) => Array<string>(count).fill(name));
  const rows = rowGroups.length;
  const groups = [...rowGroups, ...columns.pointIsValid.map(() => 'point')];
  const open = groups.map((group, index) => {
    if (index >= rows) return columns.pointIsValid[index - rows] === true;
    return group !== 'memory' || columns.hasMemory;
  });
  const data = new Float32Array(rows * groups.length);
  rowGroups.forEach((rowGroup, row) => {
    const sees = wiring.sees[rowGroup] ?? [];
    groups.forEach((group, column) => {
      const visible = row === column || ((open[column] ?? false) && sees.includes(group));
      data[row * groups.length + column] = visible ? 0 : CLOSED;
    });
  });
  return { dims: [1, rows, groups.length], data };
}
