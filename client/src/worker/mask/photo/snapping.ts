/**
 * Masks whose edges are those of the photo's own pixels, drawn again from the scale of the input to that of the photo.
 *
 * Around the edge, small windows learn by least squares how colours tell the mask's inside from its outside, and
 * pixels near it take the side that their colours have; where colours tell little, they do as those around them.
 * `splitseem_model/mask/photo/snapping.py` does the same, and names its source; both are held to
 * `proto/vectors/snapping.json`.
 */
import type { HeldPixel } from '../../../shared/rle';
import type { CocoRle, ImageGeometry } from '../../../shared/types';
import { BLOCK, FULL, maskAtLevel, type BlockMask } from './blockMask';
import type { PhotoLevel, PhotoPyramid } from './pyramid';
import { COUNT as SUMS, RULE, ruleOf, sumBlock } from './windows';

/** Pixels that are at most so far, along either axis, from one of the other side may change theirs. */
const BAND = 3;
/** Pixels to either side that count as around a pixel. */
const AROUND = 2;
/** Pixels of a level around a click that have its side. */
const HELD_RADIUS = 1.5;
/** Pixels of the input that these are at most. */
const HELD_INPUT_RADIUS = 12;
/** Of each pixel along a block, what the nearest other block counts in it. */
const PARTS = [0.375, 0.125, 0.125, 0.375] as const;

/**
 * The mask with its edge at that of the photo, background outside the region of interest; a pause after each level, the
 * last of which takes half of the time.
 */
export function* snapping(
  mask: CocoRle,
  photo: PhotoPyramid,
  geometry: ImageGeometry,
  held: readonly HeldPixel[],
): Generator<undefined, CocoRle, undefined> {
  if (mask.counts.length < 2 || (mask.counts.length === 2 && mask.counts[0] === 0)) return mask;
  const coarsest = Math.max(coarsestLevel(geometry), photo.finest);
  const radius = Math.min(HELD_RADIUS, HELD_INPUT_RADIUS * scaleOf(geometry));
  let inside = maskAtLevel(mask, coarsest);
  let candidates: Int32Array = Int32Array.from(inside.bits.keys());
  for (let number = coarsest; number >= photo.finest; number--) {
    const pixels = photo.level(number);
    if (number < coarsest) {
      const larger = inside.doubled(pixels);
      candidates = children(candidates, inside, larger);
      inside = larger;
    }
    const clicked = around(hold(inside, held, number, radius), inside).blocks;
    candidates = sharpen(inside, pixels, joined(candidates, clicked));
    hold(inside, held, number, radius);
    candidates = joined(candidates, clicked).filter((block) => hasEdge(inside, block));
    yield;
  }
  const [height, width] = mask.size;
  if (photo.finest > 0) inside = inside.doubled({ height, width });
  return inside.toRle(geometry.roi_xywh);
}

/** The level whose pixels are about as wide as those of the input. */
export const coarsestLevel = (geometry: ImageGeometry): number =>
  Math.max(0, Math.floor(Math.log2(scaleOf(geometry)) + 0.5));

/** Pixels of the photo that one of the input is wide. */
const scaleOf = ({ roi_xywh, input_hw }: ImageGeometry): number =>
  Math.max(roi_xywh[2], roi_xywh[3]) / Math.max(...input_hw);

function joined(one: Int32Array, other: Int32Array): Int32Array {
  const both = new Int32Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** Blocks of a mask twice as large that lie where some blocks do. */
function children(blocks: Int32Array, { columns }: BlockMask, larger: BlockMask): Int32Array {
  const found = new Int32Array(4 * blocks.length);
  let count = 0;
  for (const block of blocks) {
    const row = 2 * Math.floor(block / columns);
    const column = 2 * (block % columns);
    for (let y = row; y < Math.min(row + 2, larger.rows); y++) {
      for (let x = column; x < Math.min(column + 2, larger.columns); x++) {
        found[count++] = y * larger.columns + x;
      }
    }
  }
  return found.subarray(0, count);
}

/** Blocks, each once, and for each block of the grid one more than its place among them, 0 for the others. */
interface Found {
  readonly blocks: Int32Array;
  readonly place: Int32Array;
}

/** The blocks and their neighbours. */
function around(blocks: Int32Array, { rows, columns }: BlockMask): Found {
  const place = new Int32Array(rows * columns);
  const found = new Int32Array(Math.min(9 * blocks.length, place.length));
  let count = 0;
  for (const block of blocks) {
    const row = Math.floor(block / columns);
    const column = block % columns;
    for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, rows - 1); y++) {
      for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, columns - 1); x++) {
        const at = y * columns + x;
        if (place[at] !== 0) continue;
        found[count++] = at;
        place[at] = count;
      }
    }
  }
  return { blocks: found.subarray(0, count), place };
}

