/** Store -> what the canvas draws. */
import type { Scene } from '../../canvas/layers';
import { objectColour } from '../../canvas/palette';
import { opposite, type ToolGesture } from '../../canvas/toolGestures';
import { toImage } from '../../canvas/viewport';
import { masksOf } from '../../session/overlap';
import { activeObjectOf, type ImageState } from '../../session/state';
import { picturesOf } from './photoPixels';
import type { App } from '../app';
import { brushRadius } from '../state/brush';
import type { Store } from '../state/store';
import { sharpPartOf } from '../tools/sharpActions';

/** In the colour that the click's object has, or would have. */
function previewOf({ preview, nextLabel, classColours }: Store, image: ImageState): Scene['preview'] {
  const mask = preview.value;
  const object = activeObjectOf(image) ?? { number: image.nextNumber, userLabel: nextLabel.value };
  return mask && { mask, colour: objectColour(object, classColours.value) };
}

/** Where the mouse or the keyboard's crosshair holds a brush that is not pressed. */
function brushCursorOf(store: Store, gesture: ToolGesture): Scene['brush'] {
  const { hover, crosshair, sketch, viewport } = store;
  const at = hover.value ? toImage(viewport.value, hover.value.at) : crosshair.value;
  if (gesture.kind !== 'drag' || gesture.paints === undefined || at === null || sketch.value) return null;
  const label = hover.value?.isNegative === true ? opposite(gesture.paints) : gesture.paints;
  return { at, radius: brushRadius(store), label };
}

/** Null while no image is open. */
export function sceneOf({ store, tools }: Pick<App, 'store' | 'tools'>): Scene | null {
  const image = store.activeImage.value;
  const open = store.activePhoto.value;
  if (image === null || open === null) return null;
  const session = store.session.value;
  const { objects, activeObject, hidden } = image.document;
  const isPeeking = store.peeking.value;
  const shown = isPeeking ? [] : objects.filter(({ id }) => !hidden.has(id));
  const masks = masksOf(session, image.document);
  return {
    photo: { size: image.size, pictures: picturesOf(open, store.detail.value) },
    look: { kind: store.look.value, opacity: store.opacity.value / 100 },
    viewport: store.viewport.value,
    sharpPart: sharpPartOf(store),
    sketch: store.sketch.value,
    crosshair: store.crosshair.value,
    preview: isPeeking ? null : previewOf(store, image),
    brush: brushCursorOf(store, tools[store.tool.value].gesture),
    objects: shown.map((object) => ({
      colour: objectColour(object, store.classColours.value),
      isActive: object.id === activeObject,
      mask: masks.get(object.id) ?? null,
      prompts: object.steps.map(({ id, prompt }) => ({ item: prompt, isPending: !session.results.has(id) })),
    })),
  };
}
