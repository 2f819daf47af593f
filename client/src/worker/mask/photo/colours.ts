/** How much each colour speaks for the object: two blurred histograms, fitted again at every click. */
import type { PhotoConfig } from '../../../shared/model/manifest';
import { Scratch } from '../../layers/scratch';

const TINY = 1e-9;

/** Histograms lie in one array: cell `KINDS * bin` counts the object, the next one the background. */
const KINDS = 2;

/** Where the pixels of a photo fall in a cube of colour bins, shared by the eight nearest ones. */
export interface ColourBins {
  /** Along each side of the cube. */
  readonly bins: number;
  /** Of every pixel, the lowest of its eight bins, [N]. */
  readonly lowest: Uint32Array;
  /** How far it is from that bin to the next along red, green and blue, [3, N]. */
  readonly parts: Float32Array;
}

const scratch = new Scratch();

/** `photo` is [3, N], 0 to 255. */
export function binsOf(photo: Float32Array, bins: number): ColourBins {
  const count = photo.length / 3;
  const lowest = new Uint32Array(count);
  const parts = new Float32Array(photo.length);
  for (let start = 0; start < photo.length; start += count) {
    for (let i = 0; i < count; i++) {
      const place = ((photo[start + i] ?? 0) / 255) * (bins - 1);
      const low = Math.min(Math.floor(place), bins - 2);
      lowest[i] = (lowest[i] ?? 0) * bins + low;
      parts[start + i] = place - low;
    }
  }
  return { bins, lowest, parts };
}

/**
 * Log of how much likelier each pixel's colour is on the object than off it, clamped: into `evidence`, [N].
 *
 * `examples` [N] says how much a pixel counts as an example: of the object where positive, of the background where
 * negative.
 */
export function colourEvidence(
  colours: ColourBins,
  examples: Float64Array,
  { colour_floor: floor, colour_limit: limit }: PhotoConfig,
  evidence: Float64Array,
): void {
  const { bins, lowest, parts } = colours;
  const [line, plane] = [KINDS * bins, KINDS * bins * bins];
  const counts = scratch.take('counts', bins * plane);
  const blurred = scratch.take('blurred', bins * plane);
  count(colours, examples, counts);
  blur(counts, blurred, plane, bins);
  blur(blurred, counts, line, bins);
  blur(counts, blurred, KINDS, bins);
  const { object, background } = totals(examples);
  const most = Math.exp(limit);
  const pixels = lowest.length;
  for (let i = 0; i < pixels; i++) {
    const low = KINDS * (lowest[i] ?? 0);
    const red = parts[i] ?? 0;
    const green = parts[pixels + i] ?? 0;
    const blue = parts[2 * pixels + i] ?? 0;
    const onObject = between(blurred, low, line, plane, red, green, blue) / object;
    const offObject = between(blurred, low + 1, line, plane, red, green, blue) / background;
    const ratio = (onObject + floor) / (offObject + floor);
    // The logarithm is half of the work, and most ratios are beyond the limit.
    evidence[i] = ratio >= most ? limit : ratio <= 1 / most ? -limit : Math.log(ratio);
  }
}

function totals(examples: Float64Array): { readonly object: number; readonly background: number } {
  let [object, background] = [TINY, TINY];
  for (const weight of examples) {
    if (weight > 0) object += weight;
    else background -= weight;
  }
  return { object, background };
}

/** The examples in the bins around their colours, into `counts` [bins ** 3, KINDS]. */
function count({ bins, lowest, parts }: ColourBins, examples: Float64Array, counts: Float64Array): void {
  const [line, plane] = [KINDS * bins, KINDS * bins * bins];
  const pixels = lowest.length;
  counts.fill(0);
  for (let i = 0; i < pixels; i++) {
    const example = examples[i] ?? 0;
    const low = KINDS * (lowest[i] ?? 0) + (example > 0 ? 0 : 1);
    const red = parts[i] ?? 0;
    const green = parts[pixels + i] ?? 0;
    const blue = parts[2 * pixels + i] ?? 0;
    const weight = Math.abs(example);
    const [near, far] = [weight * (1 - red), weight * red];
    share(counts, low, near * (1 - green), blue);
    share(counts, low + line, near * green, blue);
    share(counts, low + plane, far * (1 - green), blue);
    share(counts, low + plane + line, far * green, blue);
  }
}

/** `weight` shared by a bin and its neighbour along blue. */
function share(counts: Float64Array, bin: number, weight: number, blue: number): void {
  counts[bin] = (counts[bin] ?? 0) + weight * (1 - blue);
  counts[bin + KINDS] = (counts[bin + KINDS] ?? 0) + weight * blue;
}

/** Value of a histogram between the eight neighbours of a place in the cube; in one piece, since it is called often. */
function between(
  cube: Float64Array,
  low: number,
  line: number,
  plane: number,
  red: number,
  green: number,
  blue: number,
): number {
  const [high, far] = [low + line, low + plane];
  const corner = far + line;
  const a = cube[low] ?? 0;
  const b = cube[high] ?? 0;
  const c = cube[far] ?? 0;
  const d = cube[corner] ?? 0;
  const nearLow = a + blue * ((cube[low + KINDS] ?? 0) - a);
  const nearHigh = b + blue * ((cube[high + KINDS] ?? 0) - b);
  const farLow = c + blue * ((cube[far + KINDS] ?? 0) - c);
  const farHigh = d + blue * ((cube[corner + KINDS] ?? 0) - d);
  const near = nearLow + green * (nearHigh - nearLow);
  return near + red * (farLow + green * (farHigh - farLow) - near);
}

/** The kernel 1 2 1 along the axis whose `bins` neighbours are `step` apart; the ends are repeated. */
function blur(cube: Float64Array, blurred: Float64Array, step: number, bins: number): void {
  const length = step * bins;
  for (let start = 0; start < cube.length; start += length) {
    const last = start + length - step;
    for (let at = start; at < start + length; at++) {
      const here = cube[at] ?? 0;
      const before = at < start + step ? here : (cube[at - step] ?? 0);
      const after = at >= last ? here : (cube[at + step] ?? 0);
      blurred[at] = 0.25 * before + 0.5 * here + 0.25 * after;
    }
  }
}
