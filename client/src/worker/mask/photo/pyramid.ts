/** A photo at its own resolution and at halves of it; `splitseem_model/mask/photo/pyramid.py` does the same. */
import type { SizeHw } from '../../../shared/types';

/** Of the finest level that is used: larger photos are read from their half on. */
const MOST_PIXELS = 25_000_000;

/** Red, green and blue of every pixel, row by row. */
export interface PhotoLevel extends SizeHw {
  readonly data: Uint8Array;
}

export const finestLevel = ({ height, width }: SizeHw): number => (height * width <= MOST_PIXELS ? 0 : 1);

/** Levels of a photo by their numbers; halves are made when they are first asked for. */
export class PhotoPyramid {
  readonly finest: number;
  readonly #levels = new Map<number, PhotoLevel>();

  /** `levels` are the finest and those after it that were made already. */
  constructor(finest: number, levels: readonly PhotoLevel[]) {
    this.finest = finest;
    levels.forEach((level, index) => this.#levels.set(finest + index, level));
  }

  level(number: number): PhotoLevel {
    const kept = this.#levels.get(number);
    if (kept !== undefined) return kept;
    const made = halved(this.level(number - 1));
    this.#levels.set(number, made);
    return made;
  }
}

export const halfOf = ({ height, width }: SizeHw): SizeHw => ({
  height: Math.ceil(height / 2),
  width: Math.ceil(width / 2),
});

/** Rounded means of 2 x 2 pixels, halves up; an odd last row or column is repeated. */
export function halved(level: PhotoLevel): PhotoLevel {
  const size = halfOf(level);
  const half = { ...size, data: new Uint8Array(3 * size.height * size.width) };
  halveRows(level, half, { from: 0, to: 0, count: size.height });
  return half;
}

/** `count` rows of the half at `to`, of the rows of a level that give its rows at `from`. */
export function halveRows(
  level: PhotoLevel,
  half: PhotoLevel,
  { from, to, count }: { readonly from: number; readonly to: number; readonly count: number },
): void {
  for (let row = 0; row < count; row++) halveRow(level, from + row, half.data, to + row);
}

function halveRow(
  { height, width, data: pixels }: PhotoLevel,
  row: number,
  halves: Uint8Array,
  toRow: number,
): void {
  const upper = 6 * width * row;
  const lower = 3 * width * Math.min(2 * row + 1, height - 1);
  const count = Math.ceil(width / 2);
  let to = 3 * count * toRow;
  for (let column = 0; column < count; column++) {
    const left = 6 * column;
    const right = 3 * Math.min(2 * column + 1, width - 1);
    for (let channel = 0; channel < 3; channel++) {
      const above = (pixels[upper + left + channel] ?? 0) + (pixels[upper + right + channel] ?? 0);
      const below = (pixels[lower + left + channel] ?? 0) + (pixels[lower + right + channel] ?? 0);
      halves[to++] = (above + below + 2) >> 2;
    }
  }
}
