import type { PointXy } from '../shared/types';
import type { Sketch } from './sketch';
import { toScreen, type Viewport } from './viewport';

/** CSS pixels from the first corner within which a press closes the outline. */
const CLOSING_REACH = 10;

const FEWEST_CORNERS = 3;

/** Corners of a polygon that is not closed yet; image frame. */
export class Outline {
  #corners: readonly PointXy[] = [];
  /** Corners that were taken back, the last first. */
  #taken: readonly PointXy[] = [];
  #label: 0 | 1 = 1;

  get isBegun(): boolean {
    return this.#corners.length > 0;
  }

  /** That of its first corner. */
  get label(): 0 | 1 {
    return this.#label;
  }

  add(corner: PointXy, label: 0 | 1): void {
    if (!this.isBegun) this.#label = label;
    this.#corners = [...this.#corners, corner];
    this.#taken = [];
  }

  removeLast(): void {
    this.#taken = [...this.#taken, ...this.#corners.slice(-1)];
    this.#corners = this.#corners.slice(0, -1);
  }

  /** Whether there was a corner to bring back. */
  restoreLast(): boolean {
    const corner = this.#taken.at(-1);
    if (corner === undefined) return false;
    this.#taken = this.#taken.slice(0, -1);
    this.#corners = [...this.#corners, corner];
    return true;
  }

  clear(): void {
    this.#corners = [];
    this.#taken = [];
  }

  /** Whether another corner there would repeat the last one. */
  endsAt(corner: PointXy): boolean {
    const last = this.#corners.at(-1);
    return last?.x === corner.x && last.y === corner.y;
  }

  /** The outline, and nothing is left; null while there are too few corners. */
  close(): readonly PointXy[] | null {
    const outline = withoutRepeats(this.#corners);
    if (outline.length < FEWEST_CORNERS) return null;
    this.clear();
    return outline;
  }

  reachesStart(corner: PointXy, viewport: Viewport): boolean {
    const start = this.#corners[0];
    if (start === undefined || this.#corners.length < FEWEST_CORNERS) return false;
    const [a, b] = [toScreen(viewport, start), toScreen(viewport, corner)];
    return Math.hypot(a.x - b.x, a.y - b.y) <= CLOSING_REACH;
  }

  /** What to show, with a line to the cursor when there is one. */
  sketch(cursor: PointXy | null): Sketch | null {
    return this.isBegun ? { kind: 'corners', points: this.#corners, cursor, label: this.#label } : null;
  }
}

/** The two presses of a double click leave a corner twice. */
const withoutRepeats = (points: readonly PointXy[]): PointXy[] =>
  points.filter((point, index) => {
    const before = points[index - 1];
    return before?.x !== point.x || before.y !== point.y;
  });
