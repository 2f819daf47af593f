import type { PointXy } from '../types';

/** A part of the picture of a prompt, image frame; the label says its colour. */
export type Mark =
  | { readonly shape: 'disc' | 'corner'; readonly at: PointXy; readonly label: 0 | 1 }
  /** As wide as a brush: the radius is in pixels of the image. */
  | {
      readonly shape: 'brush';
      readonly points: readonly PointXy[];
      readonly radius: number;
      readonly label: 0 | 1;
    }
  | {
      readonly shape: 'line';
      readonly points: readonly PointXy[];
      readonly label: 0 | 1;
      readonly isClosed?: boolean;
      readonly isDashed?: boolean;
    };
