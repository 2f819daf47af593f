/**
 * An image file -> how it is to be turned, and the same file without marks that a browser might turn it by.
 *
 * The rule is that of `splitseem_server/images/marks.py`: the first EXIF block that stands where the format puts it
 * (JPEG: APP1 before the first scan; PNG: chunk eXIf; WebP: chunk EXIF) counts, and of it tag 274 of the first
 * directory, if that is one integer from 1 to 8. Colour profiles are left in: the browser shows colours by them.
 */

/** EXIF's number: 1 is upright, 5 to 8 lie on their side. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export interface Marks {
  readonly orientation: Orientation;
  /** Pieces of the file, in order, without metadata. */
  readonly unmarked: readonly Uint8Array<ArrayBuffer>[];
}

type Bytes = Uint8Array<ArrayBuffer>;
interface Part {
  readonly start: number;
  readonly end: number;
  /** What is written instead of these bytes; they themselves if nothing is said. */
  readonly instead?: Bytes;
  readonly kept: boolean;
  readonly exif?: Bytes;
}

/** Files of another kind, and broken ones from the place on where they are broken, stay as they are. */
export function readMarks(data: Bytes): Marks {
  const split = SPLITTERS.find(({ begins }) => begins(data))?.split;
  if (split === undefined) return { orientation: 1, unmarked: [data] };
  const { head, parts } = split(data);
  const exif = parts.find((part) => part.exif !== undefined)?.exif;
  const kept = parts.filter((part) => part.kept);
  return {
    orientation: exif === undefined ? 1 : exifOrientation(exif),
    unmarked: [head, ...kept.map(({ start, end, instead }) => instead ?? data.subarray(start, end))],
  };
}

interface Split {
  readonly head: Bytes;
  readonly parts: readonly Part[];
}

/** Whether bytes lie at a place. */
export const hasAt = (data: Bytes, at: number, text: string): boolean =>
  at + text.length <= data.length &&
  data.subarray(at, at + text.length).every((byte, n) => byte === text.charCodeAt(n));

const view = (data: Bytes): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

// EXIF

const EXIF = 'Exif\0\0';
const ORIENTATION = 274;

/** TIFF's integer types: how the value is read. */
const INTEGERS: Readonly<Record<number, (view: DataView, at: number, little: boolean) => number>> = {
  1: (view, at) => view.getUint8(at),
  3: (view, at, little) => view.getUint16(at, little),
  4: (view, at, little) => view.getUint32(at, little),
  6: (view, at) => view.getInt8(at),
  8: (view, at, little) => view.getInt16(at, little),
  9: (view, at, little) => view.getInt32(at, little),
};

function exifOrientation(block: Bytes): Orientation {
  const tiff = hasAt(block, 0, EXIF) ? block.subarray(EXIF.length) : block;
  const little = hasAt(tiff, 0, 'II*\0');
  if (!little && !hasAt(tiff, 0, 'MM\0*')) return 1;
  try {
    return orientationOf(view(tiff), little);
  } catch (error) {
    if (error instanceof RangeError) return 1; // cut short
    throw error;
  }
}

function orientationOf(tiff: DataView, little: boolean): Orientation {
  const start = tiff.getUint32(4, little);
  const count = tiff.getUint16(start, little);
  for (let at = start + 2; at < start + 2 + 12 * count; at += 12) {
    const tag = tiff.getUint16(at, little);
    const kind = tiff.getUint16(at + 2, little);
    const values = tiff.getUint32(at + 4, little);
    if (tag !== ORIENTATION) continue;
    const value = values === 1 ? INTEGERS[kind]?.(tiff, at + 8, little) : undefined;
    return value !== undefined && value >= 1 && value <= 8 ? (value as Orientation) : 1;
  }
  return 1;
}

// JPEG: segments up to the first scan; what follows it is one part.

const APP1 = 0xe1;
const SOS = 0xda;
const EOI = 0xd9;
const standsAlone = (marker: number): boolean => marker === 1 || (marker >= 0xd0 && marker <= 0xd8);
// APP0 (JFIF), APP2 (profiles) and APP14 (Adobe) say what colours mean.
const isJpegMetadata = (marker: number): boolean =>
  marker === 0xfe || (marker >= APP1 && marker <= 0xef && marker !== 0xe2 && marker !== 0xee);

