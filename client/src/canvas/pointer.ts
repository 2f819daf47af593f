/**
 * Pointers and the keyboard's crosshair -> prompts, panning and zooming.
 *
 * Left press or tap is positive; right press, a modifier or a long press of a finger negative; boxes, strokes and
 * outlines have the sign of their first point, where a finger may stay before it goes on. One finger uses the tool, two fingers move and zoom. Dragging with
 * the click tool, the middle button or Space moves the image. What is drawn when the tool changes, the window loses
 * the focus or the system takes the pointer is dropped; only corners of a polygon outlive a lost pointer.
 */
import type { PointXy, PromptItem, SizeHw } from '../shared/types';
import { distance, LongPress, PRESS_SLACK, type PointerKind } from './longPress';
import { Outline } from './outline';
import type { Sketch } from './sketch';
import type { Label, Shape, ToolGesture } from './toolGestures';
import { clampToImage, isInside, toImage, type Viewport } from './viewport';

export interface PointerInput {
  readonly id: number;
  readonly kind: PointerKind;
  /** CSS pixels from the canvas's top left corner. */
  readonly at: PointXy;
  readonly button: number;
  /** A modifier asks for the opposite sign. */
  readonly negative: boolean;
  /** The first finger, or the only mouse: whatever was down before has been lost. */
  readonly isPrimary: boolean;
  /** Space is held. */
  readonly panning: boolean;
}

/** What gestures read and cause. */
export interface GestureHost {
  /** Of the chosen tool. */
  tool(): ToolGesture;
  viewport(): Viewport;
  /** Null while there is no image: then nothing happens. */
  imageSize(): SizeHw | null;
  /** Radius of the brush, pixels of the image. */
  brush(): number;
  give(prompt: PromptItem): void;
  showSketch(sketch: Sketch | null): void;
  pan(by: PointXy): void;
  zoom(factor: number, anchor: PointXy): void;
}

const LEFT_BUTTON = 0;
const MIDDLE_BUTTON = 1;
const RIGHT_BUTTON = 2;
/** The other end of a pen. */
const ERASER_BUTTON = 5;
const NEGATIVE_BUTTONS: readonly number[] = [RIGHT_BUTTON, ERASER_BUTTON];

type Gesture =
  | { readonly kind: 'press'; readonly start: PointerInput; readonly label: Label; readonly at: PointXy }
  | { readonly kind: 'shape'; readonly shape: Shape }
  | { readonly kind: 'pan'; readonly last: PointXy }
  /** The press has been answered already; its end means nothing. */
  | { readonly kind: 'done' };

type PressGesture = Extract<Gesture, { readonly kind: 'press' }>;

export class Gestures {
  readonly #host: GestureHost;
  readonly #pointers = new Map<number, PointXy>();
  #gesture: Gesture | null = null;
  readonly #outline = new Outline();
  readonly #longPress = new LongPress();

  constructor(host: GestureHost) {
    this.#host = host;
  }

  down(input: PointerInput): void {
    const image = this.#host.imageSize();
    if (image === null) return;
    if (input.isPrimary) this.release();
    this.#pointers.set(input.id, input.at);
    if (this.#pointers.size > 1) {
      this.#abandon();
      this.#gesture = { kind: 'done' };
    } else if (input.button === MIDDLE_BUTTON || input.panning) {
      this.#gesture = { kind: 'pan', last: input.at };
    } else {
      this.#begin(input, image);
    }
  }

  move(input: PointerInput): void {
    const image = this.#host.imageSize();
    if (image === null) return;
    if (this.#pointers.size === 2 && this.#pointers.has(input.id)) {
      this.#pinch(input);
      return;
    }
    if (this.#pointers.has(input.id)) {
      this.#pointers.set(input.id, input.at);
      this.#continue(input, image);
    } else if (this.#gesture === null && this.#outline.isBegun) {
      this.#host.showSketch(this.#outline.sketch(toImage(this.#host.viewport(), input.at)));
    }
  }

