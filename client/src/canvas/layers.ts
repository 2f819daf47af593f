/** Draws what there is, from back to front, and keeps nothing; the masks are kept by `painter.ts`. */
import type { CocoRle, PointXy, PromptItem, SizeHw } from '../shared/types';
import type { Region } from './maskGrid';
import { rowOf } from '../shared/prompt/kinds';
import { isEdit } from '../shared/prompt/edits';
import { drawBrushCursor, drawMarks, strokeOnWhite, type BrushCursor } from './marks';
import type { Rgb } from './palette';
import { marksOf, type Sketch } from './sketch';
import { toScreen, type Viewport } from './viewport';

export interface SceneObject {
  readonly colour: Rgb;
  readonly isActive: boolean;
  readonly mask: CocoRle | null;
  readonly prompts: readonly { readonly item: PromptItem; readonly isPending: boolean }[];
}

/** Pixels of a part of the photo, of the image's own or fewer. */
export interface Picture {
  readonly pixels: CanvasImageSource;
  readonly region: Region;
}

export interface ShownPhoto {
  /** Of the image; the same object as long as it is the same photo. */
  readonly size: SizeHw;
  /** From back to front: the whole, maybe a sharper part. */
  readonly pictures: readonly Picture[];
}

/** How masks are drawn: filled, by their outlines alone, or with everything else dimmed. */
export const LOOKS = ['filled', 'outlines', 'cut-out'] as const;

export interface MaskLook {
  readonly kind: (typeof LOOKS)[number];
  /** Of the inside of filled masks, 0 to 1. */
  readonly opacity: number;
}

export interface Scene {
  readonly look: MaskLook;
  readonly photo: ShownPhoto;
  readonly viewport: Viewport;
  /** The part of the image that is seen in full detail: left, top, width, height; null: none is. */
  readonly sharpPart: readonly [number, number, number, number] | null;
  readonly objects: readonly SceneObject[];
  /** What a click would give. */
  readonly preview: { readonly mask: CocoRle; readonly colour: Rgb } | null;
  readonly sketch: Sketch | null;
  readonly brush: BrushCursor | null;
  /** The keyboard's position, image frame. */
  readonly crosshair: PointXy | null;
}

const PENDING_ALPHA = 0.55;
const FRAME_COLOUR = '#7c3aed';
const FRAME_DASH = [2, 4];

/** From this magnification on, pixels are shown as squares. */
const SHARP_SCALE = 4;

/**
 * Draw everything. `drawMasks` draws those; `isMoving` tells that the next frame will be another, so that time counts
 * more than quality.
 */
export function drawScene(
  context: CanvasRenderingContext2D,
  scene: Scene,
  devicePixelRatio: number,
  isMoving: boolean,
  drawMasks: () => void,
): void {
  const { canvas } = context;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  drawPhoto(context, scene, isMoving);
  drawMasks();
  if (scene.sharpPart !== null) drawFrame(context, scene.viewport, scene.sharpPart);
  for (const object of scene.objects.filter(({ isActive }) => isActive)) {
    for (const { item, isPending } of object.prompts) {
      context.globalAlpha = isPending ? PENDING_ALPHA : 1;
      // What was painted is seen in the mask.
      if (isPending || !isEdit(item)) drawMarks(context, scene.viewport, rowOf(item).draw(item));
    }
  }
  context.globalAlpha = scene.sketch?.kind === 'press' ? PENDING_ALPHA : 1;
  if (scene.sketch !== null) drawMarks(context, scene.viewport, marksOf(scene.sketch));
  context.globalAlpha = 1;
  if (scene.brush !== null) drawBrushCursor(context, scene.viewport, scene.brush);
  if (scene.crosshair !== null) drawCrosshair(context, scene.viewport, scene.crosshair);
}

export function inImageFrame(context: CanvasRenderingContext2D, viewport: Viewport, draw: () => void): void {
  context.save();
  context.translate(viewport.x, viewport.y);
  context.scale(viewport.scale, viewport.scale);
  draw();
  context.restore();
}

function drawPhoto(context: CanvasRenderingContext2D, { photo, viewport }: Scene, isMoving: boolean): void {
  inImageFrame(context, viewport, () => {
    context.imageSmoothingEnabled = viewport.scale < SHARP_SCALE;
    context.imageSmoothingQuality = isMoving ? 'low' : 'high';
    context.fillStyle = '#fff'; // what is transparent the server sees over white
    for (const [place, { pixels, region }] of photo.pictures.entries()) {
      // A sharper part whose edges lie within pixels of the screen would have a white frame there.
      const inset = place === 0 ? 0 : 1 / viewport.scale;
      const [width, height] = [region.width - 2 * inset, region.height - 2 * inset];
      if (width > 0 && height > 0) context.fillRect(region.x + inset, region.y + inset, width, height);
      context.drawImage(pixels, region.x, region.y, region.width, region.height);
    }
  });
}

/** Around a part of the image. */
function drawFrame(
  context: CanvasRenderingContext2D,
  viewport: Viewport,
  [left, top, width, height]: readonly [number, number, number, number],
): void {
  const { x, y } = toScreen(viewport, { x: left, y: top });
  const path = new Path2D();
  path.rect(x, y, width * viewport.scale, height * viewport.scale);
  strokeOnWhite(context, path, FRAME_COLOUR, FRAME_DASH);
}

function drawCrosshair(context: CanvasRenderingContext2D, viewport: Viewport, at: PointXy): void {
  const { x, y } = toScreen(viewport, at);
  const path = new Path2D();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    path.moveTo(x + 5 * dx, y + 5 * dy);
    path.lineTo(x + 18 * dx, y + 18 * dy);
  }
  strokeOnWhite(context, path, '#111827', []);
}
