/** A photo file -> the pixels that the server reads from it, whatever marks it has and whatever browser this is. */
import { isForServer, kindOf } from '../shared/image/imageKinds';
import { readMarks, type Orientation } from '../shared/image/imageMarks';
import { Failure } from '../shared/errors';
import type { Region } from '../canvas/maskGrid';
import type { SizeHw } from '../shared/types';

export interface Decoded {
  /** What the server is sent; it reads the pixels of `bitmap` from it. */
  readonly file: Blob;
  /** Upright. */
  readonly bitmap: ImageBitmap;
  /** Of the file that was opened, where `bitmap` is a smaller picture of it. */
  readonly shrunkFrom?: { readonly width: number; readonly height: number };
}

/** Ask the server for a file as an upright picture that every browser reads. */
export type Convert = (file: Blob) => Promise<Blob>;

/** What a server accepts unless it is told otherwise. */
const MOST_PIXELS = 64_000_000;
const MOST_BYTES = 32 * 2 ** 20;
const JPEG_QUALITY = 0.95;
/** As the server reads them: colour profiles are not obeyed. */
const AS_STORED: ImageBitmapOptions = { colorSpaceConversion: 'none' };

/** @throws Failure: no photo, broken, or of a kind that neither the browser nor the server reads. */
export async function decodePhoto(file: Blob, name: string, convert: Convert): Promise<Decoded> {
  const data = new Uint8Array(await file.arrayBuffer());
  const kind = kindOf(data);
  if (kind === 'image/heic') throw failure('photo-heic', name);
  const typed = kind === null || kind === file.type ? file : file.slice(0, file.size, kind);
  if (kind !== null && isForServer(kind, data)) return converted(typed, name, convert);
  const bitmap = await upright(typed, data);
  if (bitmap !== null) return kind === null ? asPng(bitmap) : fitting({ file: typed, bitmap });
  if (kind === null) throw failure('photo-unreadable', name);
  return converted(typed, name, convert);
}

/**
 * A photo that needs no other file, by its head alone: what the server is sent, and the size of the upright picture.
 * Null where the pixels have to be looked at.
 */
export async function measurePhoto(
  file: Blob,
): Promise<{ readonly file: Blob; readonly size: SizeHw } | null> {
  const data = new Uint8Array(await file.arrayBuffer());
  const kind = kindOf(data);
  if (kind === null || kind === 'image/heic' || isForServer(kind, data) || file.size > MOST_BYTES)
    return null;
  const { orientation, unmarked } = readMarks(data);
  const stored = await storedSize(new Blob([...unmarked], { type: kind }));
  if (stored === null || stored.width * stored.height > MOST_PIXELS) return null;
  const size = orientation >= 5 ? { width: stored.height, height: stored.width } : stored;
  return { file: kind === file.type ? file : file.slice(0, file.size, kind), size };
}

/** Of a picture without marks; null if the browser cannot read it. */
async function storedSize(picture: Blob): Promise<SizeHw | null> {
  const address = URL.createObjectURL(picture);
  const image = new Image();
  const isRead = await new Promise<boolean>((resolve) => {
    image.onload = () => resolve(true);
    image.onerror = () => resolve(false);
    image.src = address;
  });
  URL.revokeObjectURL(address);
  const { naturalWidth: width, naturalHeight: height } = image;
  return isRead && width > 0 && height > 0 ? { width, height } : null;
}

const failure = (what: 'photo-heic' | 'photo-unreadable', about: string, cause?: unknown): Failure =>
  new Failure({ kind: 'image', what, about, message: `${about} cannot be decoded` }, { cause });

/** All pixels of what `decodePhoto` gave as `file`, upright; close it soon, it takes four bytes a pixel. */
export async function decodeWhole(file: Blob): Promise<ImageBitmap> {
  const { blob, orientation } = await unmarkedOf(file);
  return turned(await createImageBitmap(blob, AS_STORED), orientation);
}

/** A region of them, of a photo of some size, brought to another size. */
export async function decodePart(
  file: Blob,
  size: SizeHw,
  region: Region,
  wanted: SizeHw,
): Promise<ImageBitmap> {
  const { blob, orientation } = await unmarkedOf(file);
  const { x, y, width, height } = storedRegion(size, orientation, region);
  const [resizeWidth, resizeHeight] =
    orientation >= 5 ? [wanted.height, wanted.width] : [wanted.width, wanted.height];
  const isSmaller = resizeWidth < width;
  const pixels = await createImageBitmap(blob, x, y, width, height, {
    ...AS_STORED,
    ...(isSmaller && { resizeWidth, resizeHeight, resizeQuality: 'medium' }),
  });
  return turned(pixels, orientation);
}

