/**
 * Mask logits that obey the clicks: a Gaussian-process correction of the selected mask, in closed form.
 *
 * The smallest smooth change, in the sense of a kernel over place and mask features, after which every clicked
 * point has its sign with a margin. It spreads to places that are near a click and look like it.
 * `splitseem_model/correction.py` does the same; both are held to `proto/vectors/correction.json`.
 */
import type { CorrectionConfig } from '../shared/manifest';
import { thin } from '../shared/prompts';
import type { LabelledPoint, MaskLogits } from '../shared/types';
import { solve } from './linear';
import { sampleFeatures, type FeatureMap } from './sampling';

/** Beyond this exponent a kernel value is lost in the rounding of a logit. */
const NEGLIGIBLE = 36;

/** Mask features as the kernel sees them: divided by the spread of their channel. */
export interface Looks {
  readonly map: FeatureMap;
  /** Standard deviation of every channel over the map, with a floor, [C]. */
  readonly spread: Float64Array;
  /** Squared length of the look of every cell, [N]. */
  readonly lengths: Float64Array;
}

interface Click {
  readonly x: number;
  readonly y: number;
  readonly look: Float64Array;
}

/** What is the same for every correction of an image. */
export function looksOf(map: FeatureMap, correction: CorrectionConfig): Looks {
  const plane = map.height * map.width;
  const variances = Array.from({ length: map.channels }, (_, c) =>
    variance(map.data.subarray(c * plane, (c + 1) * plane)),
  );
  const mean = variances.reduce((sum, value) => sum + value, 0) / map.channels;
  const spread = Float64Array.from(variances, (v) => Math.sqrt(v + correction.spread_floor * mean + 1e-12));
  const lengths = new Float64Array(plane);
  spread.forEach((width, c) => {
    for (let i = 0; i < plane; i++) {
      const look = (map.data[c * plane + i] ?? 0) / width;
      lengths[i] = (lengths[i] ?? 0) + look * look;
    }
  });
  return { map, spread, lengths };
}

/**
 * The corrected mask logits; the same ones when every point already has its margin.
 *
 * `points` are in the padded frame; only labels 1 and 0 count, at most `max_points` of them, taken evenly. `side`
 * is the long side of the input in pixels, the unit of `place_width`.
 */
export function correctAtPoints(
  logits: MaskLogits,
  looks: Looks,
  points: readonly LabelledPoint[],
  side: number,
  correction: CorrectionConfig,
): MaskLogits {
  const clicked = thin(
    points.filter(({ label }) => label === 0 || label === 1),
    correction.max_points,
  );
  const now = sampleFeatures({ ...logits, channels: 1, stride: looks.map.stride }, clicked);
  const lacking = clicked.map(({ label }, p) => {
    const sign = label === 1 ? 1 : -1;
    return sign * Math.max(correction.margin - sign * (now[p] ?? 0), 0);
  });
  if (lacking.every((value) => value === 0)) return logits;
  const clicks = clicksOf(clicked, looks);
  const data = Float64Array.from(logits.data);
  const weights = solve(kernelAmong(clicks, side, correction), lacking);
  clicks.forEach((click, p) => {
    addKernel(data, looks, click, weights[p] ?? 0, side, correction);
  });
  return { ...logits, data: Float32Array.from(data) };
}

function variance(values: Float32Array): number {
  let [sum, squares] = [0, 0];
  for (const value of values) sum += value;
  const mean = sum / values.length;
  for (const value of values) squares += (value - mean) ** 2;
  return squares / values.length;
}

function clicksOf(points: readonly LabelledPoint[], { map, spread }: Looks): Click[] {
  const sampled = sampleFeatures(map, points);
  return points.map(({ x, y }, p) => ({
    x,
    y,
    look: spread.map((width, c) => (sampled[p * map.channels + c] ?? 0) / width),
  }));
}

/** Similarity of all clicks, [P, P], with the ridge on its diagonal. */
function kernelAmong(clicks: readonly Click[], side: number, correction: CorrectionConfig): number[][] {
  return clicks.map((a, row) =>
    clicks.map((b, column) => {
      const place = (a.x - b.x) ** 2 + (a.y - b.y) ** 2;
      const look = a.look.reduce((sum, value, c) => sum + (value - (b.look[c] ?? 0)) ** 2, 0);
      const similarity = Math.exp(-exponent(look, a.look.length, place, side, correction));
      return similarity + (row === column ? correction.ridge : 0);
    }),
  );
}

function exponent(
  look: number,
  channels: number,
  place: number,
  side: number,
  { look_width, place_width }: CorrectionConfig,
): number {
  return look / channels / (2 * look_width ** 2) + place / (2 * (place_width * side) ** 2);
}

/** Add `weight` times the similarity to a click, at every cell that is not too far away to matter. */
function addKernel(
  data: Float64Array,
  { map, spread, lengths }: Looks,
  click: Click,
  weight: number,
  side: number,
  correction: CorrectionConfig,
): void {
  const reach = correction.place_width * side * Math.sqrt(2 * NEGLIGIBLE);
  const [left, right] = cellsWithin(click.x, reach, map.stride, map.width);
  const [top, bottom] = cellsWithin(click.y, reach, map.stride, map.height);
  const plane = map.height * map.width;
  const scaled = click.look.map((value, c) => value / (spread[c] ?? 1));
  const length = click.look.reduce((sum, value) => sum + value * value, 0);
  const products = new Float64Array(right - left);
  for (let y = top; y < bottom; y++) {
    const row = y * map.width + left;
    products.fill(0);
    for (let c = 0; c < map.channels; c++) {
      const factor = scaled[c] ?? 0;
      const start = c * plane + row;
      for (let i = 0; i < products.length; i++) {
        products[i] = (products[i] ?? 0) + factor * (map.data[start + i] ?? 0);
      }
    }
    for (let i = 0; i < products.length; i++) {
      const place = ((left + i + 0.5) * map.stride - click.x) ** 2 + ((y + 0.5) * map.stride - click.y) ** 2;
      const look = Math.max((lengths[row + i] ?? 0) + length - 2 * (products[i] ?? 0), 0);
      const similarity = Math.exp(-exponent(look, map.channels, place, side, correction));
      data[row + i] = (data[row + i] ?? 0) + weight * similarity;
    }
  }
}

/** First and one past the last cell whose centre is at most `reach` pixels away. */
function cellsWithin(at: number, reach: number, stride: number, count: number): [number, number] {
  const first = Math.max(Math.ceil((at - reach) / stride - 0.5), 0);
  const last = Math.min(Math.floor((at + reach) / stride - 0.5) + 1, count);
  return [first, Math.max(first, last)];
}