/** Give the pixels around clicks their side; the blocks that they lie in. */
function hold(inside: BlockMask, held: readonly HeldPixel[], number: number, radius: number): Int32Array {
  const first = (position: number): number => Math.max(Math.floor(position - radius), 0);
  const blocks: number[] = [];
  const { height, width, columns } = inside;
  for (const { column, row, foreground } of held) {
    const [x, y] = [(column + 0.5) / 2 ** number, (row + 0.5) / 2 ** number];
    for (let v = first(y); v <= Math.min(Math.floor(y + radius), height - 1); v++) {
      for (let u = first(x); u <= Math.min(Math.floor(x + radius), width - 1); u++) {
        if ((v + 0.5 - y) ** 2 + (u + 0.5 - x) ** 2 > radius ** 2) continue;
        inside.set(u, v, foreground);
        blocks.push((v >> 2) * columns + (u >> 2));
      }
    }
  }
  return Int32Array.from(blocks);
}

/**
 * Give the pixels near the edge the side that their colours have, in place. The edge lies in or beside `candidates`;
 * the blocks where it may lie now.
 */
function sharpen(inside: BlockMask, pixels: PhotoLevel, candidates: Int32Array): Int32Array {
  const near = candidates.filter((block) => hasEdge(inside, block));
  const learnt = around(near, inside);
  const rules = rulesOf(inside, pixels, learnt.blocks);
  const sharpened = near.map((block) => sharpenedBlock(inside, pixels, block, learnt.place, rules));
  near.forEach((block, index) => {
    inside.bits[block] = sharpened[index] ?? 0;
  });
  return learnt.blocks;
}

/** Whether a block and its neighbours are not all of one side. */
function hasEdge({ bits, rows, columns }: BlockMask, block: number): boolean {
  const own = bits[block] ?? 0;
  if (own !== 0 && own !== FULL) return true;
  const row = Math.floor(block / columns);
  const column = block % columns;
  for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, rows - 1); y++) {
    for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, columns - 1); x++) {
      if (bits[y * columns + x] !== own) return true;
    }
  }
  return false;
}

/** What the window around each block has learnt, `RULE` numbers each. */
function rulesOf(inside: BlockMask, pixels: PhotoLevel, blocks: Int32Array): Float64Array {
  const summed = around(blocks, inside);
  const sums = new Float64Array(summed.blocks.length * SUMS);
  summed.blocks.forEach((block, index) => {
    sumBlock(inside, pixels, block, sums.subarray(index * SUMS, (index + 1) * SUMS));
  });
  const rules = new Float64Array(blocks.length * RULE);
  const total = new Float64Array(SUMS);
  const { rows, columns } = inside;
  blocks.forEach((block, index) => {
    const [row, column] = [Math.floor(block / columns), block % columns];
    total.fill(0);
    for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, rows - 1); y++) {
      for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, columns - 1); x++) {
        const from = ((summed.place[y * columns + x] ?? 0) - 1) * SUMS;
        for (let i = 0; i < SUMS; i++) total[i] = (total[i] ?? 0) + (sums[from + i] ?? 0);
      }
    }
    ruleOf(total, rules, index * RULE);
  });
  return rules;
}

/** A row of bits for each row of pixels around a block, the pixel `BAND` before it lowest. */
const patch = new Uint16Array(BLOCK + 2 * BAND);

