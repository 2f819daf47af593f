import type { Mark } from '../shared/prompt/marks';
import { rowOf } from '../shared/prompt/kinds';
import type { PointXy, PromptItem } from '../shared/types';

/** What is being drawn and not yet given; image frame. */
export type Sketch =
  | { readonly kind: 'press'; readonly at: PointXy; readonly label: 0 | 1 }
  /** A prompt that is given once the pointer is released. */
  | { readonly kind: 'shape'; readonly item: PromptItem }
  /** Of an outline, with the place that its next line goes to. */
  | {
      readonly kind: 'corners';
      readonly points: readonly PointXy[];
      readonly cursor: PointXy | null;
      readonly label: 0 | 1;
    };

export function marksOf(sketch: Sketch): readonly Mark[] {
  switch (sketch.kind) {
    case 'press':
      return [{ shape: 'disc', at: sketch.at, label: sketch.label }];
    case 'shape':
      return rowOf(sketch.item).draw(sketch.item);
    case 'corners': {
      const { points, cursor, label } = sketch;
      const line: Mark = { shape: 'line', points: cursor === null ? points : [...points, cursor], label };
      return [line, ...points.map((at): Mark => ({ shape: 'corner', at, label }))];
    }
  }
}
