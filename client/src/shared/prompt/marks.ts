import type { PointXy } from '../types';

/** A part of the picture of a prompt, image frame; the label says its colour. */
export type Mark =
  | { readonly shape: 'disc' | 'corner'; readonly at: PointXy; readonly label: 0 | 1 }
  | {
      readonly shape: 'line';
      readonly points: readonly PointXy[];
      readonly label: 0 | 1;
      readonly isClosed?: boolean;
      readonly isDashed?: boolean;
    };
