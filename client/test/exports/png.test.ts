import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { labelMapPng, maskPng, type NumberedMask } from '../../src/exports/png';
import { maskFromRle } from '../../src/shared/rle';
import type { CocoRle } from '../../src/shared/types';

const MASK = { size: [3, 4], counts: [3, 2, 1, 1, 4, 1] } as const;

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

/** A reader of its own: chunks, and pixels behind their filter bytes. */
async function readPng(blob: Blob): Promise<{ chunks: Chunk[]; data: Buffer; pixels: number[] }> {
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
  const inflated = inflateSync(data);
  const pixels = Array.from(inflated).filter((_, index) => index % (width + 1) !== 0);
  return { chunks, data: inflated, pixels };
}

describe('mask PNG', () => {
  it('has the size of the image, eight bits of grey, 0 and 255', async () => {
    const { chunks, pixels } = await readPng(await maskPng(MASK));
    expect(chunks.map(({ type }) => type)).toEqual(['IHDR', 'IDAT', 'IEND']);
    expect(Array.from(chunks[0]?.data ?? [])).toEqual([0, 0, 0, 4, 0, 0, 0, 3, 8, 0, 0, 0, 0]);
    expect(pixels).toEqual(Array.from(maskFromRle(MASK, 255)));
  });
});

const numbered = (number: number, mask: CocoRle = MASK): NumberedMask => ({
  number,
  mask,
  colour: [number % 256, 2, 3],
});

describe('label map', () => {
  it('has the number of each mask, later ones on top, with a colour each', async () => {
    const above = { size: [3, 4], counts: [3, 1, 8] } as const;
    const { chunks, pixels } = await readPng(
      await labelMapPng([3, 4], [numbered(2), numbered(5, above)], '{}'),
    );
    expect(pixels).toEqual([0, 5, 2, 0, 0, 2, 0, 0, 0, 0, 0, 2]);
    const palette = Array.from(chunks.find(({ type }) => type === 'PLTE')?.data ?? []);
    expect(palette).toEqual([
      ...[0, 0, 0],
      ...[0, 0, 0],
      ...[2, 2, 3],
      ...[0, 0, 0],
      ...[0, 0, 0],
      ...[5, 2, 3],
    ]);
  });

  it('says inside what the numbers are', async () => {
    const { chunks } = await readPng(await labelMapPng([3, 4], [numbered(2)], '{"2":"grüner Papagei"}'));
    const text = chunks.find(({ type }) => type === 'iTXt')?.data.toString() ?? '';
    expect(text.split('\0')).toEqual(['splitseem', '', '', '', '', '{"2":"grüner Papagei"}']);
  });

  it.each([255, 256, 65_535])('holds the number %i', async (number) => {
    const { chunks, data } = await readPng(await labelMapPng([3, 4], [numbered(number)], ''));
    const bytes = (chunks[0]?.data[8] ?? 0) / 8;
    const row = 1 + 4 * bytes;
    const values = Array.from({ length: 12 }, (_, i) => {
      return data.readUIntBE(Math.floor(i / 4) * row + 1 + (i % 4) * bytes, bytes);
    });
    expect(values).toEqual(Array.from(maskFromRle(MASK), (inside) => inside * number));
    expect(bytes).toBe(number > 255 ? 2 : 1);
  });

  it('refuses numbers beyond sixteen bits', () => {
    expect(() => labelMapPng([3, 4], [numbered(65_536)], '')).toThrow(/up to 65535.*65536/);
  });
});
