import type { CocoRle } from '../types';
import { check, integer, mapping, pair, required, sequence, type Fields, type Reader } from './fields';
import { MAX_MASK_PIXELS, MAX_RLE_COUNTS } from './limits';

/** Run lengths that cover their size exactly. */
export const cocoRle: Reader<CocoRle> = (value, where) => cocoRleOf(mapping(value, where), where);

/** The same from fields among others. */
export function cocoRleOf(fields: Fields, where: string): CocoRle {
  const size = required(fields, 'size', pair(integer), where);
  const counts = required(fields, 'counts', sequence(integer, MAX_RLE_COUNTS), where);
  const [height, width] = size;
  check(height >= 1 && width >= 1 && height * width <= MAX_MASK_PIXELS, `${where}: size is not allowed`);
  const positive = counts.every((count, index) => count >= (index === 0 ? 0 : 1));
  check(positive, `${where}: counts must be positive; only the first may be 0`);
  const total = counts.reduce((sum, count) => sum + count, 0);
  check(
    total === height * width,
    `${where}: counts add up to ${total}, the mask has ${height * width} pixels`,
  );
  return { size, counts };
}
