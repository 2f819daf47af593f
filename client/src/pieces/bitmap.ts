import { forEachSegment } from '../shared/rle';
import type { CocoRle } from '../shared/types';

/** The mask as a picture: this colour where it is, red, green, blue and opacity up to 255; nothing elsewhere. */
export function bitmapOf(mask: CocoRle, rgba: readonly [number, number, number, number]): ImageData {
  const [height, width] = mask.size;
  const picture = new ImageData(width, height);
  const words = new Uint32Array(picture.data.buffer);
  const word = new Uint32Array(Uint8Array.from(rgba).buffer)[0] ?? 0;
  forEachSegment(mask, (x, y0, y1) => {
    for (let y = y0; y < y1; y++) words[y * width + x] = word;
  });
  return picture;
}
