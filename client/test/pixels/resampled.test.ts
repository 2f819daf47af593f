import { describe, expect, it } from 'vitest';
import { filterOf, resampleColumns, resampleRows } from '../../src/pixels/resampled';

/** RGBA pixels in which no two are alike. */
const photo = (width: number, height: number): Uint8ClampedArray =>
  Uint8ClampedArray.from({ length: 4 * width * height }, (_, at) => {
    const [channel, x, y] = [at % 4, Math.floor(at / 4) % width, Math.floor(at / 4 / width)];
    return channel === 3 ? 255 : (37 * x * x + 11 * y + 90 * channel) % 256;
  });

/** RGB values at another size, rows in pieces of one. */
function resized([width, height]: readonly [number, number], [w, h]: readonly [number, number]): number[] {
  const [rows, narrow] = [photo(width, height), new Uint8Array(3 * w * height)];
  for (let y = 0; y < height; y++)
    resampleRows(rows.subarray(4 * width * y, 4 * width * (y + 1)), width, filterOf(width, w), narrow, y);
  const pixels = resampleColumns(narrow, w, filterOf(height, h));
  expect(pixels).toHaveLength(4 * w * h);
  return [...pixels].filter((_, at) => at % 4 !== 3);
}

describe('a photo at another size', () => {
  it('is what Image.resize of Pillow 13 makes of it, by Resampling.BICUBIC', () => {
    const smaller = [20, 110, 208, 117, 195, 95, 86, 176, 4, 41, 131, 229, 138, 91, 116, 107, 197, 22];
    expect(resized([5, 4], [3, 2])).toEqual(smaller);
    expect(resized([2, 2], [4, 3])).toEqual([
      ...[0, 86, 176, 7, 97, 187, 28, 118, 208, 39, 129, 219, 4, 93, 183, 14, 104, 194, 35, 125, 215],
      ...[46, 136, 226, 9, 99, 189, 20, 110, 200, 41, 131, 221, 52, 142, 232],
    ]);
  });

  it('of its own size is itself', () => {
    expect(resized([3, 2], [3, 2])).toEqual([...photo(3, 2)].filter((_, at) => at % 4 !== 3));
  });
});