function sharpenedBlock(
  inside: BlockMask,
  pixels: PhotoLevel,
  block: number,
  place: Int32Array,
  rules: Float64Array,
): number {
  const { height, width, rows, columns } = inside;
  const [row, column] = [Math.floor(block / columns), block % columns];
  const [top, left] = [row * BLOCK, column * BLOCK];
  fillPatch(inside, left, top);
  let bits = inside.bits[block] ?? 0;
  for (let y = 0; y < BLOCK && top + y < height; y++) {
    let [some, every] = [0, -1];
    for (let v = y; v <= y + 2 * BAND; v++) {
      some |= patch[v] ?? 0;
      every &= patch[v] ?? 0;
    }
    const otherRow = Math.min(Math.max(row + (y < BLOCK / 2 ? -1 : 1), 0), rows - 1);
    for (let x = 0; x < BLOCK && left + x < width; x++) {
      if (((some >> x) & WINDOW) === 0 || ((every >> x) & WINDOW) === WINDOW) continue;
      const otherColumn = Math.min(Math.max(column + (x < BLOCK / 2 ? -1 : 1), 0), columns - 1);
      corners[0] = place[row * columns + column] ?? 0;
      corners[1] = place[row * columns + otherColumn] ?? 0;
      corners[2] = place[otherRow * columns + column] ?? 0;
      corners[3] = place[otherRow * columns + otherColumn] ?? 0;
      mix(rules, PARTS[x] ?? 0, PARTS[y] ?? 0);
      const value = valueAt(pixels.data, 3 * ((top + y) * width + left + x), sideAround(x, y));
      const bit = 1 << ((y << 2) | x);
      bits = value > 0 ? bits | bit : bits & ~bit;
    }
  }
  return bits;
}

/** Bits of as many pixels as decide whether one may change. */
const WINDOW = (1 << (2 * BAND + 1)) - 1;

function fillPatch(inside: BlockMask, left: number, top: number): void {
  const { height, width } = inside;
  for (let v = 0; v < patch.length; v++) {
    const y = Math.min(Math.max(top + v - BAND, 0), height - 1);
    let bits = 0;
    for (let u = 0; u < patch.length; u++) {
      bits |= inside.at(Math.min(Math.max(left + u - BAND, 0), width - 1), y) << u;
    }
    patch[v] = bits;
  }
}

/** The mean side, -1 to 1, of the pixels around a pixel of the patch's block. */
function sideAround(x: number, y: number): number {
  let count = 0;
  for (let v = y + BAND - AROUND; v <= y + BAND + AROUND; v++) {
    for (let bits = ((patch[v] ?? 0) >> (x + BAND - AROUND)) & 31; bits !== 0; bits &= bits - 1) count++;
  }
  return (count * 2) / (2 * AROUND + 1) ** 2 - 1;
}

/** One more than the places of the four blocks whose rules a pixel follows: own, beside, above or below, across. */
const corners = new Int32Array(4);
/** The rule of a pixel. */
const rule = new Float64Array(RULE);

/** The rules of four blocks, interpolated, into `rule`. */
function mix(rules: Float64Array, right: number, down: number): void {
  const own = ((corners[0] ?? 0) - 1) * RULE;
  const beside = ((corners[1] ?? 0) - 1) * RULE;
  const other = ((corners[2] ?? 0) - 1) * RULE;
  const across = ((corners[3] ?? 0) - 1) * RULE;
  for (let i = 0; i < RULE; i++) {
    const ownRow = (rules[own + i] ?? 0) * (1 - right) + (rules[beside + i] ?? 0) * right;
    const otherRow = (rules[other + i] ?? 0) * (1 - right) + (rules[across + i] ?? 0) * right;
    rule[i] = ownRow * (1 - down) + otherRow * down;
  }
}

/** What `rule` says of a pixel, above 0 inside. */
function valueAt(data: Uint8Array, at: number, side: number): number {
  const ofRed = (rule[0] ?? 0) * (data[at] ?? 0);
  const ofGreen = (rule[1] ?? 0) * (data[at + 1] ?? 0);
  const ofBlue = (rule[2] ?? 0) * (data[at + 2] ?? 0);
  return ofRed + ofGreen + ofBlue + (rule[3] ?? 0) + (rule[4] ?? 0) * side;
}
