/** Draws the marks that prompts are made of. */
import type { Mark } from '../shared/prompt/marks';
import type { PointXy } from '../shared/types';
import { toScreen, type Viewport } from './viewport';

const LABEL_COLOURS: Readonly<Record<0 | 1, string>> = { 1: '#16a34a', 0: '#dc2626' };
const DASH = [7, 5];
const BRUSH_ALPHA = 0.45;

/** Of a brush that is not pressed: its disc, image frame. */
export interface BrushCursor {
  readonly at: PointXy;
  readonly radius: number;
  readonly label: 0 | 1;
}

export function drawMarks(
  context: CanvasRenderingContext2D,
  viewport: Viewport,
  marks: readonly Mark[],
): void {
  for (const mark of marks) {
    if (mark.shape === 'line') drawLine(context, viewport, mark);
    else if (mark.shape === 'brush') drawBrush(context, viewport, mark);
    else if (mark.shape === 'disc') drawDisc(context, toScreen(viewport, mark.at), mark.label);
    else drawCorner(context, toScreen(viewport, mark.at), mark.label);
  }
}

/** A disc with a plus or minus, told apart without its colour. */
function drawDisc(context: CanvasRenderingContext2D, { x, y }: PointXy, label: 0 | 1): void {
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

/** As wide as it paints. */
function drawBrush(
  context: CanvasRenderingContext2D,
  viewport: Viewport,
  { points, radius, label }: Extract<Mark, { readonly shape: 'brush' }>,
): void {
  context.save();
  context.globalAlpha *= BRUSH_ALPHA;
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.lineWidth = 2 * radius * viewport.scale;
  context.strokeStyle = LABEL_COLOURS[label];
  context.stroke(pathOf(viewport, points));
  context.restore();
}

/** Where a brush would paint. */
export function drawBrushCursor(
  context: CanvasRenderingContext2D,
  viewport: Viewport,
  { at, radius, label }: BrushCursor,
): void {
  const { x, y } = toScreen(viewport, at);
  const path = new Path2D();
  path.arc(x, y, radius * viewport.scale, 0, 2 * Math.PI);
  strokeOnWhite(context, path, LABEL_COLOURS[label], label === 1 ? [] : DASH);
}

function drawCorner(context: CanvasRenderingContext2D, { x, y }: PointXy, label: 0 | 1): void {
  context.beginPath();
  context.arc(x, y, 4, 0, 2 * Math.PI);
  context.fillStyle = 'white';
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = LABEL_COLOURS[label];
  context.stroke();
}

function drawLine(
  context: CanvasRenderingContext2D,
  viewport: Viewport,
  { points, label, isClosed = false, isDashed = false }: Extract<Mark, { readonly shape: 'line' }>,
): void {
  const path = pathOf(viewport, points);
  if (isClosed) path.closePath();
  strokeOnWhite(context, path, LABEL_COLOURS[label], isDashed ? DASH : []);
}

function pathOf(viewport: Viewport, points: readonly PointXy[]): Path2D {
  const path = new Path2D();
  points.forEach((point, index) => {
    const { x, y } = toScreen(viewport, point);
    // A line of no length still shows as a dot.
    if (index === 0) path.moveTo(x, y + 0.01);
    path.lineTo(x, y);
  });
  return path;
}

export function strokeOnWhite(
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
