import { expect, it } from 'vitest';
import { annotated } from '../../src/exports/annotated';
import { outlineLoss } from '../../src/exports/outlines';
import { areasOf, polygonsOf } from '../../src/exports/polygons';
import { rasterise } from '../../src/shared/prompt/rasterise';
import { simplified } from '../../src/shared/prompt/simplified';
import { rleIou } from '../../src/shared/rle';
import { rleFromMask } from '../masks';
import { HOSTILE_MASKS, largeSession } from './hostileSession';

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

it('outlines with a tolerance have fewer corners, all of the mask’s own, and nearly its pixels', () => {
  const { photos } = annotated(largeSession());
  for (const { objects, size } of photos) {
    for (const { mask } of objects) {
      const [exact, loose] = [polygonsOf(mask), polygonsOf(mask, 1)];
      const corners = new Set(exact.flatMap(cornersOf));
      expect(loose.flat().length).toBeLessThanOrEqual(exact.flat().length);
      expect(loose.flatMap(cornersOf).every((corner) => corners.has(corner))).toBe(true);
      expect(rleIou(mask, rasterise(loose, size))).toBeGreaterThan(0.98);
    }
  }
  const disc = photos[0]?.objects[0]?.mask;
  const count = (tolerance: number): number => (disc ? polygonsOf(disc, tolerance).flat().length : 0);
  expect(count(1)).toBeLessThan(count(0) / 6);
});

it('outlines with a tolerance keep every part and hole of a mask', () => {
  for (const { pixels, size } of HOSTILE_MASKS) {
    const [exact, loose] = [0, 1.5].map((tolerance) => areasOf(rleFromMask(pixels, size), tolerance));
    expect(loose?.map(({ holes }) => holes.length)).toEqual(exact?.map(({ holes }) => holes.length));
    expect(loose?.every(({ outline }) => outline.length >= 6)).toBe(true);
  }
});

it('what a tolerance costs is said, and nothing without one', () => {
  const { photos } = annotated(largeSession());
  expect(outlineLoss(photos, 0)).toEqual({ iou: 1, measured: 4, objects: 4 });
  const { iou } = outlineLoss(photos, 3);
  expect(iou).toBeGreaterThan(0.9);
  expect(iou).toBeLessThan(1);
});

it('no corner that is left out lies farther from the outline than the tolerance', () => {
  const wave = Array.from({ length: 400 }, (_, k) => [k, 10 * Math.sin(k / 20)]).flat();
  const ring = [...wave, 399, -50, 0, -50];
  const corners = cornersOf(simplified(ring, 0.5)).map((corner) => corner.split(' ').map(Number));
  const far = wave.flatMap((x, at) => {
    if (at % 2 === 1) return [];
    const next = corners.findIndex(([cx = 0]) => cx > x);
    const [[ax = 0, ay = 0], [bx = 1, by = 0]] = [corners[next - 1] ?? [], corners[next] ?? []];
    return next < 1 ? [] : Math.abs((wave[at + 1] ?? 0) - ay - ((x - ax) * (by - ay)) / (bx - ax));
  });
  expect(Math.max(...far)).toBeLessThan(0.6);
});

const cornersOf = (ring: readonly number[]): string[] =>
  ring.flatMap((x, at) => (at % 2 === 0 ? [`${x} ${ring[at + 1]}`] : []));
