/** What users do with whole objects, by keys. */
import {
  copyOf,
  duplicateObject,
  mergeWithPrevious,
  pasteObject,
  selectNeighbour,
  showAll,
} from '../../session/objects';
import { activeObjectOf } from '../../session/state';
import type { App } from '../app';
import { keyOr } from './keyMap';

export function selectNext({ controller }: App, by: -1 | 1): void {
  controller.change((session) => selectNeighbour(session, by));
}

/** Whether there is an object after the selected one, or before it. */
export function hasNext({ store }: App, by: -1 | 1): boolean {
  const { objects = [], activeObject } = store.activeImage.value?.document ?? {};
  const index = objects.findIndex(({ id }) => id === activeObject);
  return by > 0 ? index + 1 < objects.length : index > 0;
}

export function hideSelected({ controller, store }: App): void {
  const image = store.activeImage.value;
  const object = image && activeObjectOf(image);
  if (object) controller.toggleVisible(object.id);
}

export function showHidden({ controller }: App): void {
  controller.change(showAll);
}

export function duplicateSelected({ controller }: App): void {
  controller.change((session) => duplicateObject(session, performance.now()));
}

/** Make one object of the selected one and of that before it in the list. */
export function mergeSelected(app: App): void {
  const { controller, store } = app;
  const before = store.session.value;
  controller.change((session) => mergeWithPrevious(session, performance.now()));
  if (store.session.value === before) {
    const key = keyOr(app, 'merge', 'merging');
    controller.notify(`Select an object with a mask below another one: ${key} makes one of both`);
  }
}

/** Keep the prompts and the label of the selected object for other photos. */
export function copySelected(app: App): void {
  const { controller, store } = app;
  const copied = copyOf(store.session.value);
  if (copied === null) return;
  store.copied.value = copied;
  store.leftSinceCopy.value = false;
  const prompts = copied.prompts.length === 1 ? '1 prompt' : `${copied.prompts.length} prompts`;
  const key = keyOr(app, 'paste', 'pasting');
  controller.notify(`Copied an object with ${prompts}: ${key} gives them again, on this or another photo`);
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
  app.controller.notify('That is the example: Find here, or E, finds it on the photo on screen');
}

/** Whether Ctrl+V means an object, whatever the system's clipboard holds. */
export const isObjectNewest = ({ store }: App): boolean =>
  store.copied.value !== null && !store.leftSinceCopy.value;
