import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { labelMapPng, maskPng } from '../../src/exports/png';
import { maskFromRle } from '../../src/shared/rle';

const MASK = { size: [3, 4], counts: [3, 2, 1, 1, 4, 1] } as const;

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

/** A reader of its own: chunks, and pixels behind their filter bytes. */
async function readPng(blob: Blob): Promise<{ chunks: Chunk[]; pixels: number[] }> {
  const bytes = Buffer.from(await blob.arrayBuffer());
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  const chunks: Chunk[] = [];
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.subarray(at + 4, at + 8).toString();
    chunks.push({ type, data: bytes.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  const data = chunks.find(({ type }) => type === 'IDAT')?.data ?? Buffer.alloc(0);
  const width = chunks[0]?.data.readUInt32BE(0) ?? 0;
  const pixels = Array.from(inflateSync(data)).filter((_, index) => index % (width + 1) !== 0);
  return { chunks, pixels };
}

describe('mask PNG', () => {
  it('has the size of the image, eight bits of grey, 0 and 255', async () => {
    const { chunks, pixels } = await readPng(await maskPng(MASK));
    expect(chunks.map(({ type }) => type)).toEqual(['IHDR', 'IDAT', 'IEND']);
    expect(Array.from(chunks[0]?.data ?? [])).toEqual([0, 0, 0, 4, 0, 0, 0, 3, 8, 0, 0, 0, 0]);
    expect(pixels).toEqual(Array.from(maskFromRle(MASK, 255)));
  });
});

describe('label map', () => {
  it('numbers the masks, later ones on top, with a colour each', async () => {
    const above = { size: [3, 4], counts: [3, 1, 8] } as const;
    const { chunks, pixels } = await readPng(
      await labelMapPng(
        [MASK, above],
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ),
    );
    expect(pixels).toEqual([0, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
    const palette = chunks.find(({ type }) => type === 'PLTE')?.data;
    expect(Array.from(palette ?? [])).toEqual([0, 0, 0, 1, 2, 3, 4, 5, 6]);
  });

  it('refuses more objects than a byte can number', () => {
    expect(() => labelMapPng(Array(256).fill(MASK) as (typeof MASK)[], [])).toThrow(/255 objects/);
  });
});
