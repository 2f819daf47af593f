/** What users do with the list of photos. */
import { markPhoto, nextToDo, notePhoto } from '../../session/review';
import type { PhotoMark } from '../../shared/types';
import type { App } from '../app';
import * as say from '../wording/page';

/** The photo before (-1) or after (1) the one that is shown; null at the ends. */
export function neighbourOf({ store }: App, by: -1 | 1): string | null {
  const { images, activeImage } = store.session.value;
  return images[images.findIndex(({ id }) => id === activeImage) + by]?.id ?? null;
}

/** Show it; at the ends nothing happens. */
export function showNeighbour(app: App, by: -1 | 1): void {
  const next = neighbourOf(app, by);
  if (next !== null) app.controller.activateImage(next);
}

/** Go on with the next photo that is not done. */
export function showNextToDo({ controller, store }: App): void {
  const next = nextToDo(store.session.value);
  if (next !== null) controller.activateImage(next);
  else controller.notify(say.noOtherToDo);
}

/** Say what has become of the photo that is shown; null: it is not done. */
export function markShown({ controller }: App, mark: PhotoMark | null): void {
  controller.change((session) => markPhoto(session, mark));
}

export function noteOnShown({ controller }: App, note: string): void {
  controller.change((session) => notePhoto(session, note));
}

/** The photo that is shown is done, unless more was said of it; go on with the next. */
export function finishShown(app: App): void {
  const image = app.store.activeImage.value;
  if (image === null) return;
  if (image.document.review.mark === null) markShown(app, 'done');
  showNextToDo(app);
}
