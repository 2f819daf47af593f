/** What users do with classes. */
import { addClasses, classNamesOf, moveClass, setColour } from '../../session/classes';
import { activeObjectOf } from '../../session/state';
import { relabel } from '../../session/transitions';
import type { App } from '../app';
import { parseClassNames } from '../state/classNames';
import * as say from '../wording/page';

/** The selected object is of this class, and the objects that come, too. */
export function chooseClass({ store, controller }: App, name: string): void {
  store.nextLabel.value = name;
  const image = store.activeImage.value;
  const object = image && activeObjectOf(image);
  controller.change((session) => (object === null ? session : relabel(session, object.id, name)));
}

/** The class at a place of the list, from 0 on. */
export function chooseClassAt(app: App, place: number): void {
  const name = classNamesOf(app.store.session.value)[place];
  if (name !== undefined) chooseClass(app, name);
  else if (place === 0) app.controller.notify(say.noClassYet);
}

/** Choose a class in the list; where that changes nothing, leave the names of the objects that come to the model. */
export function toggleClass(app: App, name: string): void {
  const { store } = app;
  const before = store.session.value;
  const wasNext = store.nextLabel.value === name;
  chooseClass(app, name);
  if (wasNext && store.session.value === before) store.nextLabel.value = null;
}

/** Add the class that was typed, or the classes that were pasted. */
export function createClasses(app: App, text: string): void {
  const known = classNamesOf(app.store.session.value);
  const names = parseClassNames(text, known);
  if (names.length > 0) app.controller.change((session) => addClasses(session, names));
}

export function reorderClass({ controller }: App, name: string, by: -1 | 1): void {
  controller.change((session) => moveClass(session, name, by));
}

/** Show a class in a colour while the user looks for one. */
export function tryColour({ store }: App, name: string, colour: string): void {
  store.triedColour.value = { name, colour, at: store.session.value.clock };
}

/** The colour of a class, `#rrggbb`; null: that of its name. */
export function chooseColour({ controller }: App, name: string, colour: string | null): void {
  controller.change((session) => setColour(session, name, colour));
}
