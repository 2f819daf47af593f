/** What a file is, by its bytes: neither its name nor its type count. The server knows the same ones. */
import { hasAt } from './imageMarks';

type Bytes = Uint8Array<ArrayBuffer>;

interface Signature {
  readonly at: number;
  readonly begins: string;
}

const SIGNATURES = {
  'image/jpeg': [{ at: 0, begins: '\xff\xd8\xff' }],
  'image/png': [{ at: 0, begins: '\x89PNG\r\n\x1a\n' }],
  'image/webp': [{ at: 8, begins: 'WEBP' }],
  'image/gif': [
    { at: 0, begins: 'GIF87a' },
    { at: 0, begins: 'GIF89a' },
  ],
  'image/bmp': [{ at: 0, begins: 'BM' }],
  'image/avif': [
    { at: 4, begins: 'ftypavif' },
    { at: 4, begins: 'ftypavis' },
  ],
  'image/tiff': [
    { at: 0, begins: 'II*\0' },
    { at: 0, begins: 'MM\0*' },
    { at: 0, begins: 'II+\0' },
    { at: 0, begins: 'MM\0+' },
  ],
  'image/heic': [
    { at: 4, begins: 'ftyphei' },
    { at: 4, begins: 'ftyphev' },
    { at: 4, begins: 'ftypmif1' },
    { at: 4, begins: 'ftypmsf1' },
  ],
} as const satisfies Readonly<Record<string, readonly Signature[]>>;

export type ImageKind = keyof typeof SIGNATURES;

const KINDS = Object.entries(SIGNATURES) as [ImageKind, readonly Signature[]][];

/** The media type that the bytes say; null where they say none that is known. */
export const kindOf = (data: Bytes): ImageKind | null =>
  KINDS.find(([, signatures]) => signatures.some(({ at, begins }) => hasAt(data, at, begins)))?.[0] ?? null;

const BIT_DEPTH_AT = 24;
/** What says in the head of an AVIF that it has a picture of its transparency. */
const AVIF_ALPHA = 'urn:mpeg:mpegB:cicp:systems:auxiliary:alpha';
const AVIF_HEAD_BYTES = 4096;

/**
 * Whether browsers read other pixels than the server, or none: TIFF, 16 bits, which the server may stretch, and AVIF
 * with transparency, which Chromium reads as less opaque.
 */
export const isForServer = (kind: ImageKind, data: Bytes): boolean =>
  kind === 'image/tiff' ||
  (kind === 'image/png' && data[BIT_DEPTH_AT] === 16) ||
  (kind === 'image/avif' && latin1(data.subarray(0, AVIF_HEAD_BYTES)).includes(AVIF_ALPHA));

const latin1 = (data: Bytes): string => new TextDecoder('latin1').decode(data);
