/** What may be objects: `splitseem_model/step/proposals.py` does the same and says why. */
import type { ImageGeometry, MaskLogits, PointXy } from '../../shared/types';
import { MASK_STRIDE } from '../layers/sampling';

/** Clicks along the longer side. */
export const GRID = 14;
/** Proposals that are kept at most. */
export const MOST = 100;
/** Rough masks that are redrawn at most. */
export const ROUGH = 100;
/** Masks that overlap more than this, as IoU, are one. */
export const SAME = 0.9;
/** Rough masks that overlap more than this are one, since what is redrawn of them is shown side by side. */
export const ALIKE_SHOWN = 0.5;
/** Share of the smaller of two masks that they have in common at most, where they are shown side by side. */
export const LARGEST_PART = 0.5;
/** Cells that a mask has at least. */
export const LEAST_CELLS = 4;
/** Logits by which the threshold is moved to see whether a mask stays the same. */
const STEADY = 1;
/** Share of its mask that an object shown beside others has for itself. */
const LEAST_SEEN = 0.5;
/** The unit of the logistic curve of selection scores. */
const SURE = 4;

/** Clicks in the middles of equal rectangles over the encoded part, image frame. */
export function gridOf({ roi_xywh: [left, top, width, height] }: Pick<ImageGeometry, 'roi_xywh'>): PointXy[] {
  const pitch = Math.max(width, height) / GRID;
  const [columns, rows] = [width, height].map((length) => Math.max(1, roundHalfToEven(length / pitch)));
  return Array.from({ length: (rows ?? 1) * (columns ?? 1) }, (_, cell) => ({
    x: left + ((cell % (columns ?? 1)) + 0.5) * (width / (columns ?? 1)),
    y: top + (Math.floor(cell / (columns ?? 1)) + 0.5) * (height / (rows ?? 1)),
  }));
}

/** As Python rounds. */
function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

/** How likely an answer is an object, 0 to 1; `score` is that of the selection. */
export function likelihood({ data }: MaskLogits, score: number): number {
  let [inner, outer] = [0, 0];
  for (const logit of data) {
    if (logit > STEADY) inner++;
    if (logit > -STEADY) outer++;
  }
  return inner / Math.max(1, outer) / (1 + Math.exp(-score / SURE));
}

interface Scored {
  readonly logits: MaskLogits;
  /** 0 to 1 */
  readonly score: number;
}

/** The best, best first, no two of them nearly the same; at least one. */
export function unique<T extends Scored>(
  answers: readonly T[],
  { input_hw: [height, width] }: Pick<ImageGeometry, 'input_hw'>,
  { most = MOST, same = SAME }: { readonly most?: number; readonly same?: number } = {},
): T[] {
  const [rows, columns] = [Math.ceil(height / MASK_STRIDE), Math.ceil(width / MASK_STRIDE)];
  const sorted = answers.toSorted((a, b) => b.score - a.score);
  const kept: T[] = [];
  const masks: Bits[] = [];
  for (const answer of sorted) {
    if (kept.length === most) break;
    const mask = bitsOf(answer.logits, rows, columns);
    if (mask.count < LEAST_CELLS || masks.some((other) => overlap(mask, other) > same)) continue;
    kept.push(answer);
    masks.push(mask);
  }
  return kept.length > 0 ? kept : sorted.slice(0, 1);
}

/** Those, best first, that lie for the most part where no better one does: they are shown side by side. */
export function apart<T extends Scored>(
  answers: readonly T[],
  { input_hw: [height, width] }: Pick<ImageGeometry, 'input_hw'>,
): T[] {
  const [rows, columns] = [Math.ceil(height / MASK_STRIDE), Math.ceil(width / MASK_STRIDE)];
  const taken = new Uint32Array(Math.ceil((rows * columns) / 32));
  return answers.filter(({ logits }) => {
    const { words, count } = bitsOf(logits, rows, columns);
    const own = words.reduce((sum, word, i) => sum + bitCount(word & ~(taken[i] ?? 0)), 0);
    if (own < LEAST_SEEN * count) return false;
    words.forEach((word, i) => (taken[i] = (taken[i] ?? 0) | word));
    return true;
  });
}

/** Those, best first, that are neither parts of a better one nor around it. */
export function sideBySide<T extends Scored>(
  answers: readonly T[],
  { input_hw: [height, width] }: Pick<ImageGeometry, 'input_hw'>,
): T[] {
  const [rows, columns] = [Math.ceil(height / MASK_STRIDE), Math.ceil(width / MASK_STRIDE)];
  const masks: Bits[] = [];
  return answers.filter(({ logits }) => {
    const mask = bitsOf(logits, rows, columns);
    if (masks.some((other) => shared(mask, other) > LARGEST_PART * Math.min(mask.count, other.count)))
      return false;
    masks.push(mask);
    return true;
  });
}

/** A mask, a bit for each cell. */
export interface Bits {
  readonly words: Uint32Array;
  readonly count: number;
}

export function bitsOf({ data, width }: MaskLogits, rows: number, columns: number): Bits {
  const words = new Uint32Array(Math.ceil((rows * columns) / 32));
  let [cell, count] = [0, 0];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, cell++) {
      if ((data[row * width + column] ?? 0) <= 0) continue;
      words[cell >> 5] = (words[cell >> 5] ?? 0) | (1 << (cell & 31));
      count++;
    }
  }
  return { words, count };
}

/** IoU of two masks. */
export function overlap(a: Bits, b: Bits): number {
  const both = shared(a, b);
  return both / (a.count + b.count - both);
}

/** Cells that two masks have in common. */
function shared(a: Bits, b: Bits): number {
  return a.words.reduce((sum, word, i) => sum + bitCount(word & (b.words[i] ?? 0)), 0);
}

function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
