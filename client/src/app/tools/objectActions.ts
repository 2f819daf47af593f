/** What users do with whole objects, by keys. */
import {
  copyOf,
  duplicateObject,
  mergeWithPrevious,
  pasteObject,
  selectNeighbour,
  showAll,
} from '../../session/objects';
import { activeObjectOf, type SegmentObject } from '../../session/state';
import type { App } from '../app';
import * as say from '../wording/page';
import { keyOr } from './keyMap';
import { toolKey } from './keyTable';

export function selectNext({ controller }: App, by: -1 | 1): void {
  controller.change((session) => selectNeighbour(session, by));
}

/** Whether there is an object after the selected one, or before it. */
export function hasNext({ store }: App, by: -1 | 1): boolean {
  const { objects = [], activeObject } = store.activeImage.value?.document ?? {};
  const index = objects.findIndex(({ id }) => id === activeObject);
  return by > 0 ? index + 1 < objects.length : index > 0;
}

/** Do something with the selected object; without one, say that there has to be one. */
export function withSelected({ store, controller }: App, act: (object: SegmentObject) => void): void {
  const image = store.activeImage.value;
  const object = image && activeObjectOf(image);
  if (object) act(object);
  else controller.notify(say.selectFirst);
}

export function hideSelected(app: App): void {
  withSelected(app, ({ id, number }) => {
    app.controller.toggleVisible(id);
    if (app.store.activeImage.value?.document.hidden.has(id) === true)
      app.controller.notify(say.hidden(number, keyOr(app, 'show-all', say.showing)));
  });
}

export function showHidden({ controller, store }: App): void {
  const before = store.session.value;
  controller.change(showAll);
  if (store.session.value === before) controller.notify(say.nothingHidden);
}

export function duplicateSelected(app: App): void {
  withSelected(app, () => app.controller.change((session) => duplicateObject(session, performance.now())));
}

export function deleteSelected(app: App): void {
  withSelected(app, ({ id, isLocked }) => {
    if (isLocked === true) app.controller.notify(say.selectedIsLocked);
    else app.controller.deleteObject(id);
  });
}

/** Make one object of the selected one and of that before it in the list. */
export function mergeSelected(app: App): void {
  const { controller, store } = app;
  const before = store.session.value;
  controller.change((session) => mergeWithPrevious(session, performance.now()));
  if (store.session.value === before) {
    controller.notify(say.mergeTwo(keyOr(app, 'merge', say.merging)));
  }
}

/** Keep the prompts and the label of the selected object for other photos. */
export function copySelected(app: App): void {
  const { controller, store } = app;
  const copied = copyOf(store.session.value);
  if (copied === null) return;
  store.copied.value = copied;
  store.leftSinceCopy.value = false;
  controller.notify(say.copied(copied.prompts.length, keyOr(app, 'paste', say.pasting)));
}

/** Give the copied prompts again, on the photo that is shown, as another object. */
export function pasteCopied({ controller, store }: App): void {
  const copied = store.copied.value;
  if (copied !== null) controller.change((session) => pasteObject(session, copied, performance.now()));
}

/** Find what is like an object, from now on: on the photo on screen, whichever that is then. */
export function chooseExample(app: App, id: string): void {
  app.examples.choose(id);
  app.store.tool.value = 'example';
  app.controller.notify(say.exampleChosen(keyOr(app, toolKey('example'), say.findHere)));
}

/** Whether Ctrl+V means an object, whatever the system's clipboard holds. */
export const isObjectNewest = ({ store }: App): boolean =>
  store.copied.value !== null && !store.leftSinceCopy.value;
