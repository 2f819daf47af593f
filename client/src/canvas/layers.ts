/** Draws what there is, from back to front, and keeps nothing; the masks are kept by `painter.ts`. */
import type { CocoRle, PointXy, PromptItem, SizeHw } from '../shared/types';
import type { Region } from './maskGrid';
import type { Rgb } from './palette';
import { toScreen, type Viewport } from './viewport';

export interface SceneObject {
  readonly colour: Rgb;
  readonly isActive: boolean;
  readonly mask: CocoRle | null;
  readonly prompts: readonly { readonly item: PromptItem; readonly isPending: boolean }[];
}

/** What is being drawn and not yet given; image frame. */
export type Draft =
  | { readonly kind: 'box'; readonly from: PointXy; readonly to: PointXy; readonly label: 0 | 1 }
  | { readonly kind: 'scribble'; readonly points: readonly PointXy[]; readonly label: 0 | 1 }
  | {
      readonly kind: 'polygon';
      readonly points: readonly PointXy[];
      readonly cursor: PointXy | null;
      readonly label: 0 | 1;
    }
  | { readonly kind: 'press'; readonly at: PointXy; readonly label: 0 | 1 };

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

export interface Scene {
  readonly photo: ShownPhoto;
  readonly viewport: Viewport;
  readonly objects: readonly SceneObject[];
  readonly draft: Draft | null;
  /** The keyboard's position, image frame. */
  readonly crosshair: PointXy | null;
}

const LABEL_COLOURS: Readonly<Record<0 | 1, string>> = { 1: '#16a34a', 0: '#dc2626' };
const PENDING_ALPHA = 0.55;

/** From this magnification on, pixels are shown as squares. */
const SHARP_SCALE = 4;

/**
 * Draw everything. `drawMasks` draws those; `isMoving` tells that the next frame will be another, so that looks count
 * less than time.
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
  for (const object of scene.objects.filter(({ isActive }) => isActive)) {
    for (const { item, isPending } of object.prompts) {
      context.globalAlpha = isPending ? PENDING_ALPHA : 1;
      drawPrompt(context, scene.viewport, item);
    }
  }
  context.globalAlpha = 1;
  if (scene.draft !== null) drawDraft(context, scene.viewport, scene.draft);
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
    for (const { pixels, region } of photo.pictures) {
      context.fillRect(region.x, region.y, region.width, region.height);
      context.drawImage(pixels, region.x, region.y, region.width, region.height);
    }
  });
}

function drawPrompt(context: CanvasRenderingContext2D, viewport: Viewport, item: PromptItem): void {
  switch (item.kind) {
    case 'click':
      drawPoint(context, toScreen(viewport, item), item.label);
      return;
    case 'box':
      drawBox(context, viewport, {
        from: { x: item.x0, y: item.y0 },
        to: { x: item.x1, y: item.y1 },
        label: item.label ?? 1,
      });
      return;
    case 'scribble':
      drawLine(context, viewport, item.points_xy.map(toPoint), { colour: LABEL_COLOURS[item.label] });
      return;
    case 'polygon':
      drawLine(context, viewport, item.points_xy.map(toPoint), {
        colour: LABEL_COLOURS[item.label ?? 1],
        closed: true,
      });
      return;
    case 'text':
      return;
  }
}

const toPoint = ([x, y]: readonly [number, number]): PointXy => ({ x, y });

function drawDraft(context: CanvasRenderingContext2D, viewport: Viewport, draft: Draft): void {
  switch (draft.kind) {
    case 'box':
      drawBox(context, viewport, draft);
      return;
    case 'scribble':
      drawLine(context, viewport, draft.points, { colour: LABEL_COLOURS[draft.label] });
      return;
    case 'polygon': {
      const points = draft.cursor === null ? draft.points : [...draft.points, draft.cursor];
      drawLine(context, viewport, points, { colour: LABEL_COLOURS[draft.label] });
      for (const point of draft.points) drawVertex(context, toScreen(viewport, point), draft.label);
      return;
    }
    case 'press':
      context.globalAlpha = PENDING_ALPHA;
      drawPoint(context, toScreen(viewport, draft.at), draft.label);
      context.globalAlpha = 1;
      return;
  }
}

/** A disc with a plus or minus, told apart without its colour. */
function drawPoint(context: CanvasRenderingContext2D, { x, y }: PointXy, label: 0 | 1): void {
  context.beginPath();
  context.arc(x, y, 8, 0, 2 * Math.PI);
  context.fillStyle = LABEL_COLOURS[label];
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = 'white';
  context.stroke();
  context.beginPath();
  context.moveTo(x - 4, y);
  context.lineTo(x + 4, y);
  if (label === 1) {
    context.moveTo(x, y - 4);
    context.lineTo(x, y + 4);
  }
  context.lineCap = 'butt';
  context.stroke();
}

function drawVertex(context: CanvasRenderingContext2D, { x, y }: PointXy, label: 0 | 1): void {
  context.beginPath();
  context.arc(x, y, 4, 0, 2 * Math.PI);
  context.fillStyle = 'white';
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = LABEL_COLOURS[label];
  context.stroke();
}

function drawBox(
  context: CanvasRenderingContext2D,
  viewport: Viewport,
  { from, to, label }: { readonly from: PointXy; readonly to: PointXy; readonly label: 0 | 1 },
): void {
  const [a, b] = [toScreen(viewport, from), toScreen(viewport, to)];
  const path = new Path2D();
  path.rect(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(b.x - a.x), Math.abs(b.y - a.y));
  strokeOnWhite(context, path, LABEL_COLOURS[label], [7, 5]);
}

function drawLine(
  context: CanvasRenderingContext2D,
  viewport: Viewport,
  points: readonly PointXy[],
  { colour, closed = false }: { readonly colour: string; readonly closed?: boolean },
): void {
  const path = new Path2D();
  points.forEach((point, index) => {
    const { x, y } = toScreen(viewport, point);
    // A line of no length still shows as a dot.
    if (index === 0) path.moveTo(x, y + 0.01);
    path.lineTo(x, y);
  });
  if (closed) path.closePath();
  strokeOnWhite(context, path, colour, []);
}

function strokeOnWhite(
  context: CanvasRenderingContext2D,
  path: Path2D,
  colour: string,
  dash: number[],
): void {
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.lineWidth = 5;
  context.strokeStyle = 'rgb(255 255 255 / 0.85)';
  context.stroke(path);
  context.setLineDash(dash);
  context.lineWidth = 2.5;
  context.strokeStyle = colour;
  context.stroke(path);
  context.setLineDash([]);
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
