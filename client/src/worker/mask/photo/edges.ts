/**
 * A smoothing that stops at the edges of a photo: the recursive domain transform filter of Gastal and Oliveira
 * (2011), from the equations.
 */
import type { PhotoConfig } from '../../../shared/model/manifest';
import type { SizeHw } from '../../../shared/types';

/** Each pass filters rows, then columns, half as wide as the pass before. */
const PASSES = [0, 1] as const;

/** How much each cell of a photo passes on to its neighbours. */
export interface EdgeFilter extends SizeHw {
  /** Per pass; [h, w] each, of which the last column of `across` and the last row of `down` are not used. */
  readonly passes: readonly { readonly across: Float32Array; readonly down: Float32Array }[];
}

/** `photo` is [3, h, w], 0 to 255. */
export function edgesOf(
  photo: Float32Array,
  { height, width }: SizeHw,
  { reach: share, edge_contrast }: PhotoConfig,
): EdgeFilter {
  const reach = share * Math.max(height, width);
  const contrast = reach / edge_contrast / 255;
  const passes = PASSES.map((pass) => {
    const fade = -Math.SQRT2 / widthOf(pass, reach);
    const passedOn = (step: number) => passedOver(photo, height * width, step, contrast, fade);
    return { across: passedOn(1), down: passedOn(width) };
  });
  return { height, width, passes };
}

/** Of every cell, what it passes on to the one `step` further. */
function passedOver(
  photo: Float32Array,
  plane: number,
  step: number,
  contrast: number,
  fade: number,
): Float32Array {
  const passedOn = new Float32Array(plane);
  for (let i = 0; i + step < plane; i++) {
    let difference = 0;
    for (let at = i; at < 3 * plane; at += plane) {
      difference += Math.abs((photo[at + step] ?? 0) - (photo[at] ?? 0));
    }
    passedOn[i] = Math.exp(fade * (1 + contrast * difference));
  }
  return passedOn;
}

/** Smooth a map [h, w] in place. */
export function smooth({ height, width, passes }: EdgeFilter, values: Float64Array): void {
  for (const { across, down } of passes) {
    for (let row = 0; row + 1 < height; row += 2) sweepRows(values, across, row * width, width);
    if (height % 2 === 1) sweepRow(values, across, (height - 1) * width, width);
    sweepColumns(values, down, width);
  }
}

/** Spread of a pass in cells, so that all passes together have the spread `reach`. */
function widthOf(pass: number, reach: number): number {
  const halvings = 2 ** (PASSES.length - pass - 1);
  return (reach * Math.sqrt(3) * halvings) / Math.sqrt(4 ** PASSES.length - 1);
}

/** Along the row that starts at `first` and back again; `passedOn` is between a cell and the next. */
function sweepRow(values: Float64Array, passedOn: Float32Array, first: number, width: number): void {
  const last = first + width - 1;
  let passed = values[first] ?? 0;
  for (let i = first + 1; i <= last; i++) {
    const own = values[i] ?? 0;
    passed = own + (passedOn[i - 1] ?? 0) * (passed - own);
    values[i] = passed;
  }
  for (let i = last - 1; i >= first; i--) {
    const own = values[i] ?? 0;
    passed = own + (passedOn[i] ?? 0) * (passed - own);
    values[i] = passed;
  }
}

/** The same for that row and the one below: each cell waits for the one before it, two rows wait half as long. */
function sweepRows(values: Float64Array, passedOn: Float32Array, first: number, width: number): void {
  const last = first + width - 1;
  let upper = values[first] ?? 0;
  let lower = values[first + width] ?? 0;
  for (let i = first + 1; i <= last; i++) {
    const j = i + width;
    const own = values[i] ?? 0;
    const below = values[j] ?? 0;
    upper = own + (passedOn[i - 1] ?? 0) * (upper - own);
    lower = below + (passedOn[j - 1] ?? 0) * (lower - below);
    values[i] = upper;
    values[j] = lower;
  }
  for (let i = last - 1; i >= first; i--) {
    const j = i + width;
    const own = values[i] ?? 0;
    const below = values[j] ?? 0;
    upper = own + (passedOn[i] ?? 0) * (upper - own);
    lower = below + (passedOn[j] ?? 0) * (lower - below);
    values[i] = upper;
    values[j] = lower;
  }
}

/** Down all columns and up again, row by row; `passedOn` is between a cell and the one below. */
function sweepColumns(values: Float64Array, passedOn: Float32Array, width: number): void {
  for (let i = width; i < values.length; i++) {
    const own = values[i] ?? 0;
    values[i] = own + (passedOn[i - width] ?? 0) * ((values[i - width] ?? 0) - own);
  }
  for (let i = values.length - width - 1; i >= 0; i--) {
    const own = values[i] ?? 0;
    values[i] = own + (passedOn[i] ?? 0) * ((values[i + width] ?? 0) - own);
  }
}
