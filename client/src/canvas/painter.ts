/** Keeps the pictures of masks between frames, so that a frame draws only what has changed. */
import type { SizeHw } from '../shared/types';
import { covers, frameFor, visibleRegion, type LayerFrame } from './layerFrame';
import { drawScene, inImageFrame, type Scene } from './layers';
import { MaskLayer, type DrawnMask, type Look } from './maskLayer';
import type { Viewport } from './viewport';

/** Milliseconds after which a magnification stays: until then masks are the old ones, smaller or larger. */
const SETTLED_AFTER = 120;

/** From back to front, a layer each. */
const LAYERS: readonly Look[] = ['ground', 'usual', 'active', 'preview'];

/** Of the opacity of other masks. */
const PREVIEW_OPACITY = 0.4;

export interface Painted {
  /** When to draw the same scene again, milliseconds from now; null: it is as it should be. */
  readonly again: number | null;
}

export class Painter {
  /** What is no object, the masks of all but the active one, that of it, the preview: each changes by itself. */
  #layers: readonly MaskLayer[] = [];
  #image: Scene['photo']['size'] | null = null;
  #viewport: Viewport | null = null;
  /** When the magnification last changed. */
  #zoomedAt = -Infinity;

  paint(context: CanvasRenderingContext2D, scene: Scene, devicePixelRatio: number, now: number): Painted {
    const { viewport, photo } = scene;
    const isOther = this.#image !== photo.size;
    if (isOther || this.#viewport === null) this.#zoomedAt = -Infinity;
    else if (this.#viewport.scale !== viewport.scale) this.#zoomedAt = now;
    this.#viewport = viewport;
    this.#image = photo.size;
    const canvas = {
      height: context.canvas.height / devicePixelRatio,
      width: context.canvas.width / devicePixelRatio,
    };
    const isZooming = now - this.#zoomedAt < SETTLED_AFTER;
    const mayStay = !isOther && (isZooming || this.#fits(viewport, canvas, photo.size, devicePixelRatio));
    if (!mayStay) this.#replace(frameFor(viewport, canvas, photo.size, devicePixelRatio));
    this.#hold(scene, devicePixelRatio);
    drawScene(context, scene, devicePixelRatio, isZooming, () => {
      inImageFrame(context, viewport, () => {
        context.imageSmoothingEnabled = viewport.scale * devicePixelRatio !== this.#layers[0]?.frame.scale;
        for (const layer of this.#layers) layer.drawOn(context);
      });
    });
    return { again: isZooming ? SETTLED_AFTER + this.#zoomedAt - now + 1 : null };
  }

  /** Forget everything, since nothing is shown. */
  clear(): void {
    this.#replace(null);
    this.#image = null;
  }

  #fits(viewport: Viewport, canvas: SizeHw, image: SizeHw, devicePixelRatio: number): boolean {
    const frame = this.#layers[0]?.frame;
    return (
      frame?.scale === viewport.scale * devicePixelRatio &&
      covers(frame.region, visibleRegion(viewport, canvas, image))
    );
  }

  #replace(frame: LayerFrame | null): void {
    for (const layer of this.#layers) layer.release();
    this.#layers = frame === null ? [] : LAYERS.map(() => new MaskLayer(frame));
  }

  #hold({ objects, preview, look: { kind, opacity } }: Scene, devicePixelRatio: number): void {
    const inside = kind === 'filled' ? opacity : 0;
    const drawn = objects.flatMap(({ mask, colour, isActive }): DrawnMask[] => {
      if (mask === null) return [];
      const own: DrawnMask = { mask, colour, look: isActive ? 'active' : 'usual', opacity: inside };
      return kind === 'cut-out' ? [{ ...own, look: 'ground' }, own] : [own];
    });
    if (preview !== null) drawn.push({ ...preview, look: 'preview', opacity: PREVIEW_OPACITY * opacity });
    LAYERS.forEach((wanted, index) => {
      const masks = drawn.filter(({ look }) => look === wanted);
      this.#layers[index]?.hold(masks, devicePixelRatio);
    });
  }
}
