/** PNG files of one number a pixel -> those numbers: grey or with a palette, 8 or 16 bits. Browsers give colours only. */
import { refuseFile } from './imported';

export interface LabelMap {
  readonly height: number;
  readonly width: number;
  /** Row by row. */
  readonly values: Uint16Array;
}

const GREY = 0;
const INDEXED = 3;
const MAX_PIXELS = 2 ** 28;

export async function readLabelMap(png: Uint8Array<ArrayBuffer>): Promise<LabelMap> {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const [width, height, bits, kind, interlaced] = [
    view.getUint32(16),
    view.getUint32(20),
    view.getUint8(24),
    view.getUint8(25),
    view.getUint8(28),
  ];
  const isRead = (kind === GREY || kind === INDEXED) && (bits === 8 || bits === 16) && interlaced === 0;
  if (!isRead || width * height > MAX_PIXELS)
    refuseFile('a map must be a PNG of one number a pixel, 8 or 16 bits');
  const bytes = await inflate(dataOf(png, view));
  const pixel = bits / 8;
  const rows = unfiltered(bytes, width * pixel, height, pixel);
  const values = new Uint16Array(width * height);
  for (let index = 0; index < values.length; index++) {
    values[index] =
      pixel === 1 ? (rows[index] ?? 0) : ((rows[2 * index] ?? 0) << 8) | (rows[2 * index + 1] ?? 0);
  }
  return { height, width, values };
}

function dataOf(png: Uint8Array<ArrayBuffer>, view: DataView): Blob {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 8; at + 12 <= png.byteLength;) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...png.subarray(at + 4, at + 8));
    if (name === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return new Blob(parts);
}

async function inflate(data: Blob): Promise<Uint8Array> {
  const stream = data.stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Each row has the number of its filter before it, which says what was taken from each byte. */
function unfiltered(bytes: Uint8Array, width: number, height: number, pixel: number): Uint8Array {
  const rows = new Uint8Array(width * height);
  if (bytes.length < (width + 1) * height) refuseFile('a map ends too early');
  for (let y = 0; y < height; y++) {
    const filter = bytes[y * (width + 1)] ?? 0;
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const left = x < pixel ? 0 : (rows[at - pixel] ?? 0);
      const above = y === 0 ? 0 : (rows[at - width] ?? 0);
      const corner = x < pixel || y === 0 ? 0 : (rows[at - width - pixel] ?? 0);
      rows[at] = (bytes[y * (width + 1) + 1 + x] ?? 0) + predicted(filter, left, above, corner);
    }
  }
  return rows;
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  switch (filter) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return (left + above) >> 1;
    case 4:
      return nearest(left, above, corner);
    default:
      return refuseFile('a map has an unknown filter');
  }
}

/** The one of the three that is nearest to left + above - corner. */
function nearest(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}
