/** A finger that stays where it was put: it has neither buttons nor keys to ask for the negative. */
import type { PointXy } from '../shared/types';

export type PointerKind = 'mouse' | 'touch' | 'pen';

export const LONG_PRESS_MILLISECONDS = 500;

/** CSS pixels that a press may move and still be a press. */
export const PRESS_SLACK: Readonly<Record<PointerKind, number>> = { mouse: 4, pen: 6, touch: 10 };

/** CSS pixels from the canvas's top left corner. */
interface Pressed {
  readonly kind: PointerKind;
  readonly at: PointXy;
}

export class LongPress {
  #start: PointXy = { x: 0, y: 0 };
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** A mouse or pen has buttons and keys, and is never heard of again. */
  begin({ kind, at }: Pressed, then: () => void): void {
    this.stop();
    if (kind !== 'touch') return;
    this.#start = at;
    this.#timer = setTimeout(then, LONG_PRESS_MILLISECONDS);
  }

  move({ kind, at }: Pressed): void {
    if (distance(this.#start, at) > PRESS_SLACK[kind]) this.stop();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

export const distance = (a: PointXy, b: PointXy): number => Math.hypot(a.x - b.x, a.y - b.y);
