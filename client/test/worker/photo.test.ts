import { describe, expect, it } from 'vitest';
import { imageToInput } from '../../src/shared/geometry';
import type { PhotoConfig } from '../../src/shared/model/manifest';
import { holdPixels, maskFromRle } from '../../src/shared/rle';
import { rleFromMask } from '../masks';
import type { ImageGeometry, LabelledPoint, PointLabel } from '../../src/shared/types';
import { heldPixels } from '../../src/worker/mask/photo/heldPixels';
import { guideOf, refineByPhoto } from '../../src/worker/mask/photo/refinement';
import { readJson } from '../vectors';

interface Case {
  readonly name: string;
  readonly config: PhotoConfig;
  readonly geometry: ImageGeometry;
  readonly points: [number, number, PointLabel][];
  readonly photo: number[][][];
  readonly mask_logits: number[][];
  readonly stride: number;
  readonly fine_logits: number[][];
  readonly held: [number, number, number][];
}

const { cases } = readJson('vectors/photo.json') as { cases: Case[] };

const sizeOf = (map: number[][]) => ({ height: map.length, width: map[0]?.length ?? 0 });

const labelledPoints = ({ points }: Case): LabelledPoint[] =>
  points.map(([x, y, label]) => ({ x, y, label }));

describe('photo vectors', () => {
  it.each(cases)('$name', (given) => {
    const { config, geometry, photo, mask_logits, stride, fine_logits } = given;
    const map = {
      ...sizeOf(fine_logits),
      channels: 3,
      stride,
      data: Float32Array.from(photo.flat(2)),
    };
    const logits = { ...sizeOf(mask_logits), data: Float32Array.from(mask_logits.flat()) };
    const inInput = labelledPoints(given).map((p) => ({ ...imageToInput(geometry, p), label: p.label }));
    const fine = refineByPhoto(guideOf(map, config), logits, inInput, config);
    fine_logits.flat().forEach((expected, index) => {
      expect(Math.abs((fine.data[index] ?? NaN) - expected)).toBeLessThan(1e-4);
    });
  });

  it.each(cases)('pixels held: $name', (given) => {
    const held = heldPixels(labelledPoints(given), given.geometry);
    expect(held.map(({ column, row, foreground }) => [column, row, Number(foreground)])).toEqual(given.held);
  });
});

describe('holding pixels', () => {
  const size = { height: 3, width: 4 };
  const every = Array.from({ length: 12 }, (_, at) => ({ column: at % 4, row: Math.floor(at / 4) }));

  it.each(every)('turns the pixel at $column, $row and no other', (pixel) => {
    for (const fill of [0, 1]) {
      const mask = new Uint8Array(12).fill(fill);
      const held = holdPixels(rleFromMask(mask, size), [{ ...pixel, foreground: fill === 0 }]);
      mask[pixel.row * 4 + pixel.column] = 1 - fill;
      expect(held).toEqual(rleFromMask(mask, size));
      expect(maskFromRle(held)).toEqual(mask);
    }
  });

  it('lets the later of two on one pixel win, and neighbours merge', () => {
    const hold = (...sides: boolean[]) => sides.map((foreground) => ({ column: 1, row: 1, foreground }));
    const empty = rleFromMask(new Uint8Array(12), size);
    expect(holdPixels(empty, hold(true, false))).toEqual(empty);
    const column = [0, 1, 2].map((row) => ({ column: 1, row, foreground: true }));
    expect(holdPixels(empty, column).counts).toEqual([3, 3, 6]);
  });
});
