/** A picture of some masks at the resolution of the screen; what has been drawn on it is not drawn again. */
import type { CocoRle } from '../shared/types';
import { layerSize, type LayerFrame } from './layerFrame';
import { chainsOf } from './chains';
import { gridEdges, maskGrid, type MaskGrid, type Region } from './maskGrid';
import { cssColour, type Rgb } from './palette';

/** How a mask is drawn; equal ones give equal pictures. */
export interface DrawnMask {
  readonly mask: CocoRle;
  readonly colour: Rgb;
  readonly look: Look;
  /** Of the inside, 0 to 1. */
  readonly opacity: number;
}

/**
 * The active one stands out by a bolder outline on white; a preview is paler, and dashed. The ground is what no mask
 * covers, dimmed.
 */
export type Look = 'ground' | 'usual' | 'active' | 'preview';

/** Over what is no object, where the objects are cut out. */
const DIM = 'rgb(10 14 22 / 0.72)';

interface Style {
  /** CSS pixels. */
  readonly line: number;
  readonly dash: readonly number[];
  readonly onWhite: boolean;
}

const STYLES: Readonly<Record<Exclude<Look, 'ground'>, Style>> = {
  usual: { line: 1.5, dash: [], onWhite: false },
  active: { line: 2, dash: [], onWhite: true },
  preview: { line: 2, dash: [6, 4], onWhite: true },
};

export class MaskLayer {
  readonly frame: LayerFrame;
  readonly #canvas = document.createElement('canvas');
  #drawn: readonly DrawnMask[] = [];

  constructor(frame: LayerFrame) {
    this.frame = frame;
    Object.assign(this.#canvas, layerSize(frame));
  }

  /** Hold these masks, later ones over earlier ones: those that come to what there is are added to it. */
  hold(masks: readonly DrawnMask[], devicePixelRatio: number): void {
    const context = this.#canvas.getContext('2d');
    if (context === null) return;
    const isMore = this.#drawn.every((drawn, index) => isSame(drawn, masks[index]));
    if (!isMore) context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    if ((!isMore || this.#drawn.length === 0) && masks[0]?.look === 'ground') dim(context);
    const fresh = isMore ? masks.slice(this.#drawn.length) : masks;
    for (const mask of fresh) drawMask(context, this.frame, mask, devicePixelRatio);
    this.#drawn = masks;
  }

  /** Draw it where it lies; `context` is in the image frame. */
  drawOn(context: CanvasRenderingContext2D): void {
    const { x, y, width, height } = this.frame.region;
    if (this.#drawn.length > 0) context.drawImage(this.#canvas, x, y, width, height);
  }

  /** Give its pixels back at once. */
  release(): void {
    this.#canvas.width = 0;
  }
}

const isSame = (a: DrawnMask, b: DrawnMask | undefined): boolean =>
  a.mask === b?.mask &&
  a.colour.every((channel, index) => channel === b.colour[index]) &&
  a.look === b.look &&
  a.opacity === b.opacity;

function dim(context: CanvasRenderingContext2D): void {
  context.fillStyle = DIM;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
}

function drawMask(
  context: CanvasRenderingContext2D,
  frame: LayerFrame,
  { mask, colour, look, opacity }: DrawnMask,
  devicePixelRatio: number,
): void {
  const grid = maskGrid(mask, frame.region, cellsOf(frame.region, frame.scale));
  if (look === 'ground') {
    context.globalCompositeOperation = 'destination-out';
    fill(context, grid, colour, 255);
    context.globalCompositeOperation = 'source-over';
    return;
  }
  const { line, dash, onWhite } = STYLES[look];
  if (opacity > 0) fill(context, grid, colour, Math.round(255 * opacity));
  const outline = dash.length === 0 ? edgesOf(context, grid) : chainedEdgesOf(context, grid);
  const stroke = (style: string, width: number): void => {
    context.lineWidth = width * devicePixelRatio;
    context.strokeStyle = style;
    context.stroke(outline);
  };
  context.lineCap = dash.length === 0 ? 'square' : 'butt';
  context.setLineDash(dash.map((length) => length * devicePixelRatio));
  if (onWhite) stroke('rgb(255 255 255 / 0.9)', line + 1.5);
  stroke(cssColour(colour), line);
  context.setLineDash([]);
}

/** Pixels of the layer in a cell of the grid, across and down. */
const scalesOf = ({ canvas }: CanvasRenderingContext2D, grid: MaskGrid) =>
  [canvas.width / grid.width, canvas.height / grid.height] as const;

function edgesOf(context: CanvasRenderingContext2D, grid: MaskGrid): Path2D {
  const [scaleX, scaleY] = scalesOf(context, grid);
  const outline = new Path2D();
  for (const [x0, y0, x1, y1] of gridEdges(grid)) {
    outline.moveTo(x0 * scaleX, y0 * scaleY);
    outline.lineTo(x1 * scaleX, y1 * scaleY);
  }
  return outline;
}

function chainedEdgesOf(context: CanvasRenderingContext2D, grid: MaskGrid): Path2D {
  const [scaleX, scaleY] = scalesOf(context, grid);
  const outline = new Path2D();
  for (const [[x, y] = [0, 0], ...rest] of chainsOf(gridEdges(grid))) {
    outline.moveTo(x * scaleX, y * scaleY);
    for (const [toX, toY] of rest) outline.lineTo(toX * scaleX, toY * scaleY);
  }
  return outline;
}

/** A cell for every pixel of the screen or of the image, whichever are fewer. */
const cellsOf = (region: Region, scale: number) => layerSize({ region, scale: Math.min(scale, 1) });

function fill(context: CanvasRenderingContext2D, grid: MaskGrid, colour: Rgb, alpha: number): void {
  const bounds = boundsOf(grid);
  if (bounds === null) return;
  const pixels = new ImageData(bounds.width, bounds.height);
  paint(new Uint32Array(pixels.data.buffer), grid, bounds, [...colour, alpha]);
  const picture = document.createElement('canvas');
  Object.assign(picture, { width: bounds.width, height: bounds.height });
  picture.getContext('2d')?.putImageData(pixels, 0, 0);
  const [scaleX, scaleY] = scalesOf(context, grid);
  context.imageSmoothingEnabled = false;
  context.drawImage(
    picture,
    bounds.x * scaleX,
    bounds.y * scaleY,
    bounds.width * scaleX,
    bounds.height * scaleY,
  );
  picture.width = 0;
}

function paint(words: Uint32Array, grid: MaskGrid, bounds: Region, rgba: readonly [...Rgb, number]): void {
  const word = new Uint32Array(new Uint8Array(rgba).buffer)[0] ?? 0;
  for (let x = 0; x < bounds.width; x++) {
    const rows = grid.columns[bounds.x + x] ?? [];
    for (let i = 0; i + 1 < rows.length; i += 2) {
      const last = (rows[i + 1] ?? 0) - bounds.y;
      for (let y = (rows[i] ?? 0) - bounds.y; y < last; y++) words[y * bounds.width + x] = word;
    }
  }
}

/** The cells that hold all of the foreground; null when there is none. */
function boundsOf({ columns }: MaskGrid): Region | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  columns.forEach((rows, x) => {
    if (rows.length === 0) return;
    left = Math.min(left, x);
    right = x + 1;
    top = Math.min(top, rows[0] ?? 0);
    bottom = Math.max(bottom, rows.at(-1) ?? 0);
  });
  return right > left ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}
