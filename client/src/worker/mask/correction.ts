/**
 * Mask logits that obey the clicks: a Gaussian-process correction of the selected mask, in closed form.
 *
 * The smallest smooth change, in the sense of a kernel over place and mask features, after which every clicked
 * point has its sign with a margin. It spreads to places that are near a click and similar to it.
 * `splitseem_model/mask/correction.py` does the same; both are held to `proto/vectors/correction.json`.
 */
import type { CorrectionConfig } from '../../shared/model/manifest';
import { thin } from '../../shared/prompt/polyline';
import type { LabelledPoint, MaskLogits } from '../../shared/types';
import { solve } from '../layers/linear';
import { Scratch } from '../layers/scratch';
import { addChannels, sampleFeatures, type FeatureMap } from '../layers/sampling';

/** Beyond this exponent a kernel value is lost in the rounding of a logit. */
const NEGLIGIBLE = 36;

/** Similarities that an image keeps: as many as clicks are likely, then the oldest go. */
const MOST_KEPT = 24;

/** Mask features as the kernel sees them: divided by the spread of their channel. */
export interface Appearance {
  readonly map: FeatureMap;
  /** Standard deviation of every channel over the map, with a floor, [C]. */
  readonly spread: Float64Array;
  /** Squared length of the features of every cell, [N]. */
  readonly lengths: Float64Array;
  /** Similarity of every cell to earlier clicks, [N] each, by place. */
  readonly similarities: Map<string, Float32Array>;
}

/** Factors of the kernel for appearance and for place; similarity falls with the sum of both. */
interface Kernel {
  /** Per squared distance of features. */
  readonly appearance: number;
  /** Per squared pixel. */
  readonly place: number;
  readonly ridge: number;
}

interface Click {
  readonly x: number;
  readonly y: number;
  readonly appearance: Float64Array;
}

/** What is the same for every correction of an image. */
export function appearanceOf(map: FeatureMap, correction: CorrectionConfig): Appearance {
  const plane = map.height * map.width;
  const variances = Array.from({ length: map.channels }, (_, c) => variance(map.data, c * plane, plane));
  const mean = variances.reduce((sum, value) => sum + value, 0) / map.channels;
  const spread = Float64Array.from(variances, (v) => Math.sqrt(v + correction.spread_floor * mean + 1e-12));
  const lengths = new Float64Array(plane);
  for (let c = 0; c < map.channels; c++) {
    const factor = 1 / (spread[c] ?? 1);
    for (let i = 0; i < plane; i++) {
      const appearance = (map.data[c * plane + i] ?? 0) * factor;
      lengths[i] = (lengths[i] ?? 0) + appearance * appearance;
    }
  }
  return { map, spread, lengths, similarities: new Map() };
}

/**
 * The corrected mask logits; the same ones when every point already has its margin.
 *
 * `points` are in the padded frame; only labels 1 and 0 count, at most `max_points` of them, taken evenly. `side`
 * is the long side of the input in pixels, the unit of `place_width`.
 */
export function correctAtPoints(
  logits: MaskLogits,
  appearance: Appearance,
  points: readonly LabelledPoint[],
  side: number,
  correction: CorrectionConfig,
): MaskLogits {
  const clicked = thin(
    points.filter(({ label }) => label === 0 || label === 1),
    correction.max_points,
  );
  const now = sampleFeatures({ ...logits, channels: 1, stride: appearance.map.stride }, clicked);
  const lacking = clicked.map(({ label }, p) => {
    const sign = label === 1 ? 1 : -1;
    return sign * Math.max(correction.margin - sign * (now[p] ?? 0), 0);
  });
  if (lacking.every((value) => value === 0)) return logits;
  const clicks = clicksOf(clicked, appearance);
  const kernel = kernelOf(correction, appearance.map.channels, side);
  const weights = solve(kernelAmong(clicks, kernel), lacking);
  const change = new Float64Array(logits.data.length);
  clicks.forEach((click, p) => addScaled(change, similarityTo(click, appearance, kernel), weights[p] ?? 0));
  return { ...logits, data: logits.data.map((value, i) => value + (change[i] ?? 0)) };
}

