import { expect, it } from 'vitest';
import { chainsOf } from '../../src/canvas/chains';
import { gridEdges, maskGrid } from '../../src/canvas/maskGrid';
import { rleFromMask } from '../masks';

const linesOf = (rows: readonly string[]) => {
  const size = { height: rows.length, width: rows[0]?.length ?? 0 };
  const mask = rleFromMask(Uint8Array.from(rows.join(''), Number), size);
  return chainsOf(gridEdges(maskGrid(mask, { x: 0, y: 0, ...size }, size)));
};

it('joins the edges of a part to one closed line, and those of a hole to another', () => {
  const lines = linesOf(['11110', '10010', '11110', '00000', '00001']);
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line.at(-1)).toEqual(line[0]);
  const lengths = lines.map((line) =>
    line
      .slice(1)
      .reduce((sum, [x, y], k) => sum + Math.hypot(x - (line[k]?.[0] ?? 0), y - (line[k]?.[1] ?? 0)), 0),
  );
  expect(lengths.toSorted((a, b) => a - b)).toEqual([4, 6, 14]);
});

it('uses every edge once where two parts meet at a corner', () => {
  const lines = linesOf(['10', '01']);
  const length = ([x, y]: readonly [number, number], [u, v]: readonly [number, number]): number =>
    Math.abs(x - u) + Math.abs(y - v);
  const lengths = lines.map((line) =>
    line.slice(1).reduce((sum, corner, k) => sum + length(corner, line[k] ?? corner), 0),
  );
  expect(lengths.reduce((sum, value) => sum + value, 0)).toBe(8);
});

it('makes nothing of nothing', () => {
  expect(linesOf(['00'])).toEqual([]);
});
