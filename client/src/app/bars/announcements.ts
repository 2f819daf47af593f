/**
 * What screen readers say: labels, scores, undo, what was saved, what failed. The status region also shows figures that
 * change with every click, and would be a nuisance read out.
 */
import { effect, signal, type ReadonlySignal } from '@preact/signals';
import { resultOf, type ChangeSet, type ImageState, type Session } from '../../session/state';
import type { ClientError } from '../../shared/errors';
import { sayFailure } from '../../shared/failures';
import { PROMPT_KINDS } from '../../shared/prompt/kinds';
import type { Store } from '../state/store';
import * as say from '../wording/page';

/** The part of the store that is spoken of. */
export interface Spoken {
  readonly session: Session;
  readonly image: ImageState | null;
  readonly error: ClientError | null;
  readonly notice: string | null;
}

/** What to say about a change; null: nothing. */
export function announcementOf(before: Spoken, after: Spoken): string | null {
  if (after.error !== null && after.error !== before.error) return say.error(sayFailure(after.error));
  if (after.notice !== null && after.notice !== before.notice) return after.notice;
  if (after.session.classList !== before.session.classList) return classEditOf(before.session, after.session);
  if (after.image === null) return null;
  if (after.image.id !== before.image?.id) return say.photoNamed(after.image.name);
  return editOf(before.image, after.image) ?? answerIn(before.session, after.session, after.image);
}

/** A change of the document, by what the histories say. */
function editOf(before: ImageState, after: ImageState): string | null {
  if (after.document === before.document) return null;
  const undone = before.undo.at(-1);
  if (undone !== undefined && isSame(after.redo.at(-1), undone)) return say.of(say.undone, undone.what);
  const redone = before.redo.at(-1);
  if (redone !== undefined && isSame(after.undo.at(-1), redone)) return say.of(say.redone, redone.what);
  const done = after.undo.at(-1);
  if (done === undefined || done === before.undo.at(-1)) return selectionOf(before, after);
  // A prompt is answered soon; the answer is worth saying.
  return PROMPT_KINDS.some((kind) => kind === done.what) ? null : say.of(say.done, done.what);
}

/** A change of the class list, likewise. */
function classEditOf(before: Session, after: Session): string {
  if (after.classRedo.length > before.classRedo.length)
    return say.of(say.undone, after.classRedo.at(-1)?.what ?? '');
  const isRedone =
    after.classRedo.length < before.classRedo.length &&
    after.classUndo.at(-1)?.after === before.classRedo.at(-1)?.after;
  return say.of(isRedone ? say.redone : say.done, after.classUndo.at(-1)?.what ?? say.classNamesChange);
}

/** Histories may stamp a change again; what it does stays. */
const isSame = (one: ChangeSet | undefined, other: ChangeSet): boolean =>
  one?.before === other.before && one.after === other.after;

function selectionOf(before: ImageState, after: ImageState): string | null {
  const { activeObject, objects } = after.document;
  const selected = objects.find(({ id }) => id === activeObject);
  return selected === undefined || activeObject === before.document.activeObject
    ? null
    : say.objectSelected(selected.number);
}

/** The answer that came for the active object. */
function answerIn(before: Session, after: Session, image: ImageState): string | null {
  if (after.results === before.results) return null;
  const object = image.document.objects.find(({ id }) => id === image.document.activeObject);
  const result = object && resultOf(after, object);
  const known = object && resultOf(before, object);
  if (!object || !result || result.isDraft || result === known) return null;
  if (known?.kept !== undefined && known.mask === result.mask) return null; // it was there before
  if (known?.isCoarse === true && known.maskLogits === result.maskLogits) return null; // only its edge is another
  const label = object.userLabel ?? result.label;
  const score =
    result.labelScore === null || object.userLabel !== null ? '' : `, ${percent(result.labelScore)}`;
  const found = label === null ? say.maskDrawn : `${label}${score}`;
  return say.of(say.objectNumbered(object.number), result.area === 0 ? say.nothingFound : found);
}

const percent = (part: number): string => say.percent(Math.round(100 * part));

/** The latest announcement, as long as the store is followed. */
export function followStore({ session, activeImage, error, notice }: Store): {
  readonly announcement: ReadonlySignal<string>;
  readonly stop: () => void;
} {
  const announcement = signal('');
  const seen = (): Spoken => ({
    session: session.value,
    image: activeImage.value,
    error: error.value,
    notice: notice.value,
  });
  let before = seen();
  const stop = effect(() => {
    const after = seen();
    const said = announcementOf(before, after);
    before = after;
    // The same words twice in a row are a change only if they differ.
    if (said !== null) announcement.value = said === announcement.peek() ? `${said}\u00a0` : said;
  });
  return { announcement, stop };
}
