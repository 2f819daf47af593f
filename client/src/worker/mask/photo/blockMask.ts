/** A mask in blocks of 4 x 4 pixels, a bit each, so that what is far from its edge costs nothing. */
import { forEachSegment, RunWriter } from '../../../shared/rle';
import type { CocoRle, SizeHw } from '../../../shared/types';

/** Pixels that a block is wide. */
export const BLOCK = 4;
/** Bits of a block that is wholly inside. */
export const FULL = 0xffff;

/** 2 x 2 bits of a block, at 0, 1, 4 and 5, -> the same twice as large. */
const DOUBLED = Uint16Array.from({ length: 16 }, (_, four) => {
  const quarter = (bit: number, at: number): number => ((four >> bit) & 1) * (0x33 << at);
  return quarter(0, 0) | quarter(1, 2) | quarter(2, 8) | quarter(3, 10);
});

export class BlockMask implements SizeHw {
  readonly height: number;
  readonly width: number;
  /** Blocks down and across; the last ones may reach beyond the mask, where their bits say nothing. */
  readonly rows: number;
  readonly columns: number;
  readonly bits: Uint16Array;

  constructor({ height, width }: SizeHw) {
    this.height = height;
    this.width = width;
    this.rows = Math.ceil(height / BLOCK);
    this.columns = Math.ceil(width / BLOCK);
    this.bits = new Uint16Array(this.rows * this.columns);
  }

  at(x: number, y: number): number {
    return ((this.bits[(y >> 2) * this.columns + (x >> 2)] ?? 0) >> (((y & 3) << 2) | (x & 3))) & 1;
  }

  set(x: number, y: number, isInside: boolean): void {
    const block = (y >> 2) * this.columns + (x >> 2);
    const bit = 1 << (((y & 3) << 2) | (x & 3));
    const bits = this.bits[block] ?? 0;
    this.bits[block] = isInside ? bits | bit : bits & ~bit;
  }

  /** Twice as large: every pixel becomes four, of which `size` may lack the last. */
  doubled(size: SizeHw): BlockMask {
    const larger = new BlockMask(size);
    for (let row = 0; row < larger.rows; row++) {
      const from = (row >> 1) * this.columns;
      const to = row * larger.columns;
      const half = (row & 1) << 3;
      for (let column = 0; column < larger.columns; column++) {
        const bits = this.bits[from + (column >> 1)] ?? 0;
        if (bits === 0) continue;
        const quarter = bits >> (half + ((column & 1) << 1));
        larger.bits[to + column] =
          bits === FULL ? FULL : (DOUBLED[(quarter & 3) | ((quarter >> 2) & 12)] ?? 0);
      }
    }
    return larger;
  }

  /** Run lengths of the part inside a rectangle, as a mask of the same size. */
  toRle([left, top, width, height]: readonly [number, number, number, number]): CocoRle {
    const runs = new RunWriter();
    runs.push(false, left * this.height);
    for (let x = left; x < left + width; x++) {
      if (x === left || x % BLOCK === 0) this.#readStrip(x >> 2, top, top + height);
      runs.push(false, top);
      this.#pushColumn(runs, x, top);
      runs.push(false, this.height - top - height);
    }
    runs.push(false, (this.width - left - width) * this.height);
    return runs.finish(this);
  }

  /** Bits of the blocks of one column of blocks, and the row before which each ends; equal ones together. */
  readonly #strip: { bits: number; end: number }[] = [];

  #readStrip(column: number, top: number, bottom: number): void {
    this.#strip.length = 0;
    let last: { bits: number; end: number } | undefined;
    for (let row = top >> 2; row * BLOCK < bottom; row++) {
      const bits = this.bits[row * this.columns + column] ?? 0;
      const end = Math.min((row + 1) * BLOCK, bottom);
      if (last?.bits === bits && (bits === 0 || bits === FULL)) last.end = end;
      else this.#strip.push((last = { bits, end }));
    }
  }

  #pushColumn(runs: RunWriter, x: number, top: number): void {
    let y = top;
    for (const { bits, end } of this.#strip) {
      if (bits === 0 || bits === FULL) runs.push(bits !== 0, end - y);
      else for (; y < end; y++) runs.push(this.at(x, y) === 1, 1);
      y = end;
    }
  }
}

/** A mask at a level: inside where more than half of the pixels are, missing ones repeated. */
export function maskAtLevel(mask: CocoRle, number: number): BlockMask {
  const [height, width] = mask.size;
  const side = 2 ** number;
  const level = new BlockMask({ height: Math.ceil(height / side), width: Math.ceil(width / side) });
  const counts = new Uint32Array(level.height * level.width);
  forEachSegment(mask, (x, y0, y1) => {
    const weight = x === width - 1 ? level.width * side - x : 1;
    const end = y1 === height ? level.height * side : y1;
    for (let y = y0; y < end;) {
      const row = y >> number;
      const next = Math.min((row + 1) << number, end);
      const cell = row * level.width + (x >> number);
      counts[cell] = (counts[cell] ?? 0) + weight * (next - y);
      y = next;
    }
  });
  for (let y = 0; y < level.height; y++) {
    for (let x = 0; x < level.width; x++) {
      if (2 * (counts[y * level.width + x] ?? 0) > side * side) level.set(x, y, true);
    }
  }
  return level;
}
