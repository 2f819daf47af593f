import { describe, expect, it } from 'vitest';
import { maskFromRle } from '../../../src/shared/rle';
import { rleFromMask } from '../../masks';
import type { ImageGeometry, MaskLogits } from '../../../src/shared/types';
import { maskFromLogits, maskLogits } from '../../../src/worker/mask/postprocess';

/** The definition, pixel by pixel. */
function slowMask(logits: MaskLogits, geometry: ImageGeometry): Uint8Array {
  const [height, width] = geometry.original_hw;
  const [left, top, roiWidth, roiHeight] = geometry.roi_xywh;
  const [inputHeight, inputWidth] = geometry.input_hw;
  const at = (x: number, y: number): number => logits.data[y * logits.width + x] ?? NaN;
  const clamp = (value: number, count: number): number => Math.min(Math.max(value, 0), count - 1);
  const mask = new Uint8Array(height * width);
  for (let y = top; y < top + roiHeight; y++) {
    for (let x = left; x < left + roiWidth; x++) {
      const u = clamp(((x + 0.5 - left) * inputWidth) / roiWidth / 4 - 0.5, logits.width);
      const v = clamp(((y + 0.5 - top) * inputHeight) / roiHeight / 4 - 0.5, logits.height);
      const [u0, v0] = [Math.floor(u), Math.floor(v)];
      const [u1, v1] = [clamp(u0 + 1, logits.width), clamp(v0 + 1, logits.height)];
      const upper = at(u0, v0) * (1 - (u - u0)) + at(u1, v0) * (u - u0);
      const lower = at(u0, v1) * (1 - (u - u0)) + at(u1, v1) * (u - u0);
      mask[y * width + x] = upper * (1 - (v - v0)) + lower * (v - v0) > 0 ? 1 : 0;
    }
  }
  return mask;
}

/** Deterministic noise in -1 to 1. */
function noise(count: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (state * 48271) % 2147483647;
    return (state / 2147483647) * 2 - 1;
  });
}

const GEOMETRIES: Record<string, ImageGeometry> = {
  'odd, enlarged': {
    original_hw: [75, 113],
    roi_xywh: [0, 0, 113, 75],
    input_hw: [51, 64],
    padded_hw: [64, 64],
  },
  reduced: { original_hw: [31, 17], roi_xywh: [0, 0, 17, 31], input_hw: [64, 35], padded_hw: [64, 64] },
  'a region': { original_hw: [40, 60], roi_xywh: [7, 11, 33, 21], input_hw: [40, 64], padded_hw: [64, 64] },
  'one pixel': { original_hw: [1, 1], roi_xywh: [0, 0, 1, 1], input_hw: [32, 32], padded_hw: [32, 32] },
};

describe('logits to mask', () => {
  it.each(Object.entries(GEOMETRIES))('equals one look-up per pixel: %s', (_, geometry) => {
    const [height, width] = [geometry.padded_hw[0] / 4, geometry.padded_hw[1] / 4];
    const logits = { height, width, data: noise(height * width) };
    const mask = maskFromRle(maskFromLogits(logits, geometry));
    expect(mask).toEqual(slowMask(logits, geometry));
  });

  it('takes a logit of exactly 0 for background', () => {
    const geometry = {
      original_hw: [8, 8],
      roi_xywh: [0, 0, 8, 8],
      input_hw: [8, 8],
      padded_hw: [32, 32],
    } as const;
    const rle = maskFromLogits({ height: 8, width: 8, data: new Float32Array(64) }, geometry);
    expect(rle).toEqual(rleFromMask(new Uint8Array(64), { height: 8, width: 8 }));
  });
});

it('mask logits are the mask embedding times the mask features', () => {
  const features = {
    channels: 2,
    height: 1,
    width: 3,
    stride: 4,
    data: Float32Array.from([1, 2, 3, 10, 20, 30]),
  };
  expect(Array.from(maskLogits(Float32Array.from([1, -0.5]), features).data)).toEqual([-4, -8, -12]);
});
