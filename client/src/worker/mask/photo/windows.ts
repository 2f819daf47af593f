/** What a window of a photo has learnt of a mask: how colours tell its inside from its outside. */
import { BLOCK, type BlockMask } from './blockMask';
import type { PhotoLevel } from './pyramid';

/** What variances of colours, 0 to 255, are raised by: fainter differences tell nothing. */
const RIDGE = 1e-4 * 255 ** 2;
/** Share of the sides' variance that colours have to explain to be believed wholly. */
const ENOUGH = 0.2;
const TINY = 1e-9;

/** Sums of a block: pixels, sides, colours, colours times sides, products of colours. */
export const COUNT = 14;
/** Numbers of a rule: weights of red, green and blue, a constant, and the weight of the sides around. */
export const RULE = 5;

/** The sums of a block, into `sums`, which are zeros. */
export function sumBlock(inside: BlockMask, pixels: PhotoLevel, block: number, sums: Float64Array): void {
  const { columns, height, width } = inside;
  const [top, left] = [Math.floor(block / columns) * BLOCK, (block % columns) * BLOCK];
  const bits = inside.bits[block] ?? 0;
  const { data } = pixels;
  for (let y = top; y < Math.min(top + BLOCK, height); y++) {
    for (let x = left; x < Math.min(left + BLOCK, width); x++) {
      const at = 3 * (y * width + x);
      const side = ((bits >> (((y & 3) << 2) | (x & 3))) & 1) === 1 ? 1 : -1;
      addPixel(sums, data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0, side);
    }
  }
}

function addPixel(sums: Float64Array, red: number, green: number, blue: number, side: number): void {
  const add = (index: number, value: number): void => {
    sums[index] = (sums[index] ?? 0) + value;
  };
  add(0, 1);
  add(1, side);
  add(2, red);
  add(3, green);
  add(4, blue);
  add(5, red * side);
  add(6, green * side);
  add(7, blue * side);
  add(8, red * red);
  add(9, red * green);
  add(10, red * blue);
  add(11, green * green);
  add(12, green * blue);
  add(13, blue * blue);
}

/** Least squares from the sums of a window, into `rules` at `to`. */
export function ruleOf(total: Float64Array, rules: Float64Array, to: number): void {
  const mean = (index: number): number => (total[index] ?? 0) / (total[0] ?? 1);
  const [side, red, green, blue] = [mean(1), mean(2), mean(3), mean(4)];
  const [ofRed, ofGreen, ofBlue] = [mean(5) - red * side, mean(6) - green * side, mean(7) - blue * side];
  const rr = mean(8) - red * red + RIDGE;
  const gg = mean(11) - green * green + RIDGE;
  const bb = mean(13) - blue * blue + RIDGE;
  const [rg, rb, gb] = [mean(9) - red * green, mean(10) - red * blue, mean(12) - green * blue];
  // The inverse of a symmetric matrix, by its cofactors.
  const [cRr, cRg, cRb] = [gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg];
  const [cGg, cGb, cBb] = [rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg];
  const determinant = rr * cRr + rg * cRg + rb * cRb;
  const byRed = (cRr * ofRed + cRg * ofGreen + cRb * ofBlue) / determinant;
  const byGreen = (cRg * ofRed + cGg * ofGreen + cGb * ofBlue) / determinant;
  const byBlue = (cRb * ofRed + cGb * ofGreen + cBb * ofBlue) / determinant;
  const constant = side - byRed * red - byGreen * green - byBlue * blue;
  const explained = byRed * ofRed + byGreen * ofGreen + byBlue * ofBlue;
  const sure = Math.min(1, (explained + TINY) / (ENOUGH * (1 - side * side) + TINY));
  rules[to] = byRed * sure;
  rules[to + 1] = byGreen * sure;
  rules[to + 2] = byBlue * sure;
  rules[to + 3] = constant * sure;
  rules[to + 4] = 1 - sure;
}
