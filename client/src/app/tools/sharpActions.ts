/** What users do with the part of a photo that is embedded by itself, in full detail. */
import { reachesBeyond, sharpenSelected } from '../../session/parts';
import { activeObjectOf, type ImageState, type Part } from '../../session/state';
import { visibleRegion } from '../../canvas/layerFrame';
import type { App } from '../app';
import { sharpenSmallObject } from '../steps/closer';
import { keyOr } from './keyMap';
import type { Store } from '../state/store';
import * as say from '../wording/page';

/** Along a part; of fewer pixels the model sees no more. */
const LEAST_SIDE = 256;
/** So much larger the photo has to be, along its longer side. */
const LEAST_GAIN = 1.25;

/** The part of the shown photo that is embedded by itself; null: none is. */
export function sharpPartOf({ activeImage, sharpParts }: Store): Part | null {
  return sharpParts.value.get(activeImage.value?.id ?? '') ?? null;
}

/** What of the photo is in sight, in whole pixels; null where that is nearly all of it. */
export function partInSight({ viewport, canvasSize }: Store, { size }: ImageState): Part | null {
  const { x, y, width, height } = visibleRegion(viewport.value, canvasSize.value, size, 0);
  const least = Math.min(LEAST_SIDE, Math.max(size.width, size.height));
  const growth = Math.max(1, least / Math.max(width, height));
  const along = (from: number, length: number, end: number): readonly [number, number] => {
    const side = Math.min(end, Math.max(1, Math.round(length * growth)));
    const first = Math.round(from + (length - side) / 2);
    return [Math.min(Math.max(0, first), end - side), side];
  };
  const [left, w] = along(x, width, size.width);
  const [top, h] = along(y, height, size.height);
  return LEAST_GAIN * Math.max(w, h) > Math.max(size.width, size.height) ? null : [left, top, w, h];
}

/** Embed the part in sight by itself: the selected object, and those that are begun in it, are seen in full detail. */
export function sharpenHere(app: App): void {
  const { store, controller } = app;
  const image = store.activeImage.value;
  if (image === null) return;
  const [part, before] = [partInSight(store, image), sharpPartOf(store)];
  if (before !== null && (part === null || part.join() === before.join())) {
    endSharpening({ store, controller });
    return;
  }
  if (part === null) {
    const isSmall = sharpenSmallObject(store, (edit) => controller.change(edit));
    if (isSmall) controller.retryParts();
    else controller.notify(say.zoomInFirst);
    return;
  }
  store.sharpParts.value = new Map(store.sharpParts.value).set(image.id, part);
  const object = activeObjectOf(image);
  const isCut = object !== null && reachesBeyond(store.session.value, object, part);
  controller.change((session) => sharpenSelected(session, part));
  controller.retryParts();
  const key = keyOr(app, 'sharpen-here', say.viewSharpenHere);
  controller.notify(isCut ? say.cutByPart : say.sharpenedUntil(key));
}

/** See the photo as a whole again; objects stay as they are. */
export function endSharpening({ store, controller }: Pick<App, 'store' | 'controller'>): void {
  const image = store.activeImage.value;
  if (image === null || sharpPartOf(store) === null) return;
  store.sharpParts.value = new Map([...store.sharpParts.value].filter(([id]) => id !== image.id));
  controller.notify(say.wholePhotoAgain);
}
