import { maskFromRle } from '../shared/rle';
import type { CocoRle } from '../shared/types';

/** The photo where the mask is, transparent elsewhere, as PNG of the image's size. */
export async function cutOutPng(photo: CanvasImageSource, mask: CocoRle): Promise<Blob> {
  const [height, width] = mask.size;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser has no 2D canvas');
  context.drawImage(photo, 0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height);
  maskFromRle(mask).forEach((inside, index) => {
    if (inside === 0) pixels.data[4 * index + 3] = 0;
  });
  context.putImageData(pixels, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('the picture is too large for this browser'));
      else resolve(blob);
    }, 'image/png');
  });
}
