/**
 * A photo -> the pixels that the model sees of it, by the filter of the server, byte for byte: Pillow's bicubic one,
 * wider where the picture gets smaller, whose weights and sums are whole numbers.
 *
 * Source: Pillow 13, src/libImaging/Resample.c (`precompute_coeffs`, `ImagingResampleInner`).
 */
import type { Region } from '../canvas/maskGrid';
import type { SizeHw } from '../shared/types';

/** Of whole numbers that stand for weights. */
const PRECISION = 22;
const HALF = 1 << (PRECISION - 1);
/** Pixels to each side that the filter reaches, before it is widened. */
const REACH = 2;
const CHANNELS = 3;
/** Rows that are read, or made, at a time. */
const STRIP = 64;

const NONE = new Int32Array();

/** For each pixel along a side of the result: where its weights begin, and the weights. */
export interface Filter {
  readonly first: Int32Array;
  readonly weights: readonly Int32Array[];
}

function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

/** Of `length` pixels, brought to `wanted`. */
export function filterOf(length: number, wanted: number): Filter {
  const scale = length / wanted;
  const widening = Math.max(scale, 1);
  const first = new Int32Array(wanted);
  const weights = Array.from({ length: wanted }, (_, index) => {
    const centre = (index + 0.5) * scale;
    const begin = Math.max(Math.trunc(centre - REACH * widening + 0.5), 0);
    const end = Math.min(Math.trunc(centre + REACH * widening + 0.5), length);
    first[index] = begin;
    const raw = Float64Array.from({ length: end - begin }, (_, at) =>
      cubic((at + begin - centre + 0.5) * (1 / widening)),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return Int32Array.from(raw, (weight) => rounded((sum === 0 ? weight : weight / sum) * 2 ** PRECISION));
  });
  return { first, weights };
}

/** Halves go away from zero. */
const rounded = (value: number): number => Math.trunc(value < 0 ? value - 0.5 : value + 0.5);

const clipped = (sum: number): number => Math.min(Math.max(sum >> PRECISION, 0), 255);

/** Rows of RGBA pixels, each brought to another width; RGB, into `into` from a row on. */
export function resampleRows(
  rows: Uint8ClampedArray,
  width: number,
  { first, weights }: Filter,
  into: Uint8Array,
  row: number,
): void {
  const wanted = weights.length;
  const count = rows.length / (4 * width);
  for (let y = 0; y < count; y++) {
    for (let x = 0; x < wanted; x++) {
      const taps = weights[x] ?? NONE;
      let at = 4 * (y * width + (first[x] ?? 0));
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (const weight of taps) {
        red += (rows[at] ?? 0) * weight;
        green += (rows[at + 1] ?? 0) * weight;
        blue += (rows[at + 2] ?? 0) * weight;
        at += 4;
      }
      const to = CHANNELS * ((row + y) * wanted + x);
      into[to] = clipped(red);
      into[to + 1] = clipped(green);
      into[to + 2] = clipped(blue);
    }
  }
}

/** RGB rows of some width -> RGBA pixels of another height. */
export function resampleColumns(
  rows: Uint8Array,
  width: number,
  { first, weights }: Filter,
): Uint8ClampedArray<ArrayBuffer> {
  const stride = CHANNELS * width;
  const result = new Uint8ClampedArray(4 * width * weights.length).fill(255);
  weights.forEach((taps, y) => {
    const begin = (first[y] ?? 0) * stride;
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < CHANNELS; channel++) {
        let at = begin + CHANNELS * x + channel;
        let sum = HALF;
        for (const weight of taps) {
          sum += (rows[at] ?? 0) * weight;
          at += stride;
        }
        result[4 * (y * width + x) + channel] = clipped(sum);
      }
    }
  });
  return result;
}

/**
 * A region of an opaque photo at another size, as a PNG.
 *
 * @throws Error: it is so tall that the server begins with its columns, which is not done here; or the browser changes
 * what canvases hold, against those who would know it by that; or the signal is aborted.
 */
export async function resampled(
  photo: ImageBitmap,
  region: Region,
  wanted: SizeHw,
  signal: AbortSignal,
): Promise<Blob> {
  const { x, y, width, height } = region;
  if (height - wanted.height > 2 * Math.max(width - wanted.width, 0)) throw new Error('too tall');
  const strip = contextOf(width, Math.min(STRIP, height));
  const narrow = new Uint8Array(CHANNELS * wanted.width * height);
  const columns = filterOf(width, wanted.width);
  for (let row = 0; row < height; row += STRIP) {
    const count = Math.min(STRIP, height - row);
    strip.drawImage(photo, x, y + row, width, count, 0, 0, width, count);
    resampleRows(strip.getImageData(0, 0, width, count).data, width, columns, narrow, row);
    await others(signal);
  }
  const pixels = new Uint8ClampedArray(4 * wanted.width * wanted.height);
  const { first, weights } = filterOf(height, wanted.height);
  for (let row = 0; row < wanted.height; row += STRIP) {
    const rows = { first: first.subarray(row, row + STRIP), weights: weights.slice(row, row + STRIP) };
    pixels.set(resampleColumns(narrow, wanted.width, rows), 4 * wanted.width * row);
    await others(signal);
  }
  const picture = contextOf(wanted.width, wanted.height);
  picture.putImageData(new ImageData(pixels, wanted.width, wanted.height), 0, 0);
  const { data } = picture.getImageData(0, 0, wanted.width, wanted.height);
  if (data.some((value, at) => value !== pixels[at])) throw new Error('this browser changes pixels');
  return picture.canvas.convertToBlob({ type: 'image/png' });
}

/** Let clicks and frames go first. */
async function others(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal.throwIfAborted();
}

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('this browser gives no canvas of that size');
  return context;
}
