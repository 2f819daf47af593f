/** The switch that accepts at once what draws a whole object. */
import { deselect } from '../../session/objects';
import { activeObjectOf } from '../../session/state';
import type { App } from '../app';
import * as say from '../wording/page';

export function toggleAcceptance({ store, controller }: Pick<App, 'store' | 'controller'>): void {
  store.acceptsAtOnce.value = !store.acceptsAtOnce.value;
  controller.notify(store.acceptsAtOnce.value ? say.acceptsAtOnce : say.acceptsLater);
}

const countPrompts = ({ store: { activeImage } }: Pick<App, 'store'>): number =>
  (activeImage.value && activeObjectOf(activeImage.value))?.steps.length ?? 0;

/** Give words; what they have begun is accepted at once, too. */
export async function giveWords(
  app: Pick<App, 'store' | 'controller' | 'words'>,
  words: string,
): Promise<void> {
  const { store, controller } = app;
  const image = store.activeImage.value?.id;
  const begins = countPrompts(app) === 0;
  await app.words.give(words);
  const isUntouched = store.activeImage.value?.id === image && countPrompts(app) === 1;
  if (store.acceptsAtOnce.value && begins && isUntouched) controller.change(deselect);
}
