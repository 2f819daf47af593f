/** Masks -> PNG files, eight bits a pixel, of the image's size. */
import { forEachSegment, maskFromRle } from '../shared/rle';
import type { CocoRle } from '../shared/types';

type Rgb = readonly [number, number, number];

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const GREY = 0;
const INDEXED = 3;

/** One mask: 255 where it is, 0 elsewhere. */
export const maskPng = (mask: CocoRle): Promise<Blob> =>
  png(mask.size, maskFromRle(mask, 255), { kind: GREY });

/**
 * All masks in one: pixel k belongs to the k-th mask, 0 to none, later masks over earlier ones.
 *
 * The palette, one colour a mask, is for the eye only. At most 255 masks.
 */
export function labelMapPng(masks: readonly CocoRle[], colours: readonly Rgb[]): Promise<Blob> {
  const size = masks[0]?.size ?? [1, 1];
  if (masks.length > 255) throw new RangeError(`a label map holds 255 objects, there are ${masks.length}`);
  const indices = new Uint8Array(size[0] * size[1]);
  masks.forEach((mask, index) => {
    forEachSegment(mask, (x, y0, y1) => {
      for (let y = y0; y < y1; y++) indices[y * size[1] + x] = index + 1;
    });
  });
  return png(size, indices, { kind: INDEXED, palette: [[0, 0, 0], ...colours] });
}

type ColourType =
  { readonly kind: typeof GREY } | { readonly kind: typeof INDEXED; readonly palette: readonly Rgb[] };

async function png(
  [height, width]: readonly [number, number],
  pixels: Uint8Array,
  colour: ColourType,
): Promise<Blob> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8);
  header.setUint8(9, colour.kind);
  const data = await deflate(filtered(pixels, width, height));
  const palette = colour.kind === INDEXED ? [chunk('PLTE', Uint8Array.from(colour.palette.flat()))] : [];
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', new Uint8Array(header.buffer)),
    ...palette,
    chunk('IDAT', data),
    chunk('IEND', new Uint8Array()),
  ];
  return new Blob(parts, { type: 'image/png' });
}

/** Each row behind the number of its filter, 0: none. */
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