  up(input: PointerInput): void {
    if (!this.#pointers.delete(input.id)) return;
    const gesture = this.#gesture;
    if (this.#pointers.size > 0) return;
    this.#gesture = null;
    this.#longPress.stop();
    if (gesture !== null) this.#finish(gesture);
  }

  /** The system took the pointer away. */
  cancelPointer(id: number): void {
    if (this.#pointers.delete(id)) this.#abandon();
  }

  /** The window or the canvas lost the focus: no end of what is held down will be heard. */
  release(): void {
    this.#pointers.clear();
    if (this.#gesture !== null) this.#abandon();
  }

  /** Escape, another tool or another photo. */
  cancel(): void {
    this.#outline.clear();
    this.#abandon();
  }

  /** Take back what is being drawn: the last corner, or the shape that is held. False: nothing is being drawn. */
  undo(): boolean {
    if (this.#gesture !== null) this.#abandon();
    else if (this.#outline.isBegun) this.removeLastCorner();
    else {
      this.#outline.clear();
      return false;
    }
    return true;
  }

  /** Bring back a corner that was taken back. False: nothing is being drawn, nor was. */
  redo(): boolean {
    const isRestored = this.#outline.restoreLast();
    if (isRestored) this.#host.showSketch(this.#outline.sketch(null));
    return isRestored || this.#outline.isBegun || this.#gesture !== null;
  }

  /** Enter at the keyboard's crosshair: the next point of the chosen tool, or the end of its shape. */
  enter(at: PointXy, negative: boolean): void {
    const image = this.#host.imageSize();
    if (image === null || this.#pointers.size > 0) return;
    const gesture = this.#gesture;
    this.#gesture = null;
    if (gesture !== null) this.#finish(gesture);
    else this.#enterFirst(at, negative ? 0 : 1, image);
  }

  /** The keyboard's crosshair was moved. */
  follow(at: PointXy): void {
    const image = this.#host.imageSize();
    if (image === null || this.#pointers.size > 0) return;
    if (this.#gesture !== null) this.#drawTo(this.#gesture, at, image);
    else if (this.#outline.isBegun) this.#host.showSketch(this.#outline.sketch(at));
  }

  /** Whether corners of a polygon wait to be closed. */
  get hasCorners(): boolean {
    return this.#outline.isBegun;
  }

  /** Enter or double click. */
  closePolygon(): void {
    const tool = this.#host.tool();
    if (tool.kind !== 'corners') return;
    const { label } = this.#outline;
    const corners = this.#outline.close();
    if (corners === null) return;
    this.#host.showSketch(null);
    this.#host.give(tool.prompt(corners, label));
  }

  removeLastCorner(): void {
    this.#outline.removeLast();
    this.#host.showSketch(this.#outline.sketch(null));
  }

  #begin(input: PointerInput, image: SizeHw): void {
    const at = toImage(this.#host.viewport(), input.at);
    const isNegative = NEGATIVE_BUTTONS.includes(input.button);
    // Buttons that browsers go back and forward with draw nothing.
    if (input.button !== LEFT_BUTTON && !isNegative) return;
    const label: Label = isNegative || input.negative ? 0 : 1;
    const tool = this.#host.tool();
    if (tool.kind === 'drag') {
      const brush = this.#host.brush();
      this.#draw(tool.begin(at, label, image, brush));
      this.#longPress.begin(input, () => this.#draw(tool.begin(at, 0, image, brush)));
    } else {
      this.#gesture = { kind: 'press', start: input, label, at };
      if (tool.kind === 'press') this.#beginPress(input, at, label, image);
      else this.#beginCorner(input, at);
    }
  }

  #draw(shape: Shape | null): void {
    this.#gesture = shape === null ? { kind: 'done' } : { kind: 'shape', shape };
    if (shape !== null) this.#host.showSketch({ kind: 'shape', item: shape.item });
  }

  #enterFirst(at: PointXy, label: Label, image: SizeHw): void {
    const tool = this.#host.tool();
    if (tool.kind === 'press') this.#givePress(at, label);
    else if (tool.kind === 'drag') this.#draw(tool.begin(at, label, image, this.#host.brush()));
    else if (this.#outline.endsAt(at)) this.closePolygon();
    else this.#addCorner(at, label);
  }

  #beginPress(input: PointerInput, at: PointXy, label: Label, image: SizeHw): void {
    if (!isInside(at, image)) return;
    this.#host.showSketch({ kind: 'press', at, label });
    if (label === 0) return;
    this.#longPress.begin(input, () => {
      this.#gesture = { kind: 'done' };
      this.#host.showSketch(null);
      this.#givePress(at, 0);
    });
  }

  /** An outline has the sign of its first corner. */
  #beginCorner(input: PointerInput, at: PointXy): void {
    if (this.#outline.isBegun) return;
    this.#longPress.begin(input, () => {
      this.#gesture = { kind: 'press', start: input, label: 0, at };
      this.#host.showSketch({ kind: 'press', at, label: 0 });
    });
  }

  #continue(input: PointerInput, image: SizeHw): void {
    this.#longPress.move(input);
    const gesture = this.#gesture;
    switch (gesture?.kind) {
      case undefined:
      case 'done':
        return;
      case 'press':
        this.#dragPress(gesture, input);
        return;
      case 'shape':
        this.#drawTo(gesture, toImage(this.#host.viewport(), input.at), image);
        return;
      case 'pan':
        this.#host.pan({ x: input.at.x - gesture.last.x, y: input.at.y - gesture.last.y });
        this.#gesture = { kind: 'pan', last: input.at };
        return;
    }
  }

  #drawTo(gesture: Gesture, at: PointXy, image: SizeHw): void {
    if (gesture.kind !== 'shape') return;
    const shape = gesture.shape.to(clampToImage(at, image), this.#host.viewport().scale);
    if (shape !== gesture.shape) this.#draw(shape);
  }

  #dragPress({ start }: PressGesture, input: PointerInput): void {
    if (distance(start.at, input.at) <= PRESS_SLACK[input.kind]) return;
    this.#abandon();
    this.#gesture = { kind: 'pan', last: start.at };
    this.#continue(input, { width: 0, height: 0 });
  }

  #finish(gesture: Gesture): void {
    switch (gesture.kind) {
      case 'press':
        this.#finishPress(gesture);
        return;
      case 'shape':
        this.#host.showSketch(null);
        if (gesture.shape.isWhole(this.#host.viewport().scale)) this.#host.give(gesture.shape.item);
        return;
      case 'pan':
      case 'done':
        return;
    }
  }

  #finishPress({ at, label }: PressGesture): void {
    if (this.#host.tool().kind === 'corners') {
      this.#addCorner(at, label);
      return;
    }
    this.#host.showSketch(null);
    this.#givePress(at, label);
  }

  #givePress(at: PointXy, label: Label): void {
    const image = this.#host.imageSize();
    const tool = this.#host.tool();
    if (image === null || tool.kind !== 'press' || !isInside(at, image)) return;
    this.#host.give(tool.prompt(at, label));
  }

  #addCorner(at: PointXy, label: Label): void {
    const image = this.#host.imageSize();
    if (image === null) return;
    const corner = clampToImage(at, image);
    if (this.#outline.reachesStart(corner, this.#host.viewport())) {
      this.closePolygon();
      return;
    }
    this.#outline.add(corner, label);
    this.#host.showSketch(this.#outline.sketch(null));
  }

  #pinch(input: PointerInput): void {
    const before = [...this.#pointers.values()];
    this.#pointers.set(input.id, input.at);
    const after = [...this.#pointers.values()];
    const [from, to] = [middle(before), middle(after)];
    this.#host.pan({ x: to.x - from.x, y: to.y - from.y });
    this.#host.zoom(spread(after) / Math.max(spread(before), 1), to);
  }

  #abandon(): void {
    this.#longPress.stop();
    this.#gesture = null;
    this.#host.showSketch(this.#outline.sketch(null));
  }
}

const middle = ([a, b]: readonly PointXy[]): PointXy => ({
  x: ((a?.x ?? 0) + (b?.x ?? 0)) / 2,
  y: ((a?.y ?? 0) + (b?.y ?? 0)) / 2,
});

const spread = ([a, b]: readonly PointXy[]): number => (a && b ? distance(a, b) : 1);
