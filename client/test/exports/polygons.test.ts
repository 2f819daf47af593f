import { expect, it } from 'vitest';
import { polygonsOf } from '../../src/exports/polygons';
import { rleFromMask } from '../masks';
import { HOSTILE_MASKS } from './hostileSession';

/** Fill by the parity of the vertical sides to the left of a pixel's centre: what readers of polygons do. */
function filled(polygons: readonly (readonly number[])[], height: number, width: number): number[] {
  const pixels = Array.from({ length: height * width }, () => 0);
  for (const polygon of polygons) {
    const count = polygon.length / 2;
    for (let i = 0; i < count; i++) {
      const next = (i + 1) % count;
      const [x = 0, y0 = 0, y1 = 0] = [polygon[2 * i], polygon[2 * i + 1], polygon[2 * next + 1]];
      for (let y = Math.min(y0, y1); y < Math.max(y0, y1); y++) {
        for (let right = x; right < width; right++)
          pixels[y * width + right] = 1 - (pixels[y * width + right] ?? 0);
      }
    }
  }
  return pixels;
}

it.each(HOSTILE_MASKS)('polygons of $name are the mask itself', ({ pixels, size }) => {
  const polygons = polygonsOf(rleFromMask(pixels, size));
  expect(filled(polygons, size.height, size.width)).toEqual(Array.from(pixels));
  expect(polygons.every((polygon) => polygon.length >= 8)).toBe(true);
});

it('a part is one polygon, its holes joined to it', () => {
  const parts = Object.fromEntries(
    HOSTILE_MASKS.map(({ name, pixels, size }) => [name, polygonsOf(rleFromMask(pixels, size)).length]),
  );
  expect(parts).toMatchObject({ empty: 0, full: 1, 'one pixel': 1, 'many holes': 1, 'several parts': 12 });
  expect(polygonsOf({ size: [2, 2], counts: [0, 4] })).toEqual([[2, 0, 2, 2, 0, 2, 0, 0]]);
});
