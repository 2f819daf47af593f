/** Every way in which a session changes: a session and an event in, a session out. */
import type { Naming } from '../shared/model/naming';
import type { PromptItem, SizeHw, StepResult } from '../shared/types';
import { commit, replaceImage } from './history';
import { isLocked, lockedActive } from './marks';
import { madeReadyFor } from './parts';
import {
  activeImageOf,
  activeObjectOf,
  EMPTY_DOCUMENT,
  type ImageDocument,
  type ImageId,
  type ImageState,
  type ObjectId,
  type Part,
  type SegmentObject,
  type Session,
  type Step,
  type StepId,
} from './state';

export { closeImage, redo, settle, undo } from './history';
export { restoreObjects } from './restore';

/** A new image becomes the active one. */
export function openImage(
  session: Session,
  name: string,
  size: SizeHw,
  canvas: number | null = null,
): Session {
  const id = `${session.origin}image-${session.nextId}`;
  const image: ImageState = {
    id,
    name,
    size,
    document: { ...EMPTY_DOCUMENT, canvas },
    undo: [],
    redo: [],
    nextNumber: 1,
  };
  return { ...session, images: [...session.images, image], activeImage: id, nextId: session.nextId + 1 };
}

export const activateImage = (session: Session, id: ImageId): Session => ({ ...session, activeImage: id });

/**
 * Add a prompt to the active object of the active image, or to a new object when there is none.
 *
 * An object that is hidden is shown again: what is not seen should not change.
 *
 * Args: label: what a new object is called by the user, or null. here: the part of the photo that is embedded by itself
 * just now, in which new objects begin.
 */
export function addPrompt(
  session: Session,
  prompt: PromptItem,
  givenAt: number,
  label: string | null = null,
  here: Part | null = null,
): Session {
  const image = activeImageOf(session);
  if (image === null || lockedActive(session) !== null) return session;
  const prepared =
    activeObjectOf(image) === null ? withNewObject(image, label) : { image, document: image.document };
  const { activeObject, hidden } = prepared.document;
  let { nextId } = session;
  const document = mapObject(prepared.document, activeObject, (before) => {
    const { object, nextId: id } = madeReadyFor(before, prompt, { size: image.size, here, nextId });
    nextId = id + 1;
    return { ...object, steps: [...object.steps, { id: `step-${id}`, prompt, givenAt }] };
  });
  const shown = { ...document, hidden: without(hidden, activeObject) };
  return commit({ ...session, nextId }, prepared.image, prompt.kind, shown);
}

/** Take a prompt back; the steps after it are done again without it. */
export function removePrompt(session: Session, id: ObjectId, stepId: StepId): Session {
  const image = activeImageOf(session);
  const object = image?.document.objects.find((candidate) => candidate.id === id);
  const index = object?.steps.findIndex((step) => step.id === stepId) ?? -1;
  if (image === null || object === undefined || index < 0 || object.isLocked === true) return session;
  let { nextId } = session;
  const after = object.steps.slice(index + 1).map((step): Step => ({ ...step, id: `step-${nextId++}` }));
  const document = mapObject(image.document, id, (found) => ({
    ...found,
    steps: [...found.steps.slice(0, index), ...after],
  }));
  const what = `removal of ${object.steps[index]?.prompt.kind ?? 'prompt'}`;
  return commit({ ...session, nextId }, image, what, document);
}

/** Start another object; an active object without prompts is already that. */
export function newObject(session: Session, label: string | null = null): Session {
  const image = activeImageOf(session);
  if (image === null || activeObjectOf(image)?.steps.length === 0) return session;
  const { image: numbered, document } = withNewObject(image, label);
  return commit(session, numbered, 'new object', document);
}

/** Without the active object nothing is active: the next prompt begins another. */
export function deleteObject(session: Session, id: ObjectId): Session {
  const image = activeImageOf(session);
  if (image !== null && isLocked(image.document, id)) return session;
  return editActive(
    session,
    'delete object',
    ({ objects, activeObject, hidden, ...document }) => ({
      ...document,
      objects: objects.filter((object) => object.id !== id),
      activeObject: activeObject === id ? null : activeObject,
      hidden: without(hidden, id),
    }),
    id,
  );
}

/** Remove all objects of the active image, but for those that are locked. */
export function clearImage(session: Session): Session {
  const image = activeImageOf(session);
  const objects = image?.document.objects.filter((object) => object.isLocked === true) ?? [];
  if (image === null || objects.length === image.document.objects.length) return session;
  const { review, canvas } = image.document;
  return commit(session, image, 'clear', { ...EMPTY_DOCUMENT, objects, review, canvas });
}

