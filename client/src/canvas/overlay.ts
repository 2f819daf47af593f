/** Masks -> pictures to draw over the photo, made once per mask. */
import { forEachSegment } from '../shared/rle';
import type { CocoRle } from '../shared/types';
import { maskEdges } from './outline';
import type { Rgb } from './palette';

export interface MaskPicture {
  /** The filled mask; drawn over the whole image whatever its size. */
  readonly fill: HTMLCanvasElement;
  /** Its outline in image coordinates. */
  readonly outline: Path2D;
}

/** Larger masks are drawn from fewer pixels; the outline stays exact. */
const MAX_FILL_PIXELS = 4_000_000;

const FILL_ALPHA = 110;

const pictures = new WeakMap<CocoRle, MaskPicture>();

/** The picture of a mask; `colour` is the same for the same mask, since it belongs to the object. */
export function pictureOf(mask: CocoRle, colour: Rgb): MaskPicture {
  const known = pictures.get(mask);
  if (known !== undefined) return known;
  const picture = { fill: fillOf(mask, colour), outline: outlineOf(mask) };
  pictures.set(mask, picture);
  return picture;
}

function fillOf(mask: CocoRle, [r, g, b]: Rgb): HTMLCanvasElement {
  const [height, width] = mask.size;
  const scale = Math.min(1, Math.sqrt(MAX_FILL_PIXELS / (height * width)));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const pixels = new ImageData(canvas.width, canvas.height);
  const words = new Uint32Array(pixels.data.buffer);
  const colour = new Uint32Array(new Uint8Array([r, g, b, FILL_ALPHA]).buffer)[0] ?? 0;
  const [scaleX, scaleY] = [canvas.width / width, canvas.height / height];
  forEachSegment(mask, (x, y0, y1) => {
    const column = Math.floor(x * scaleX);
    const last = Math.min(Math.round(y1 * scaleY), canvas.height);
    for (let y = Math.round(y0 * scaleY); y < last; y++) words[y * canvas.width + column] = colour;
  });
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  return canvas;
}

function outlineOf(mask: CocoRle): Path2D {
  const path = new Path2D();
  for (const [x0, y0, x1, y1] of maskEdges(mask)) {
    path.moveTo(x0, y0);
    path.lineTo(x1, y1);
  }
  return path;
}
