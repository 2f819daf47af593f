/** A word alone -> clicks where it may be: `splitseem_model/step/finding.py` does the same and says why. */
import { inputToImage } from '../../shared/geometry';
import { norm, dot } from '../../shared/model/vectors';
import type { ImageGeometry, MaskLogits, PointXy } from '../../shared/types';
import type { FeatureMap } from '../layers/sampling';
import { inWords, sharesOf } from '../mask/meaning';

/** Places that are tried at most. */
const PEAKS = 12;
/** How much worse than the best an instance may fit, as cosine. */
const SLACK = 0.05;
/** Of the best answer's score, that an instance has at least. */
const LEAST_SHARE = 0.75;
/** Cosine up to which a cell does not fit at all, and how much better the best cell fits at least. */
const [FITS_NOT, LEAST_RANGE] = [0.2, 0.05];
/** What counts how much in a mask: that it covers what fits, what it shows, and that it is an object. */
const WEIGHTS = { cover: 0.4, meaning: 0.4, object: 0.2 };
/** Cells of mask logits in one of the map. */
const CELLS = 16;

export interface Places {
  /** Clicks to try, the best first, image frame. */
  readonly points: readonly PointXy[];
  /** How well each cell of the map fits, 0 to 1. */
  readonly heat: Float64Array;
}

/** `vector` is that of the text; rows of `toSentence` are as for `inWords`. */
export function look(
  map: FeatureMap,
  toSentence: Float32Array,
  vector: Float32Array,
  geometry: ImageGeometry,
): Places {
  const fit = fitsOf(map, toSentence, vector, geometry);
  const best = fit.reduce((a, b) => Math.max(a, b), -1);
  const range = Math.max(best - FITS_NOT, LEAST_RANGE);
  const heat = Float64Array.from(fit, (cosine) => Math.min(1, Math.max(0, (cosine - FITS_NOT) / range)));
  return { points: peaksOf(fit, map, geometry), heat };
}

/** Cosines of the cells, -1 in the padding. */
function fitsOf(
  map: FeatureMap,
  toSentence: Float32Array,
  vector: Float32Array,
  { input_hw }: ImageGeometry,
): Float64Array {
  const { channels, height, width, stride, data } = map;
  const [rows, columns] = input_hw.map((side) => Math.ceil(side / stride));
  const fit = new Float64Array(height * width).fill(-1);
  for (let cell = 0; cell < fit.length; cell++) {
    if (Math.floor(cell / width) >= (rows ?? 0) || cell % width >= (columns ?? 0)) continue;
    const meaning = Float32Array.from({ length: channels }, (_, c) => data[c * height * width + cell] ?? 0);
    fit[cell] = cosine(inWords(meaning, toSentence), vector);
  }
  return fit;
}

export const cosine = (a: Float32Array, b: Float32Array): number =>
  dot(a, 0, b, 0, a.length) / Math.max(norm(a, 0, a.length) * norm(b, 0, b.length), 1e-12);

/** Centres of the best cells that none of their eight neighbours exceeds, inside the photo. */
function peaksOf(
  fit: Float64Array,
  { height, width, stride }: FeatureMap,
  geometry: ImageGeometry,
): PointXy[] {
  const at = (row: number, column: number): number =>
    row < 0 || column < 0 || row >= height || column >= width ? -Infinity : (fit[row * width + column] ?? -1);
  const isPeak = (cell: number): boolean => {
    const [row, column] = [Math.floor(cell / width), cell % width];
    const own = at(row, column);
    const offsets = [-1, 0, 1];
    return own > -1 && offsets.every((y) => offsets.every((x) => at(row + y, column + x) <= own));
  };
  const [inputHeight, inputWidth] = geometry.input_hw;
  return Array.from(fit.keys())
    .filter(isPeak)
    .sort((a, b) => (fit[b] ?? 0) - (fit[a] ?? 0))
    .slice(0, PEAKS)
    .map((cell) =>
      inputToImage(geometry, {
        x: Math.min(((cell % width) + 0.5) * stride, inputWidth - 0.5),
        y: Math.min((Math.floor(cell / width) + 0.5) * stride, inputHeight - 0.5),
      }),
    );
}

/** How good an answer to a text a mask is, 0 to 1; `meant` is its cosine with the text, `likely` how likely an object. */
export function wordScore(cover: number, meant: number, likely: number): number {
  return WEIGHTS.cover * cover + WEIGHTS.meaning * Math.max(0, meant) + WEIGHTS.object * likely;
}

/** Which answers to a text are about as good as the best, which is the first. */
export function alikeAt(scores: readonly number[], fits: readonly number[]): number[] {
  const [leastScore, leastFit] = [LEAST_SHARE * Math.max(...scores), Math.max(...fits) - SLACK];
  const isAlike = (at: number): boolean => (scores[at] ?? 0) >= leastScore && (fits[at] ?? -1) >= leastFit;
  return [...scores.keys()].filter((at) => at === 0 || isAlike(at));
}

/** IoU of a mask with a heat map as a soft mask. */
export function coverOf(map: FeatureMap, logits: MaskLogits, heat: Float64Array): number {
  const shares = sharesOf(map, logits);
  let [shared, either] = [0, 0];
  for (let cell = 0; cell < heat.length; cell++) {
    const [share, warm] = [(shares[cell] ?? 0) / CELLS, heat[cell] ?? 0];
    shared += Math.min(share, warm);
    either += Math.max(share, warm);
  }
  return shared / Math.max(either, 1e-6);
}
