/** Shows the objects of one image on a canvas, and makes prompts of pointers and keys there. */
import type { Scene } from '../canvas/layers';
import { Painter } from '../canvas/painter';
import { Gestures, type PointerInput } from '../canvas/pointer';
import { objectColour } from '../canvas/palette';
import type { Sketch } from '../canvas/sketch';
import { clickAt, CLICKS_AND_BOXES } from '../canvas/toolGestures';
import { clampToImage, fit, pan, roundedPoint, zoomAt, type Viewport } from '../canvas/viewport';
import type { PointXy, PromptItem, SizeHw } from '../shared/types';
import type { Marking } from './marking';

/** What is shown: an image, its pixels, and the objects on it. */
export interface Shown {
  readonly marking: Marking;
  readonly pixels: CanvasImageSource;
}

/** What users wish for. */
export interface Wishes {
  give(item: PromptItem): void;
  undo(): void;
  redo(): void;
  begin(): void;
}

/** CSS pixels that an arrow key moves the crosshair by. */
const COARSE_STEP = 12;
const FINE_STEP = 1;

const ARROWS: Readonly<Record<string, PointXy>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

const OPACITY = 0.45;

export class CanvasView {
  readonly canvas = document.createElement('canvas');
  readonly #wishes: Wishes;
  readonly #painter = new Painter();
  readonly #gestures: Gestures;
  readonly #control = new AbortController();
  #shown: Shown | null = null;
  #viewport: Viewport = { scale: 1, x: 0, y: 0 };
  #sketch: Sketch | null = null;
  #crosshair: PointXy | null = null;
  #frame = 0;

