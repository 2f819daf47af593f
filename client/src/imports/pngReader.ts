/** PNG files of one number a pixel -> those numbers: grey or with a palette. Browsers give colours only. */
import { unzlibSync } from 'fflate';
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

const BITS: readonly number[] = [1, 2, 4, 8, 16];

export function readLabelMap(png: Uint8Array): LabelMap {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const [width, height, bits, kind, interlaced] = [
    view.getUint32(16),
    view.getUint32(20),
    view.getUint8(24),
    view.getUint8(25),
    view.getUint8(28),
  ];
  const isRead = (kind === GREY || kind === INDEXED) && BITS.includes(bits) && interlaced === 0;
  if (!isRead || width * height > MAX_PIXELS) refuseFile('a map must be a PNG of one number a pixel');
  const stride = Math.ceil((width * bits) / 8);
  const bytes = unzlibSync(dataOf(png, view), { out: new Uint8Array((stride + 1) * height) });
  const rows = unfiltered(bytes, stride, height, Math.max(bits / 8, 1));
  return { height, width, values: valuesOf(rows, { height, width, stride, bits }) };
}

interface Layout extends Pick<LabelMap, 'height' | 'width'> {
  /** Bytes of a row. */
  readonly stride: number;
  /** Of a pixel. */
  readonly bits: number;
}

/** Pixels begin with the highest bits of a byte; rows begin with a byte. */
function valuesOf(rows: Uint8Array, { height, width, stride, bits }: Layout): Uint16Array {
  const values = new Uint16Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * stride + ((x * bits) >> 3);
      const byte = rows[at] ?? 0;
      values[y * width + x] =
        bits === 16
          ? (byte << 8) | (rows[at + 1] ?? 0)
          : (byte >> (8 - bits - ((x * bits) & 7))) & (2 ** bits - 1);
    }
  }
  return values;
}

function dataOf(png: Uint8Array, view: DataView): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 8; at + 12 <= png.byteLength;) {
    const length = view.getUint32(at);
    if (at + 12 + length > png.byteLength) refuseFile('a map ends too early');
    const name = String.fromCharCode(...png.subarray(at + 4, at + 8));
    if (name === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const data = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (data.set(part, at), at + part.length), 0);
  return data;
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