function kernelOf(
  { look_width, place_width, ridge }: CorrectionConfig,
  channels: number,
  side: number,
): Kernel {
  return {
    appearance: 1 / channels / (2 * look_width ** 2),
    place: 1 / (2 * (place_width * side) ** 2),
    ridge,
  };
}

/** Of `count` values from `first` on. */
function variance(values: Float32Array, first: number, count: number): number {
  let [sum, squares] = [0, 0];
  for (let i = first; i < first + count; i++) {
    const value = values[i] ?? 0;
    sum += value;
    squares += value * value;
  }
  return Math.max(squares / count - (sum / count) ** 2, 0);
}

function clicksOf(points: readonly LabelledPoint[], { map, spread }: Appearance): Click[] {
  const sampled = sampleFeatures(map, points);
  return points.map(({ x, y }, p) => ({
    x,
    y,
    appearance: spread.map((width, c) => (sampled[p * map.channels + c] ?? 0) / width),
  }));
}

/** Similarity of all clicks, [P, P], with the ridge on its diagonal. */
function kernelAmong(clicks: readonly Click[], kernel: Kernel): number[][] {
  return clicks.map((a, row) =>
    clicks.map((b, column) => {
      const place = (a.x - b.x) ** 2 + (a.y - b.y) ** 2;
      const similarity = Math.exp(
        -kernel.appearance * squaredDistance(a.appearance, b.appearance) - kernel.place * place,
      );
      return similarity + (row === column ? kernel.ridge : 0);
    }),
  );
}

function squaredDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return sum;
}

function addScaled(sum: Float64Array, values: Float32Array, weight: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + weight * (values[i] ?? 0);
}

/** Similarity of every cell to a click. It does not depend on the mask, so the clicks before have theirs. */
function similarityTo(click: Click, appearance: Appearance, kernel: Kernel): Float32Array {
  const place = `${click.x} ${click.y}`;
  const similarity = appearance.similarities.get(place) ?? newSimilarity(click, appearance, kernel);
  appearance.similarities.delete(place);
  appearance.similarities.set(place, similarity);
  for (const oldest of appearance.similarities.keys()) {
    if (appearance.similarities.size <= MOST_KEPT) break;
    appearance.similarities.delete(oldest);
  }
  return similarity;
}

const scratch = new Scratch();

/** Zero where a cell is too far away to matter. */
function newSimilarity(click: Click, { map, spread, lengths }: Appearance, kernel: Kernel): Float32Array {
  const reach = Math.sqrt(NEGLIGIBLE / kernel.place);
  const [left, right] = cellsWithin(click.x, reach, map.stride, map.width);
  const [top, bottom] = cellsWithin(click.y, reach, map.stride, map.height);
  const products = scratch.take('products', map.height * map.width);
  const scaled = click.appearance.map((value, c) => value / (spread[c] ?? 1));
  addChannels(products, map, scaled, top * map.width, bottom * map.width);
  const length = click.appearance.reduce((sum, value) => sum + value * value, 0);
  const similarity = new Float32Array(products.length);
  for (let y = top; y < bottom; y++) {
    const down = ((y + 0.5) * map.stride - click.y) ** 2;
    for (let x = left; x < right; x++) {
      const at = y * map.width + x;
      const place = ((x + 0.5) * map.stride - click.x) ** 2 + down;
      const appearance = Math.max((lengths[at] ?? 0) + length - 2 * (products[at] ?? 0), 0);
      similarity[at] = Math.exp(-kernel.appearance * appearance - kernel.place * place);
    }
  }
  return similarity;
}

/** First and one past the last cell whose centre is at most `reach` pixels away. */
function cellsWithin(at: number, reach: number, stride: number, count: number): [number, number] {
  const first = Math.max(Math.ceil((at - reach) / stride - 0.5), 0);
  const last = Math.min(Math.floor((at + reach) / stride - 0.5) + 1, count);
  return [first, Math.max(first, last)];
}