/** The browser's pixels, turned by the rule; null if it cannot read them. */
async function upright(file: Blob, data: Uint8Array<ArrayBuffer>): Promise<ImageBitmap | null> {
  keepUnmarked(file, data);
  try {
    return await decodeWhole(file);
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

interface Unmarked {
  /** The file without its marks, so that every browser shows the stored pixels. */
  readonly blob: Blob;
  readonly orientation: Orientation;
}

const unmarkedFiles = new WeakMap<Blob, Unmarked>();

function keepUnmarked(file: Blob, data: Uint8Array<ArrayBuffer>): Unmarked {
  const { orientation, unmarked } = readMarks(data);
  const bytes = unmarked.reduce((sum, piece) => sum + piece.byteLength, 0);
  const isUnchanged = bytes === data.byteLength && unmarked.every(({ buffer }) => buffer === data.buffer);
  const kept = { blob: isUnchanged ? file : joined(unmarked, file.type), orientation };
  unmarkedFiles.set(file, kept);
  return kept;
}

/** One piece: Firefox decodes no JPEG from a Blob of several, of which it looks at the first alone. */
function joined(pieces: readonly Uint8Array<ArrayBuffer>[], type: string): Blob {
  const bytes = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return new Blob([bytes], { type });
}

const unmarkedOf = async (file: Blob): Promise<Unmarked> =>
  unmarkedFiles.get(file) ?? keepUnmarked(file, new Uint8Array(await file.arrayBuffer()));

/** Where a region of an upright photo of some size lies among the stored pixels. */
function storedRegion({ width, height }: SizeHw, orientation: Orientation, region: Region): Region {
  const turn = orientation >= 5 ? TURNS[orientation](height, width) : TURNS[orientation](width, height);
  const back = DOMMatrix.fromMatrix(turn).inverse();
  const corners = [
    new DOMPoint(region.x, region.y),
    new DOMPoint(region.x + region.width, region.y + region.height),
  ].map((corner) => corner.matrixTransform(back));
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** Where a pixel (x, y) of a picture of size w, h goes: x' = a x + c y + e, y' = b x + d y + f. */
const TURNS: Readonly<Record<Orientation, (w: number, h: number) => DOMMatrix2DInit>> = {
  1: () => ({}),
  2: (w) => ({ a: -1, e: w }),
  3: (w, h) => ({ a: -1, d: -1, e: w, f: h }),
  4: (_, h) => ({ d: -1, f: h }),
  5: () => ({ a: 0, b: 1, c: 1, d: 0 }),
  6: (_, h) => ({ a: 0, b: 1, c: -1, d: 0, e: h }),
  7: (w, h) => ({ a: 0, b: -1, c: -1, d: 0, e: h, f: w }),
  8: (w) => ({ a: 0, b: -1, c: 1, d: 0, f: w }),
};

function turned(bitmap: ImageBitmap, orientation: Orientation): ImageBitmap {
  if (orientation === 1) return bitmap;
  const { width, height } = bitmap;
  const canvas = orientation >= 5 ? new OffscreenCanvas(height, width) : new OffscreenCanvas(width, height);
  const context = contextOf(canvas);
  context.setTransform(TURNS[orientation](width, height));
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.transferToImageBitmap();
}

async function converted(file: Blob, name: string, convert: Convert): Promise<Decoded> {
  const picture = await convert(file);
  try {
    return await fitting({ file: picture, bitmap: await createImageBitmap(picture) });
  } catch (error) {
    throw failure('photo-unreadable', name, error);
  }
}

/** What only the browser can read, in a form that the server reads too. */
async function asPng(bitmap: ImageBitmap): Promise<Decoded> {
  const file = await canvasOf(bitmap, bitmap.width, bitmap.height).convertToBlob({ type: 'image/png' });
  return fitting({ file, bitmap });
}

/** A smaller picture, or one of fewer bytes, where the server would refuse the photo. */
async function fitting({ file, bitmap }: Decoded): Promise<Decoded> {
  const { width, height } = bitmap;
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)));
  if (scale === 1 && file.size <= MOST_BYTES) return { file, bitmap };
  const canvas = canvasOf(bitmap, Math.floor(width * scale), Math.floor(height * scale));
  bitmap.close();
  const smaller = await canvas.convertToBlob({ type: 'image/jpeg', quality: JPEG_QUALITY });
  const shown = { file: smaller, bitmap: await createImageBitmap(smaller) };
  return scale === 1 ? shown : { ...shown, shrunkFrom: { width, height } };
}

/** The picture over white, as the server sees it. */
function canvasOf(bitmap: ImageBitmap, width: number, height: number): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  const context = contextOf(canvas);
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  return canvas;
}

function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser gives no canvas of that size');
  return context;
}

/** A photo that browser and server see in different sizes would get shifted masks. */
export function checkSize(photo: SizeHw, [height, width]: readonly [number, number]): void {
  if (photo.height === height && photo.width === width) return;
  throw new Failure({
    kind: 'image',
    what: 'photo-size-differs',
    message:
      `the browser reads this photo as ${photo.width} x ${photo.height} pixels, ` +
      `the server as ${width} x ${height}`,
  });
}
