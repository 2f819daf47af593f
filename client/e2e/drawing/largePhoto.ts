/** A large photo with two small objects, drawn by the browser. */
import type { Page } from 'playwright-core';
import { RunWriter, rleIou } from '../../src/shared/rle';
import type { CocoRle, PointXy } from '../../src/shared/types';

const SIZE = { width: 4200, height: 2800 };
const RADII = { x: 24, y: 17 };
/** Of small objects, image frame. */
export const [FIRST, SECOND] = [
  { x: 2900.5, y: 900.5 },
  { x: 3010.5, y: 950.5 },
];

/** As parts of its width and height. */
export const partOf = ({ x, y }: PointXy): PointXy => ({ x: x / SIZE.width, y: y / SIZE.height });

/** Overlap of a mask with the small object at a place. */
export function overlap(mask: CocoRle | null | undefined, { x, y }: PointXy): number {
  const runs = new RunWriter();
  const reach = (column: number): number =>
    RADII.y * Math.sqrt(1 - Math.min(1, ((column + 0.5 - x) / RADII.x) ** 2));
  for (let column = 0; column < SIZE.width; column++) {
    const [from, to] = [Math.round(y - reach(column)), Math.round(y + reach(column))];
    runs.push(false, from);
    runs.push(true, to - from);
    runs.push(false, SIZE.height - to);
  }
  return mask ? rleIou(mask, runs.finish(SIZE)) : 0;
}

/** Spots on a ground, and two small objects. */
export async function drawLargePhoto(page: Page): Promise<Buffer> {
  const base64 = await page.evaluate(
    async ({ size, radii, places }) => {
      const canvas = new OffscreenCanvas(size.width, size.height);
      const context = canvas.getContext('2d');
      if (context === null) throw new Error('no 2D canvas');
      const ellipse = (x: number, y: number, a: number, b: number, colour: string): void => {
        context.fillStyle = colour;
        context.beginPath();
        context.ellipse(x, y, a, b, 0, 0, 2 * Math.PI);
        context.fill();
      };
      context.fillStyle = 'rgb(120 130 96)';
      context.fillRect(0, 0, size.width, size.height);
      for (let k = 0; k < 900; k++) {
        const shade = `rgb(${100 + ((k * 37) % 50)} ${112 + ((k * 53) % 40)} ${76 + ((k * 29) % 45)} / 0.35)`;
        ellipse((k * 997) % size.width, (k * 617) % size.height, 30 + (k % 130), 30 + ((k * 7) % 110), shade);
      }
      for (const { x, y } of places) ellipse(x, y, radii.x, radii.y, 'rgb(60 66 110)');
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 });
      let text = '';
      for (const byte of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(byte);
      return btoa(text);
    },
    { size: SIZE, radii: RADII, places: [FIRST, SECOND] },
  );
  return Buffer.from(base64, 'base64');
}
