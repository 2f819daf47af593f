/** Masks in tests: overlap, and PNG files read by the browser itself. */
import type { Page } from 'playwright-core';
import { isValidRle, maskFromRle } from '../src/shared/rle';
import type { CocoRle } from '../src/shared/types';

export function iou(a: CocoRle, b: CocoRle): number {
  if (!isValidRle(a) || !isValidRle(b)) throw new Error('invalid run lengths');
  const [left, right] = [maskFromRle(a), maskFromRle(b)];
  if (left.length !== right.length) throw new Error('masks of different sizes');
  let [both, either] = [0, 0];
  left.forEach((value, index) => {
    const other = right[index] ?? 0;
    both += value & other;
    either += value | other;
  });
  return either === 0 ? 1 : both / either;
}

/** Red channel of a PNG, row by row. */
export async function readPng(
  page: Page,
  png: Buffer,
): Promise<{ size: [number, number]; values: Uint8Array }> {
  const { height, width, values } = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    if (context === null) throw new Error('no 2D canvas');
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    const red = Array.from({ length: data.length / 4 }, (_, i) => data[4 * i] ?? 0);
    return { height: bitmap.height, width: bitmap.width, values: red };
  }, png.toString('base64'));
  return { size: [height, width], values: Uint8Array.from(values) };
}

/** The middle of a mask, as parts of the photo's width and height. */
export function centroid({ size: [height, width], counts }: CocoRle): { x: number; y: number } {
  let [at, count, x, y] = [0, 0, 0, 0];
  counts.forEach((run, index) => {
    if (index % 2 === 1) {
      for (let pixel = at; pixel < at + run; pixel++) {
        x += Math.floor(pixel / height) + 0.5;
        y += (pixel % height) + 0.5;
      }
      count += run;
    }
    at += run;
  });
  return { x: x / count / width, y: y / count / height };
}
