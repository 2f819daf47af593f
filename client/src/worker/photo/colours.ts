/** How much each colour speaks for the object: two blurred histograms, fitted anew at every click. */
import type { PhotoConfig } from '../../shared/manifest';

const TINY = 1e-9;
const CORNERS = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** Where the pixels of a photo fall in a cube of colour bins, shared by the eight nearest ones. */
export interface ColourBins {
  /** Along each side of the cube. */
  readonly bins: number;
  /** Of each corner, the bin of every pixel and the pixel's share in it. */
  readonly corners: readonly { readonly index: Int32Array; readonly share: Float64Array }[];
}

/** `photo` is [3, N], 0 to 255. */
export function binsOf(photo: Float32Array, bins: number): ColourBins {
  const count = photo.length / 3;
  const corners = CORNERS.map((corner) => {
    const index = new Int32Array(count);
    const share = new Float64Array(count).fill(1);
    for (let channel = 0; channel < 3; channel++) {
      const upper = (corner >> (2 - channel)) & 1;
      for (let i = 0; i < count; i++) {
        const place = ((photo[channel * count + i] ?? 0) / 255) * (bins - 1);
        const low = Math.min(Math.floor(place), bins - 2);
        index[i] = (index[i] ?? 0) * bins + low + upper;
        share[i] = (share[i] ?? 0) * (upper === 1 ? place - low : 1 - (place - low));
      }
    }
    return { index, share };
  });
  return { bins, corners };
}

/**
 * Log of how much likelier each pixel's colour is on the object than off it, clamped, [N].
 *
 * The weights [N] say how much a pixel counts as an example of either.
 */
export function colourEvidence(
  bins: ColourBins,
  objectWeights: Float64Array,
  backgroundWeights: Float64Array,
  { colour_floor: floor, colour_limit: limit }: PhotoConfig,
): Float64Array {
  const object = lookUp(bins, histogram(bins, objectWeights));
  const background = lookUp(bins, histogram(bins, backgroundWeights));
  return object.map((value, i) => {
    const ratio = Math.log((value + floor) / ((background[i] ?? 0) + floor));
    return Math.min(Math.max(ratio, -limit), limit);
  });
}

/** Blurred counts [bins ** 3] of pixels that weigh `weights`, divided by their sum. */
function histogram({ bins, corners }: ColourBins, weights: Float64Array): Float64Array {
  const counts = new Float64Array(bins ** 3);
  for (const { index, share } of corners) {
    for (let i = 0; i < weights.length; i++) {
      const bin = index[i] ?? 0;
      counts[bin] = (counts[bin] ?? 0) + (share[i] ?? 0) * (weights[i] ?? 0);
    }
  }
  const blurred = blur(blur(blur(counts, bins, bins * bins), bins, bins), bins, 1);
  const sum = weights.reduce((total, weight) => total + weight, 0) + TINY;
  return blurred.map((value) => value / sum);
}

/** One pass of the kernel 1 2 1 along the axis whose neighbours are `step` apart; the ends are repeated. */
function blur(cube: Float64Array, bins: number, step: number): Float64Array {
  const blurred = new Float64Array(cube.length);
  for (let i = 0; i < cube.length; i++) {
    const along = Math.floor(i / step) % bins;
    const here = cube[i] ?? 0;
    const before = along === 0 ? here : (cube[i - step] ?? 0);
    const after = along === bins - 1 ? here : (cube[i + step] ?? 0);
    blurred[i] = 0.25 * before + 0.5 * here + 0.25 * after;
  }
  return blurred;
}

/** The histogram at the colour of every pixel, [N]. */
function lookUp({ corners }: ColourBins, values: Float64Array): Float64Array {
  const found = new Float64Array(corners[0]?.index.length ?? 0);
  for (const { index, share } of corners) {
    for (let i = 0; i < found.length; i++) {
      found[i] = (found[i] ?? 0) + (share[i] ?? 0) * (values[index[i] ?? 0] ?? 0);
    }
  }
  return found;
}
