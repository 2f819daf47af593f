/** Pixels of photos, fewer than the files hold. */
import type { Picture } from '../../canvas/layers';
import type { SizeHw } from '../../shared/types';

/** Of an overview: enough for a screen, so that most photos need nothing more. */
export const OVERVIEW_PIXELS = 3_000_000;

/** Sharper pixels of a part of a photo. */
export interface Detail extends Picture {
  readonly file: Blob;
  readonly pixels: ImageBitmap;
  /** Pixels of the bitmap in one of the image. */
  readonly scale: number;
}

/** The same picture in at most `mostPixels`; closes the original if it makes another. */
export async function shrunk(whole: ImageBitmap, mostPixels: number): Promise<ImageBitmap> {
  const factor = Math.sqrt(mostPixels / (whole.width * whole.height));
  if (factor >= 1) return whole;
  try {
    const { width, height } = sizeBy(whole, factor);
    return await createImageBitmap(whole, {
      resizeWidth: width,
      resizeHeight: height,
      resizeQuality: 'medium',
    });
  } finally {
    whole.close();
  }
}

export const sizeBy = ({ width, height }: SizeHw, factor: number): SizeHw => ({
  width: Math.max(1, Math.round(width * factor)),
  height: Math.max(1, Math.round(height * factor)),
});
