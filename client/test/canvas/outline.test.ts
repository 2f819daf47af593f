import { expect, it } from 'vitest';
import { maskEdges } from '../../src/canvas/outline';
import { rleFromMask } from '../../src/shared/rle';

it('outlines a mask with a hole, straight edges joined', () => {
  const picture = ['.....', '.###.', '.#.#.', '.###.', '.....'];
  const pixels = Uint8Array.from(picture.join(''), (character) => (character === '#' ? 1 : 0));
  const edges = maskEdges(rleFromMask(pixels, { height: 5, width: 5 }));
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
