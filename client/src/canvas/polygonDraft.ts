import type { PointXy } from '../shared/types';
import type { Draft } from './layers';
import { toScreen, type Viewport } from './viewport';

/** CSS pixels from the first corner within which a press closes the outline. */
const CLOSING_REACH = 10;

const FEWEST_CORNERS = 3;

/** Corners of a polygon that is not closed yet; image frame. */
export class PolygonDraft {
  #corners: readonly PointXy[] = [];

  get isBegun(): boolean {
    return this.#corners.length > 0;
  }

  add(corner: PointXy): void {
    this.#corners = [...this.#corners, corner];
  }

  removeLast(): void {
    this.#corners = this.#corners.slice(0, -1);
  }

  clear(): void {
    this.#corners = [];
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
  draft(cursor: PointXy | null): Draft | null {
    return this.isBegun ? { kind: 'polygon', points: this.#corners, cursor } : null;
  }
}

/** The two presses of a double click leave a corner twice. */
const withoutRepeats = (points: readonly PointXy[]): PointXy[] =>
  points.filter((point, index) => {
    const before = points[index - 1];
    return before?.x !== point.x || before.y !== point.y;
  });
