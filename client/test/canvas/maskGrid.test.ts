import { expect, it } from 'vitest';
import { gridEdges, maskGrid } from '../../src/canvas/maskGrid';
import { rleFromMask } from '../masks';
import type { CocoRle } from '../../src/shared/types';

const pixelsOf = (picture: readonly string[]) =>
  Uint8Array.from(picture.join(''), (character) => (character === '#' ? 1 : 0));

/** A cell a pixel, of the whole mask. */
function maskEdges(mask: CocoRle) {
  const [height, width] = mask.size;
  return gridEdges(maskGrid(mask, { x: 0, y: 0, height, width }, { height, width }));
}

it('outlines a mask with a hole, straight edges joined', () => {
  const picture = ['.....', '.###.', '.#.#.', '.###.', '.....'];
  const edges = maskEdges(rleFromMask(pixelsOf(picture), { height: 5, width: 5 }));
  expect(new Set(edges.map((edge) => edge.join()))).toEqual(
    new Set(['1,1,1,4', '4,1,4,4', '2,2,2,3', '3,2,3,3', '1,1,4,1', '1,4,4,4', '2,2,3,2', '2,3,3,3']),
  );
});

it('outlines a mask that reaches the border', () => {
  const edges = maskEdges({ size: [2, 2], counts: [0, 4] });
  expect(new Set(edges.map((edge) => edge.join()))).toEqual(
    new Set(['0,0,0,2', '2,0,2,2', '0,0,2,0', '0,2,2,2']),
  );
});

it.each([
  ['half as many cells are the pixels at their centres', { x: 0, y: 0, height: 4, width: 6 }, [2, 3]],
  ['a part of the image', { x: 1, y: 1, height: 3, width: 4 }, [3, 4]],
  ['a part in fewer cells', { x: 1, y: 1, height: 3, width: 5 }, [2, 2]],
] as const)('%s', (_, region, [height, width]) => {
  const picture = ['..##..', '.####.', '###..#', '....##'];
  const grid = maskGrid(rleFromMask(pixelsOf(picture), { height: 4, width: 6 }), region, { height, width });
  const found = Array.from({ length: height }, (_, row) =>
    grid.columns
      .map((rows) => {
        const isInside = rows.some((from, i) => i % 2 === 0 && from <= row && row < (rows[i + 1] ?? 0));
        return isInside ? '#' : '.';
      })
      .join(''),
  );
  const expected = Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) => {
      const y = Math.floor(region.y + ((row + 0.5) * region.height) / height);
      const x = Math.floor(region.x + ((column + 0.5) * region.width) / width);
      return picture[y]?.[x];
    }).join(''),
  );
  expect(found).toEqual(expected);
});
