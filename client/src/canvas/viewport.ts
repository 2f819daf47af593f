/** Where the image lies on the canvas: screen = image * scale + offset, in CSS pixels. Pure. */
import type { PointXy, SizeHw } from '../shared/types';

export interface Viewport {
  /** CSS pixels per image pixel. */
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

const MAX_SCALE = 40;

/** The image may shrink to this part of the size at which it fits. */
const MIN_OF_FIT = 0.25;

/** Part of the canvas that the fitted image takes. */
const FIT_MARGIN = 0.96;

/** The whole image, centred. */
export function fit(image: SizeHw, canvas: SizeHw): Viewport {
  const scale = fitScale(image, canvas);
  return {
    scale,
    x: (canvas.width - image.width * scale) / 2,
    y: (canvas.height - image.height * scale) / 2,
  };
}

const fitScale = (image: SizeHw, canvas: SizeHw): number =>
  FIT_MARGIN * Math.min(canvas.width / image.width, canvas.height / image.height);

export const toImage = (viewport: Viewport, screen: PointXy): PointXy => ({
  x: (screen.x - viewport.x) / viewport.scale,
  y: (screen.y - viewport.y) / viewport.scale,
});

export const toScreen = (viewport: Viewport, image: PointXy): PointXy => ({
  x: image.x * viewport.scale + viewport.x,
  y: image.y * viewport.scale + viewport.y,
});

/** Zoom so that the image stays in place under a screen position. */
export function zoomAt(
  viewport: Viewport,
  factor: number,
  anchor: PointXy,
  image: SizeHw,
  canvas: SizeHw,
): Viewport {
  const smallest = MIN_OF_FIT * fitScale(image, canvas);
  const scale = Math.min(Math.max(viewport.scale * factor, smallest), Math.max(MAX_SCALE, smallest));
  const held = toImage(viewport, anchor);
  const moved = { scale, x: anchor.x - held.x * scale, y: anchor.y - held.y * scale };
  return keepInSight(moved, image, canvas);
}

export const pan = (viewport: Viewport, by: PointXy, image: SizeHw, canvas: SizeHw): Viewport =>
  keepInSight({ ...viewport, x: viewport.x + by.x, y: viewport.y + by.y }, image, canvas);

/** The centre of the canvas never leaves the image, so that it cannot be lost. */
function keepInSight(viewport: Viewport, image: SizeHw, canvas: SizeHw): Viewport {
  const clamp = (offset: number, imageSide: number, canvasSide: number): number =>
    Math.min(Math.max(offset, canvasSide / 2 - imageSide * viewport.scale), canvasSide / 2);
  return {
    ...viewport,
    x: clamp(viewport.x, image.width, canvas.width),
    y: clamp(viewport.y, image.height, canvas.height),
  };
}

export const isInside = (point: PointXy, image: SizeHw): boolean =>
  point.x >= 0 && point.y >= 0 && point.x < image.width && point.y < image.height;

/** The nearest position on the image. */
export const clampToImage = (point: PointXy, image: SizeHw): PointXy => ({
  x: Math.min(Math.max(point.x, 0), image.width),
  y: Math.min(Math.max(point.y, 0), image.height),
});

/** A hundredth of a pixel is finer than any pointer, and keeps saved projects short. */
export const roundedPoint = ({ x, y }: PointXy): PointXy => ({ x: rounded(x), y: rounded(y) });

const rounded = (value: number): number => Math.round(value * 100) / 100;
