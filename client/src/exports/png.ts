/** Masks -> PNG files of the image's size. */
import { Failure } from '../shared/errors';
import { forEachSegment, maskFromRle } from '../shared/rle';
import type { CocoRle } from '../shared/types';

type Rgb = readonly [number, number, number];

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const GREY = 0;
const INDEXED = 3;

/** One mask: 255 where it is, 0 elsewhere. */
export const maskPng = (mask: CocoRle): Promise<Blob> =>
  png(mask.size, maskFromRle(mask, 255), { kind: GREY, bits: 8 });

export interface NumberedMask {
  readonly number: number;
  readonly mask: CocoRle;
  /** For the eye only. */
  readonly colour: Rgb;
}

/** The largest value of a pixel. */
export const MAX_LABEL = 65_535;

/**
 * All masks in one: a pixel has the number of its mask, 0 where there is none; later masks lie over earlier ones.
 *
 * Eight bits and a colour for each number up to 255, else sixteen bits of grey. `legend` says what the numbers
 * are; it stands in the file as text (iTXt) under the keyword `splitseem`.
 */
export function labelMapPng(
  size: CocoRle['size'],
  masks: readonly NumberedMask[],
  legend: string,
): Promise<Blob> {
  const largest = masks.reduce((most, { number }) => Math.max(most, number), 0);
  if (largest > MAX_LABEL) {
    const message = `label maps number objects up to ${MAX_LABEL}, one has the number ${largest}`;
    throw new Failure({ kind: 'image', what: 'label-number-too-large', message });
  }
  const values = largest > 255 ? new Uint16Array(size[0] * size[1]) : new Uint8Array(size[0] * size[1]);
  for (const { number, mask } of masks) {
    forEachSegment(mask, (x, y0, y1) => {
      for (let y = y0; y < y1; y++) values[y * size[1] + x] = number;
    });
  }
  if (values instanceof Uint16Array) return png(size, bigEndian(values), { kind: GREY, bits: 16, legend });
  const palette = Array.from({ length: largest + 1 }, (): Rgb => [0, 0, 0]);
  for (const { number, colour } of masks) palette[number] = colour;
  return png(size, values, { kind: INDEXED, bits: 8, palette, legend });
}

function bigEndian(values: Uint16Array): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(2 * values.length));
  values.forEach((value, index) => bytes.setUint16(2 * index, value));
  return new Uint8Array(bytes.buffer);
}

interface Layout {
  readonly kind: typeof GREY | typeof INDEXED;
  readonly bits: 8 | 16;
  readonly palette?: readonly Rgb[];
  readonly legend?: string;
}

async function png(
  [height, width]: readonly [number, number],
  pixels: Uint8Array,
  { kind, bits, palette, legend }: Layout,
): Promise<Blob> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, bits);
  header.setUint8(9, kind);
  const data = await deflate(filtered(pixels, (width * bits) / 8, height));
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', new Uint8Array(header.buffer)),
    ...(palette ? [chunk('PLTE', Uint8Array.from(palette.flat()))] : []),
    ...(legend === undefined
      ? []
      : [chunk('iTXt', new TextEncoder().encode(`splitseem\0\0\0\0\0${legend}`))]),
    chunk('IDAT', data),
    chunk('IEND', new Uint8Array()),
  ];
  return new Blob(parts, { type: 'image/png' });
}

/** Each row, with the number of its filter before it; 0: none. */
function filtered(pixels: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) {
    rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  return rows;
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