/** Characters of a label; a project takes 4,096 bytes. */
export const MAX_LABEL = 1000;

/** A label as it is kept; null: it says nothing. */
export function cleanLabel(label: string): string | null {
  const clean = Array.from(label.replace(/\p{Surrogate}/gu, '').trim())
    .slice(0, MAX_LABEL)
    .join('')
    .trim();
  return clean === '' ? null : clean;
}

/** Name an object of any image; an empty name gives it back to the model. */
export function relabel(session: Session, id: ObjectId, label: string): Session {
  const userLabel = cleanLabel(label);
  const image = session.images.find(({ document }) => document.objects.some((object) => object.id === id));
  const current = image?.document.objects.find((object) => object.id === id);
  if (image === undefined || current?.userLabel === userLabel || current?.isLocked === true) return session;
  const named = mapObject(image.document, id, (object) => ({ ...object, userLabel }));
  return commit(session, image, 'label', named);
}

/** Selecting is not a change: undo does not go through it. */
export function selectObject(session: Session, id: ObjectId): Session {
  const image = activeImageOf(session);
  if (image === null) return session;
  return replaceImage(session, { ...image, document: { ...image.document, activeObject: id } });
}

/** Hide an object or show it again; what is hidden is no longer active. */
export function toggleVisible(session: Session, id: ObjectId): Session {
  const isHidden = activeImageOf(session)?.document.hidden.has(id) === true;
  return editActive(
    session,
    isHidden ? 'show object' : 'hide object',
    (document) =>
      isHidden
        ? { ...document, hidden: without(document.hidden, id) }
        : {
            ...document,
            activeObject: document.activeObject === id ? null : document.activeObject,
            hidden: new Set(document.hidden).add(id),
          },
    id,
  );
}

/** Keep the result of a step, whether or not the step is in a document just now. */
export function recordResult(session: Session, step: StepId, result: StepResult): Session {
  const results = new Map(session.results);
  // The ones given last are last.
  results.delete(step);
  results.set(step, result);
  // What came after it was answered without it.
  if (!session.results.has(step)) for (const later of stepsAfter(session, step)) results.delete(later);
  return { ...session, results };
}

/** Those that redo would bring back, too. */
function stepsAfter({ images }: Session, id: StepId): readonly StepId[] {
  const documents = images.flatMap(({ document, redo }) => [document, ...redo.map(({ after }) => after)]);
  return documents.flatMap(({ objects }) =>
    objects.flatMap(({ steps }) => {
      const index = steps.findIndex((step) => step.id === id);
      return index < 0 ? [] : steps.slice(index + 1).map((step) => step.id);
    }),
  );
}

/** Call the results by other names, those of undone steps too. */
export const renameResults = (session: Session, nameOf: (classEmbed: Float32Array) => Naming): Session => ({
  ...session,
  results: new Map(
    [...session.results].map(([id, result]) => [id, { ...result, ...nameOf(result.classEmbed) }]),
  ),
});

/** The image with another object, which is active. */
export function withNewObject(
  image: ImageState,
  userLabel: string | null,
): { readonly image: ImageState; readonly document: ImageDocument } {
  const id = objectId(image, image.nextNumber);
  const object: SegmentObject = {
    id,
    number: image.nextNumber,
    steps: [],
    userLabel,
    savedGuess: null,
  };
  return {
    image: { ...image, nextNumber: image.nextNumber + 1 },
    document: { ...image.document, objects: [...image.document.objects, object], activeObject: id },
  };
}

const objectId = (image: ImageState, number: number): ObjectId => `${image.id}-object-${number}`;

const mapObject = (
  document: ImageDocument,
  id: ObjectId | null,
  edit: (object: SegmentObject) => SegmentObject,
): ImageDocument => ({
  ...document,
  objects: document.objects.map((object) => (object.id === id ? edit(object) : object)),
});

const without = (ids: ReadonlySet<ObjectId>, id: ObjectId | null): ReadonlySet<ObjectId> =>
  id !== null && ids.has(id) ? new Set([...ids].filter((other) => other !== id)) : ids;

/** A change of the active image, for which it must have the object. */
function editActive(
  session: Session,
  what: string,
  edit: (document: ImageDocument) => ImageDocument,
  id: ObjectId,
): Session {
  const image = activeImageOf(session);
  if (image?.document.objects.some((object) => object.id === id) !== true) return session;
  return commit(session, image, what, edit(image.document));
}
