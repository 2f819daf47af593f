import type { CocoRle, SizeHw } from './types';

/** Collects runs of a column-major mask; equal neighbours merge, so any split of a run gives the same RLE. */
export class RunWriter {
  readonly #counts: number[] = [];
  #foreground = false;
  #length = 0;

  push(foreground: boolean, length: number): void {
    if (length === 0) return;
    if (foreground !== this.#foreground) {
      this.#counts.push(this.#length);
      this.#foreground = foreground;
      this.#length = 0;
    }
    this.#length += length;
  }

  finish(size: SizeHw): CocoRle {
    return { size: [size.height, size.width], counts: [...this.#counts, this.#length] };
  }
}

/** Calls `visit` for each vertical foreground segment: pixels (x, y0) to (x, y1 - 1). */
export function forEachSegment(rle: CocoRle, visit: (x: number, y0: number, y1: number) => void): void {
  const height = rle.size[0];
  let position = 0;
  rle.counts.forEach((count, index) => {
    const end = position + count;
    if (index % 2 === 1) {
      for (let at = position; at < end;) {
        const x = Math.floor(at / height);
        const stop = Math.min(end, (x + 1) * height);
        visit(x, at - x * height, stop - x * height);
        at = stop;
      }
    }
    position = end;
  });
}

/** Row-major mask, 0 or `value` per pixel. */
export function maskFromRle(rle: CocoRle, value = 1): Uint8Array {
  const [height, width] = rle.size;
  const mask = new Uint8Array(height * width);
  forEachSegment(rle, (x, y0, y1) => {
    for (let y = y0; y < y1; y++) mask[y * width + x] = value;
  });
  return mask;
}

/** The mask at another size: a pixel is what the mask is at its centre. */
export function resizedRle(rle: CocoRle, { height, width }: SizeHw): CocoRle {
  const [fromHeight, fromWidth] = rle.size;
  const mask = maskFromRle(rle);
  const runs = new RunWriter();
  for (let x = 0; x < width; x++) {
    const column = Math.floor(((x + 0.5) * fromWidth) / width);
    for (let y = 0; y < height; y++) {
      const row = Math.floor(((y + 0.5) * fromHeight) / height);
      runs.push(mask[row * fromWidth + column] === 1, 1);
    }
  }
  return runs.finish({ height, width });
}

/** A pixel and its side. */
export interface HeldPixel {
  readonly column: number;
  readonly row: number;
  readonly foreground: boolean;
}

/** The mask with some pixels given their side; of two on one pixel the later counts. */
export function holdPixels(rle: CocoRle, held: readonly HeldPixel[]): CocoRle {
  const [height, width] = rle.size;
  const wrong = new Map<number, boolean>();
  for (const { column, row, foreground } of held) {
    wrong.set(column * height + row, rleContains(rle, column, row) !== foreground);
  }
  // A run ends wherever the side changes; turning one pixel round adds or removes such an end on either side.
  const ends = new Set<number>();
  let position = 0;
  for (const count of rle.counts) ends.add((position += count));
  const turn = (end: number): unknown => (ends.has(end) ? ends.delete(end) : ends.add(end));
  ends.delete(height * width);
  wrong.forEach((isWrong, at) => {
    if (!isWrong) return;
    turn(at);
    turn(at + 1);
  });
  ends.delete(height * width);
  return fromEnds(
    [...ends].sort((a, b) => a - b),
    { height, width },
  );
}

/** `ends` are ascending; a run of background, perhaps of no length, comes first. */
function fromEnds(ends: readonly number[], { height, width }: SizeHw): CocoRle {
  const counts = [...ends, height * width].map((end, index) => end - (ends[index - 1] ?? 0));
  return { size: [height, width], counts };
}

/** Number of foreground pixels. */
export function rleArea(rle: CocoRle): number {
  return rle.counts.reduce((sum, count, index) => sum + (index % 2 === 1 ? count : 0), 0);
}

/** Pixels of both masks over pixels of either, 0 to 1; of two empty masks 0. Both have one size. */
export function rleIou(a: CocoRle, b: CocoRle): number {
  let [indexA, indexB, endA, endB, at, both, either] = [0, 0, a.counts[0] ?? 0, b.counts[0] ?? 0, 0, 0, 0];
  const last = a.size[0] * a.size[1];
  while (at < last) {
    const to = Math.min(endA, endB);
    if (indexA % 2 === 1 && indexB % 2 === 1) both += to - at;
    if (indexA % 2 === 1 || indexB % 2 === 1) either += to - at;
    at = to;
    if (endA === at) endA += a.counts[++indexA] ?? Infinity;
    if (endB === at) endB += b.counts[++indexB] ?? Infinity;
  }
  return either === 0 ? 0 : both / either;
}

/** Bounding box [x, y, width, height] in pixels; zeros when the mask is empty. */
export function rleBounds(rle: CocoRle): readonly [number, number, number, number] {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  forEachSegment(rle, (x, y0, y1) => {
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    top = Math.min(top, y0);
    bottom = Math.max(bottom, y1);
  });
  return right > left ? [left, top, right - left, bottom - top] : [0, 0, 0, 0];
}

/** Whether a pixel, given by any position inside it, is foreground. */
export function rleContains(rle: CocoRle, x: number, y: number): boolean {
  const [height, width] = rle.size;
  const [column, row] = [Math.floor(x), Math.floor(y)];
  if (column < 0 || row < 0 || column >= width || row >= height) return false;
  const wanted = column * height + row;
  let position = 0;
  for (let index = 0; index < rle.counts.length; index++) {
    position += rle.counts[index] ?? 0;
    if (wanted < position) return index % 2 === 1;
  }
  return false;
}

/** Whether counts are positive integers, only the first may be 0, that cover the size exactly. */
export function isValidRle(rle: CocoRle): boolean {
  const [height, width] = rle.size;
  const sane = rle.counts.every((count, index) => Number.isInteger(count) && count >= (index === 0 ? 0 : 1));
  return sane && rle.counts.reduce((sum, count) => sum + count, 0) === height * width;
}
