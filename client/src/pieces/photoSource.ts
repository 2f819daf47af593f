/** What may be given as an image. */
import { download } from '../api/download';
import { Failure, toClientError } from '../shared/errors';

/** A file, pixels, or the address of a file, which has to allow this page to read it (CORS). */
export type PhotoSource = Blob | ImageData | URL | string;

/** Its file; of pixels a PNG. */
export async function fileOf(source: PhotoSource, signal?: AbortSignal): Promise<Blob> {
  if (source instanceof Blob) return source;
  if (source instanceof ImageData) return pngOf(source);
  const address = new URL(source, document.baseURI).href;
  return new Blob([await download(address, { signal }).catch(outOfReach)]);
}

function outOfReach(error: unknown): never {
  const detail = toClientError(error, 'network');
  if (detail.kind === 'aborted') throw error;
  throw new Failure({ ...detail, what: 'photo-out-of-reach' }, { cause: error });
}

function pngOf(pixels: ImageData): Promise<Blob> {
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  const context = canvas.getContext('2d');
  if (context === null)
    throw new Failure({ kind: 'image', message: 'this browser gives no canvas of that size' });
  context.putImageData(pixels, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}