  constructor(wishes: Wishes) {
    this.#wishes = wishes;
    this.#gestures = new Gestures({
      tool: () => CLICKS_AND_BOXES,
      viewport: () => this.#viewport,
      imageSize: () => this.#shown?.marking.size ?? null,
      brush: () => 0,
      give: (item) => wishes.give(item),
      showSketch: (sketch) => this.#draw({ sketch }),
      pan: (by) => this.#look((image, canvas) => pan(this.#viewport, by, image, canvas)),
      zoom: (factor, at) => this.#look((image, canvas) => zoomAt(this.#viewport, factor, at, image, canvas)),
    });
    Object.assign(this.canvas, { tabIndex: 0, role: 'application', ariaLabel: 'Image canvas' });
    this.canvas.ariaDescription =
      'Arrow keys move a crosshair. Enter: of the object. Shift and Enter: not of it. B: a box from there to the ' +
      'next Enter. N: another object. Backspace: undo.';
    this.#listen();
  }

  /** Show another image, whole; null: none. */
  show(shown: Shown | null): void {
    this.#shown = shown;
    this.#crosshair = null;
    this.#gestures.cancel();
    this.fit();
  }

  fit(): void {
    this.#look(fit);
  }

  /** Draw again what has changed. */
  refresh(): void {
    this.#draw({});
  }

  close(): void {
    this.#control.abort();
    cancelAnimationFrame(this.#frame);
    this.#painter.clear();
  }

  #look(viewportFor: (image: SizeHw, canvas: SizeHw) => Viewport): void {
    const { clientHeight: height, clientWidth: width } = this.canvas;
    if (this.#shown !== null && height > 0 && width > 0) {
      this.#viewport = viewportFor(this.#shown.marking.size, { height, width });
    }
    this.refresh();
  }

  #draw({
    sketch = this.#sketch,
    crosshair = this.#crosshair,
  }: Partial<Pick<Scene, 'sketch' | 'crosshair'>>): void {
    this.#sketch = sketch;
    this.#crosshair = crosshair;
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame((now) => this.#paint(now));
  }

  #paint(now: number): void {
    const { canvas } = this;
    const ratio = window.devicePixelRatio;
    const size = {
      width: Math.round(canvas.clientWidth * ratio),
      height: Math.round(canvas.clientHeight * ratio),
    };
    if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
    const context = canvas.getContext('2d');
    if (context === null || size.width === 0 || size.height === 0) return;
    if (this.#shown === null) {
      context.clearRect(0, 0, size.width, size.height);
      return;
    }
    const { again } = this.#painter.paint(context, this.#scene(this.#shown), ratio, now);
    if (again !== null) setTimeout(() => this.refresh(), again);
  }

  #scene({ marking, pixels }: Shown): Scene {
    const region = { x: 0, y: 0, ...marking.size };
    return {
      look: { kind: 'filled', opacity: OPACITY },
      photo: { size: marking.size, pictures: [{ pixels, region }] },
      viewport: this.#viewport,
      sharpPart: null,
      preview: null,
      brush: null,
      sketch: this.#sketch,
      crosshair: this.#crosshair,
      objects: marking.objects.map(({ number, isActive, found, prompts, answered }) => ({
        colour: objectColour({ number, userLabel: null }, {}),
        isActive,
        mask: found?.mask ?? null,
        prompts: prompts.map((item, index) => ({ item, isPending: index >= answered })),
      })),
    };
  }

  #listen(): void {
    const { canvas } = this;
    const { signal } = this.#control;
    const gestures = this.#gestures;
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#draw({ crosshair: null });
      gestures.down(this.#inputOf(event));
    });
    canvas.addEventListener('pointermove', (event) => gestures.move(this.#inputOf(event)));
    canvas.addEventListener('pointerup', (event) => gestures.up(this.#inputOf(event)));
    canvas.addEventListener('pointercancel', ({ pointerId }) => gestures.cancelPointer(pointerId));
    canvas.addEventListener('lostpointercapture', ({ pointerId }) => gestures.cancelPointer(pointerId));
    canvas.addEventListener('contextmenu', (event) => {
      event.preventDefault();
      event.stopPropagation(); // notebooks have a menu of their own
    });
    canvas.addEventListener('keydown', (event) => this.#onKey(event));
    canvas.addEventListener('blur', () => {
      gestures.release();
      this.#draw({ crosshair: null });
    });
    window.addEventListener('blur', () => gestures.release(), { signal });
    const observer = new ResizeObserver(() => this.fit());
    observer.observe(canvas);
    signal.addEventListener('abort', () => observer.disconnect());
  }

  #inputOf(event: PointerEvent): PointerInput {
    const { left, top } = this.canvas.getBoundingClientRect();
    return {
      id: event.pointerId,
      kind: event.pointerType === 'touch' || event.pointerType === 'pen' ? event.pointerType : 'mouse',
      at: { x: event.clientX - left, y: event.clientY - top },
      button: event.button,
      negative: event.shiftKey || event.altKey,
      isPrimary: event.isPrimary,
      panning: false,
    };
  }

  #onKey(event: KeyboardEvent): void {
    if (this.#shown === null || !this.#obey(event, this.#shown.marking.size)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Whether the key meant something. */
  #obey(event: KeyboardEvent, image: SizeHw): boolean {
    const arrow = ARROWS[event.key];
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (key !== 'z' && key !== 'y') return false;
      if (key === 'y' || event.shiftKey) this.#wishes.redo();
      else this.#undo();
    } else if (arrow !== undefined) this.#move(arrow, event.shiftKey ? FINE_STEP : COARSE_STEP, image);
    else if (key === 'enter') this.#enter(event.shiftKey, image);
    else if (key === 'b' && this.#crosshair !== null) this.#gestures.enter(this.#crosshair, false);
    else if (key === 'n') this.#wishes.begin();
    else if (key === 'backspace') this.#undo();
    else if (key === 'escape') this.#gestures.cancel();
    else return false;
    return true;
  }

  #undo(): void {
    if (!this.#gestures.undo()) this.#wishes.undo();
  }

  #move({ x, y }: PointXy, pixels: number, image: SizeHw): void {
    const at = this.#crosshair ?? middle(image);
    const step = pixels / this.#viewport.scale;
    const moved = roundedPoint(clampToImage({ x: at.x + x * step, y: at.y + y * step }, image));
    this.#draw({ crosshair: moved });
    this.#gestures.follow(moved);
  }

  /** The end of a box that is being drawn, or a click. */
  #enter(negative: boolean, image: SizeHw): void {
    const at = this.#crosshair;
    if (at === null) this.#draw({ crosshair: middle(image) });
    else if (this.#sketch !== null) this.#gestures.enter(at, negative);
    else this.#wishes.give(clickAt(at, negative ? 0 : 1));
  }
}

const middle = ({ height, width }: SizeHw): PointXy => roundedPoint({ x: width / 2, y: height / 2 });
