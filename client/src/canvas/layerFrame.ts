/** Where a layer lies: the part of the image that it shows, and at how many pixels a pixel of the image. Pure. */
import type { SizeHw } from '../shared/types';
import type { Region } from './maskGrid';
import { toImage, type Viewport } from './viewport';

export interface LayerFrame {
  readonly region: Region;
  /** Pixels of the layer in one of the image. */
  readonly scale: number;
}

/** Of the view's width and height, on each side: so far the image can be moved before its layers are too small. */
const MARGIN = 0.25;

/** What of the image is in sight, in whole pixels; `margin` is a part of the view's sides. */
export function visibleRegion(viewport: Viewport, canvas: SizeHw, image: SizeHw, margin = 0): Region {
  const by = { x: margin * canvas.width, y: margin * canvas.height };
  const from = toImage(viewport, { x: -by.x, y: -by.y });
  const to = toImage(viewport, { x: canvas.width + by.x, y: canvas.height + by.y });
  const [x, width] = span(from.x, to.x, image.width);
  const [y, height] = span(from.y, to.y, image.height);
  return { x, y, width, height };
}

/** Whole numbers from 0 to `side` that cover it; at least one pixel. */
function span(from: number, to: number, side: number): readonly [start: number, length: number] {
  const start = Math.min(Math.max(Math.floor(from), 0), side - 1);
  const end = Math.max(Math.min(Math.ceil(to), side), start + 1);
  return [start, end - start];
}

/** The frame of a layer for this view: as sharp as the screen, and somewhat larger than what is in sight. */
export const frameFor = (
  viewport: Viewport,
  canvas: SizeHw,
  image: SizeHw,
  devicePixelRatio: number,
): LayerFrame => ({
  region: visibleRegion(viewport, canvas, image, MARGIN),
  scale: viewport.scale * devicePixelRatio,
});

/** Whether all of a part of the image is in another. */
export const covers = (outer: Region, inner: Region): boolean =>
  outer.x <= inner.x &&
  outer.y <= inner.y &&
  outer.x + outer.width >= inner.x + inner.width &&
  outer.y + outer.height >= inner.y + inner.height;

/** Pixels of the layer; at least one. */
export const layerSize = ({ region, scale }: LayerFrame): SizeHw => ({
  height: Math.max(1, Math.round(region.height * scale)),
  width: Math.max(1, Math.round(region.width * scale)),
});
