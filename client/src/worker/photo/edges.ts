/**
 * A smoothing that stops at the edges of a photo: the recursive domain transform filter of Gastal and Oliveira
 * (2011), from the equations.
 */
import type { PhotoConfig } from '../../shared/manifest';
import type { SizeHw } from '../../shared/types';

/** Each pass filters rows, then columns, half as wide as the pass before. */
const PASSES = [0, 1] as const;

/** How much each cell of a photo passes on to its neighbours. */
export interface EdgeFilter extends SizeHw {
  /** Per pass; [h, w] each, of which the last column of `across` and the last row of `down` are not used. */
  readonly passes: readonly { readonly across: Float64Array; readonly down: Float64Array }[];
}

/** `photo` is [3, h, w], 0 to 255. */
export function edgesOf(
  photo: Float32Array,
  { height, width }: SizeHw,
  { reach: share, edge_contrast }: PhotoConfig,
): EdgeFilter {
  const reach = share * Math.max(height, width);
  const contrast = reach / edge_contrast / 255;
  const distance = (step: number): Float64Array => {
    const plane = height * width;
    const distances = new Float64Array(plane);
    for (let i = 0; i + step < plane; i++) {
      let difference = 0;
      for (let at = i; at < 3 * plane; at += plane) {
        difference += Math.abs((photo[at + step] ?? 0) - (photo[at] ?? 0));
      }
      distances[i] = 1 + contrast * difference;
    }
    return distances;
  };
  const [across, down] = [distance(1), distance(width)];
  const passes = PASSES.map((pass) => {
    const fade = Math.exp(-Math.SQRT2 / widthOf(pass, reach));
    return { across: across.map((d) => fade ** d), down: down.map((d) => fade ** d) };
  });
  return { height, width, passes };
}

/** The smoothed map [h, w]. */
export function smooth({ height, width, passes }: EdgeFilter, values: Float64Array): Float64Array {
  const smoothed = values.slice();
  for (const { across, down } of passes) {
    sweep(smoothed, across, { lines: height, lineStep: width, count: width, step: 1 });
    sweep(smoothed, down, { lines: width, lineStep: 1, count: height, step: width });
  }
  return smoothed;
}

/** Spread of a pass in cells, so that all passes together have the spread `reach`. */
function widthOf(pass: number, reach: number): number {
  const halvings = 2 ** (PASSES.length - pass - 1);
  return (reach * Math.sqrt(3) * halvings) / Math.sqrt(4 ** PASSES.length - 1);
}

interface Lines {
  readonly lines: number;
  readonly lineStep: number;
  /** Cells of a line, and how far apart they are. */
  readonly count: number;
  readonly step: number;
}

/** Along every line and back again, in place; `passedOn` is between a cell and the next. */
function sweep(values: Float64Array, passedOn: Float64Array, { lines, lineStep, count, step }: Lines): void {
  for (let line = 0; line < lines; line++) {
    const first = line * lineStep;
    const last = first + (count - 1) * step;
    let passed = values[first] ?? 0;
    for (let i = first + step; i <= last; i += step) {
      const own = values[i] ?? 0;
      passed = own + (passedOn[i - step] ?? 0) * (passed - own);
      values[i] = passed;
    }
    for (let i = last - step; i >= first; i -= step) {
      const own = values[i] ?? 0;
      passed = own + (passedOn[i] ?? 0) * (passed - own);
      values[i] = passed;
    }
  }
}
