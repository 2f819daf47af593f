/** Small objects that are embedded by themselves, so that the model sees all their pixels. */
import { partAroundSelected } from '../../session/closer';
import { sharpenSelected } from '../../session/parts';
import { activeObjectOf, type Session } from '../../session/state';
import type { Store } from '../state/store';

type Change = (edit: (session: Session) => Session) => void;

/** Answer the selected object on the part around it; false where it is not small. */
export function sharpenSmallObject({ session }: Store, change: Change): boolean {
  const part = partAroundSelected(session.value);
  if (part === null) return false;
  change((before) => sharpenSelected(before, part));
  return true;
}

/** For users who want that: each small object, once it has its first mask. */
export function sharpenAsTheyCome(store: Store, change: Change): void {
  store.lastStep.subscribe((step) => {
    if (step === null || !store.sharpensSmall.value) return;
    const image = store.activeImage.value;
    const object = image && activeObjectOf(image);
    if (object?.steps.at(-1)?.id === step) sharpenSmallObject(store, change);
  });
}
