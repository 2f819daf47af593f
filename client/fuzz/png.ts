/** Reads PNG files of eight bits a sample as they are stored: of a palette the indices, not the colours. */
import { inflateSync } from 'node:zlib';

export interface Png {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Row by row, channels together. */
  readonly samples: Uint8Array;
}

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

export function readPngFile(file: Buffer): Png {
  const parts: Buffer[] = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    const end = at + 8 + file.readUInt32BE(at);
    if (file.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(file.subarray(at + 8, end));
  }
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  const [depth, kind, interlaced] = [file[24], file[25] ?? 0, file[28]];
  const channels = CHANNELS[kind];
  if (depth !== 8 || interlaced !== 0 || channels === undefined) throw new Error('a PNG of another kind');
  const lines = inflateSync(Buffer.concat(parts));
  return { height, width, channels, samples: unfiltered(lines, height, width * channels, channels) };
}

/** By the filters of the PNG specification, section 9. */
function unfiltered(lines: Buffer, height: number, stride: number, channels: number): Uint8Array {
  const out = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const filter = lines[y * (stride + 1)] ?? 0;
    for (let i = 0; i < stride; i++) {
      const at = y * stride + i;
      const left = i < channels ? 0 : (out[at - channels] ?? 0);
      const above = y === 0 ? 0 : (out[at - stride] ?? 0);
      const corner = i < channels || y === 0 ? 0 : (out[at - stride - channels] ?? 0);
      out[at] = (lines[y * (stride + 1) + 1 + i] ?? 0) + predict(filter, left, above, corner);
    }
  }
  return out;
}

function predict(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const [a, b, c] = [left, above, corner].map((side) => Math.abs(left + above - corner - side));
  if ((a ?? 0) <= (b ?? 0) && (a ?? 0) <= (c ?? 0)) return left;
  return (b ?? 0) <= (c ?? 0) ? above : corner;
}