function splitJpeg(data: Bytes): Split {
  const parts: Part[] = [];
  let at = 2;
  for (;;) {
    let start = data.indexOf(0xff, at); // decoders skip what is between segments
    while (start >= 0 && data[start + 1] === 0xff) start += 1; // fill bytes
    const marker = start < 0 ? undefined : data[start + 1];
    if (marker === undefined) break;
    at = start + 2;
    if (marker === 0) continue;
    if (standsAlone(marker)) {
      parts.push({ start, end: at, kept: true });
      continue;
    }
    const length = start + 4 <= data.length ? view(data).getUint16(start + 2) : 0;
    if (marker === SOS || marker === EOI || length < 2 || start + 2 + length > data.length) {
      parts.push({ start, end: data.length, kept: true });
      break;
    }
    at = start + 2 + length;
    const isExif = marker === APP1 && hasAt(data, start + 4, EXIF) && length >= 2 + EXIF.length;
    const exif = isExif ? { exif: data.subarray(start + 4, at) } : {};
    parts.push({ start, end: at, kept: !isJpegMetadata(marker), ...exif });
  }
  return { head: data.subarray(0, 2), parts };
}

// PNG: critical chunks (capital first letter) and those that say what colours mean.

const PNG = '\x89PNG\r\n\x1a\n';
const PNG_KEPT = ['tRNS', 'iCCP', 'sRGB', 'cICP'];

function splitPng(data: Bytes): Split {
  const parts: Part[] = [];
  const numbers = view(data);
  let at = PNG.length;
  while (at + 12 <= data.length) {
    const start = at;
    at = start + 12 + numbers.getUint32(start);
    const end = Math.min(at, data.length);
    const isCritical = ((data[start + 4] ?? 0) & 0x20) === 0;
    const kept = isCritical || PNG_KEPT.some((name) => hasAt(data, start + 4, name));
    const exif = hasAt(data, start + 4, 'eXIf') ? { exif: data.subarray(start + 8, end - 4) } : {};
    parts.push({ start, end, kept, ...exif });
    if (hasAt(data, start + 4, 'IEND')) return { head: data.subarray(0, PNG.length), parts };
  }
  if (at < data.length) parts.push({ start: at, end: data.length, kept: true });
  return { head: data.subarray(0, PNG.length), parts };
}

// WebP: VP8X has a flag for EXIF and one for XMP.

const WEBP_FLAGS = 0x08 | 0x04;

function splitWebp(data: Bytes): Split {
  const numbers = view(data);
  const announced = 8 + numbers.getUint32(4, true);
  const endOfFile = Math.min(data.length, announced);
  const parts: Part[] = [];
  let at = 12;
  while (at + 8 <= endOfFile) {
    const start = at;
    const size = numbers.getUint32(start + 4, true);
    at = start + 8 + size + (size & 1);
    const end = Math.min(at, endOfFile);
    const isExif = hasAt(data, start, 'EXIF');
    const instead =
      hasAt(data, start, 'VP8X') && end > start + 8 ? { instead: withoutFlags(data, start, end) } : {};
    const exif = isExif ? { exif: data.subarray(start + 8, Math.min(start + 8 + size, end)) } : {};
    parts.push({ start, end, kept: !isExif && !hasAt(data, start, 'XMP '), ...instead, ...exif });
  }
  const size = parts.reduce((sum, { start, end, kept }) => sum + (kept ? end - start : 0), 4);
  return { head: riffHead(data, size), parts };
}

function withoutFlags(data: Bytes, start: number, end: number): Bytes {
  const chunk = data.slice(start, end);
  chunk[8] = (chunk[8] ?? 0) & ~WEBP_FLAGS;
  return chunk;
}

function riffHead(data: Bytes, size: number): Bytes {
  const head = new Uint8Array(12);
  head.set(data.subarray(0, 12));
  view(head).setUint32(4, size, true);
  return head;
}

const SPLITTERS: readonly { begins: (data: Bytes) => boolean; split: (data: Bytes) => Split }[] = [
  { begins: (data) => hasAt(data, 0, '\xff\xd8\xff'), split: splitJpeg },
  { begins: (data) => hasAt(data, 0, PNG), split: splitPng },
  { begins: (data) => hasAt(data, 0, 'RIFF') && hasAt(data, 8, 'WEBP'), split: splitWebp },
];
