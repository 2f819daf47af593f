/** A picture -> its pixels and their halves, in strips. */
import type { SizeHw } from '../../../shared/types';
import { finestLevel, halfOf, halveRows, PhotoPyramid, type PhotoLevel } from './pyramid';

/** Of a strip: a slice of a few milliseconds. */
const STRIP_PIXELS = 500_000;

type Slice = <T>(work: () => Promise<T>) => Promise<T>;

/** Closes the picture. */
export async function readPyramid(bitmap: ImageBitmap, slice: Slice): Promise<PhotoPyramid> {
  const { height, width } = bitmap;
  const finest = finestLevel(bitmap);
  const rows = 2 * Math.max(1, Math.round(STRIP_PIXELS / width / 2));
  const whole = levelOf(finest === 0 ? bitmap : { height: rows, width });
  const half = levelOf(halfOf(bitmap));
  const context = contextOf({ height: Math.min(rows, height), width });
  try {
    for (let top = 0; top < height; top += rows) {
      await slice(async () => {
        const count = Math.min(rows, height - top);
        const at = finest === 0 ? top : 0;
        readStrip(context, bitmap, { top, count }, whole.data.subarray(3 * width * at));
        const strip = { width, height: at + count, data: whole.data };
        halveRows(strip, half, { from: at / 2, to: top / 2, count: Math.ceil(count / 2) });
        return Promise.resolve();
      });
    }
  } finally {
    bitmap.close();
  }
  return new PhotoPyramid(finest, finest === 0 ? [whole, half] : [half]);
}

function levelOf({ height, width }: SizeHw): PhotoLevel {
  return { height, width, data: new Uint8Array(3 * height * width) };
}

/** Over white, as the server sees pictures. */
function readStrip(
  context: OffscreenCanvasRenderingContext2D,
  bitmap: ImageBitmap,
  { top, count }: { readonly top: number; readonly count: number },
  colours: Uint8Array,
): void {
  context.fillRect(0, 0, bitmap.width, count);
  context.drawImage(bitmap, 0, -top);
  const { data } = context.getImageData(0, 0, bitmap.width, count);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    colours[to++] = data[from] ?? 0;
    colours[to++] = data[from + 1] ?? 0;
    colours[to++] = data[from + 2] ?? 0;
  }
}

function contextOf({ height, width }: SizeHw): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext('2d', {
    alpha: false,
    willReadFrequently: true,
  });
  if (context === null) throw new Error('this browser gives no canvas of that size');
  context.fillStyle = 'white';
  return context;
}
