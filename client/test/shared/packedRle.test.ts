import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { packedRle } from '../../src/shared/packedRle';
import { RunWriter } from '../../src/shared/rle';
import type { CocoRle } from '../../src/shared/types';

const rle = (counts: number[]): CocoRle => ({
  size: [1, counts.reduce((sum, count) => sum + count, 0)],
  counts,
});

it('a packed mask is the mask, also where it is copied, sent and saved', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2 ** 32 })), (counts) => {
      const mask = rle(counts);
      const packed = packedRle(mask);
      expect(packed.counts).toEqual(counts);
      expect({ ...packed }).toEqual(mask);
      expect(structuredClone(packed)).toEqual(mask);
      expect(JSON.parse(JSON.stringify(packed))).toEqual(mask);
      expect(packedRle(packed)).toEqual(mask);
    }),
  );
});

it('a disc takes little more than a byte a run', () => {
  const [side, radius] = [2000, 800];
  const runs = new RunWriter();
  for (let x = 0; x < side; x++) {
    const half = Math.floor(Math.sqrt(Math.max(0, radius ** 2 - (x - side / 2) ** 2)));
    runs.push(false, side / 2 - half);
    runs.push(true, 2 * half);
    runs.push(false, side / 2 - half);
  }
  const mask = runs.finish({ height: side, width: side });
  const from = vi.spyOn(Uint8Array, 'from');
  packedRle(mask);
  const { length } = from.mock.results[0]?.value as Uint8Array;
  expect(mask.counts.length).toBeGreaterThan(3000);
  expect(length).toBeLessThan(1.1 * mask.counts.length);
});
