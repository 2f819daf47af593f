/** Moves the viewport of the store. */
import { fit, pan, toImage, toScreen, zoomAt } from '../../canvas/viewport';
import type { PointXy, SizeHw } from '../../shared/types';
import type { Store } from './store';

/** Screen pixels from the border at which the crosshair stops being followed. */
const CROSSHAIR_MARGIN = 24;

/** Of a button or a key. */
const ZOOM_STEP = 1.25;

export class View {
  readonly #store: Store;
  /** Whether the image should stay fitted when the canvas changes its size. */
  #fitted = true;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The canvas has another size, or another image is shown. */
  resize(canvas: SizeHw): void {
    this.#store.canvasSize.value = canvas;
    if (this.#fitted) this.fit();
  }

  fit(): void {
    this.#fitted = true;
    this.#withImage((image, canvas) => {
      this.#store.viewport.value = fit(image, canvas);
    });
  }

  /** A pixel of the photo for each of the screen, the middle of the view in place. */
  actualSize(): void {
    this.zoom(1 / (this.#store.viewport.value.scale * window.devicePixelRatio));
  }

  zoomIn(): void {
    this.zoom(ZOOM_STEP);
  }

  zoomOut(): void {
    this.zoom(1 / ZOOM_STEP);
  }

  /** Zoom about a position of the canvas, its centre by default. */
  zoom(factor: number, anchor?: PointXy): void {
    this.#withImage((image, canvas) => {
      this.#fitted = false;
      const centre = { x: canvas.width / 2, y: canvas.height / 2 };
      const { viewport } = this.#store;
      viewport.value = zoomAt(viewport.value, factor, anchor ?? centre, image, canvas);
    });
  }

  pan(by: PointXy): void {
    this.#withImage((image, canvas) => {
      this.#fitted = false;
      this.#store.viewport.value = pan(this.#store.viewport.value, by, image, canvas);
    });
  }

  /** Move the keyboard's crosshair by screen pixels; it starts at the centre of the view. */
  moveCrosshair(by: PointXy): void {
    this.#withImage((image, canvas) => {
      const { viewport, crosshair } = this.#store;
      const start = crosshair.value ?? toImage(viewport.value, { x: canvas.width / 2, y: canvas.height / 2 });
      const moved = { x: start.x + by.x / viewport.value.scale, y: start.y + by.y / viewport.value.scale };
      crosshair.value = {
        x: Math.min(Math.max(moved.x, 0.5), image.width - 0.5),
        y: Math.min(Math.max(moved.y, 0.5), image.height - 0.5),
      };
      this.#follow(crosshair.value, canvas);
    });
  }

  #follow(point: PointXy, canvas: SizeHw): void {
    const { x, y } = toScreen(this.#store.viewport.value, point);
    const outside = (at: number, side: number): number =>
      Math.max(CROSSHAIR_MARGIN - at, 0) - Math.max(at - (side - CROSSHAIR_MARGIN), 0);
    const by = { x: outside(x, canvas.width), y: outside(y, canvas.height) };
    if (!this.#fitted && (by.x !== 0 || by.y !== 0)) this.pan(by);
  }

  #withImage(action: (image: SizeHw, canvas: SizeHw) => void): void {
    const image = this.#store.activeImage.value?.size;
    const canvas = this.#store.canvasSize.value;
    // A canvas without a side shows nothing, and an image fitted into it would have no size to come back from.
    if (image !== undefined && canvas.width > 0 && canvas.height > 0) action(image, canvas);
  }
}
