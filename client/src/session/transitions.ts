/** Every way in which a session changes: a session and an event in, a session out. */
import type { Naming } from '../shared/naming';
import type { ProjectObject, PromptItem, SizeHw, StepResult } from '../shared/types';
import { commit, prune, redoChange, undoChange } from './history';
import {
  activeImageOf,
  activeObjectOf,
  EMPTY_DOCUMENT,
  type ImageDocument,
  type ImageId,
  type ImageState,
  type ObjectId,
  type SegmentObject,
  type Session,
  type Step,
  type StepId,
} from './state';

/** A new image becomes the active one. */
export function openImage(session: Session, name: string, size: SizeHw): Session {
  const id = `image-${session.nextId}`;
  const image: ImageState = {
    id,
    name,
    size,
    document: EMPTY_DOCUMENT,
    undo: [],
    redo: [],
    nextNumber: 1,
    hidden: new Set(),
  };
  return { ...session, images: [...session.images, image], activeImage: id, nextId: session.nextId + 1 };
}

export function closeImage(session: Session, id: ImageId): Session {
  const index = session.images.findIndex((image) => image.id === id);
  const images = session.images.filter((image) => image.id !== id);
  const neighbour = images[Math.min(Math.max(index, 0), images.length - 1)]?.id ?? null;
  return prune({
    ...session,
    images,
    activeImage: session.activeImage === id ? neighbour : session.activeImage,
  });
}

export const activateImage = (session: Session, id: ImageId): Session => ({ ...session, activeImage: id });

/** Add a prompt to the active object of the active image, or to a new object when there is none. */
export function addPrompt(session: Session, prompt: PromptItem, givenAt: number): Session {
  const image = activeImageOf(session);
  if (image === null) return session;
  const step: Step = { id: `step-${session.nextId}`, prompt, givenAt };
  const prepared =
    activeObjectOf(image) === null ? withNewObject(image) : { image, document: image.document };
  const document = mapObject(prepared.document, prepared.document.activeObject, (object) => ({
    ...object,
    steps: [...object.steps, step],
  }));
  const next = commit(prepared.image, prompt.kind, document);
  return prune(replaceImage({ ...session, nextId: session.nextId + 1 }, next));
}

/** Take a prompt back; the steps after it are done again without it. */
export function removePrompt(session: Session, id: ObjectId, stepId: StepId): Session {
  const image = activeImageOf(session);
  const object = image?.document.objects.find((candidate) => candidate.id === id);
  const index = object?.steps.findIndex((step) => step.id === stepId) ?? -1;
  if (image === null || object === undefined || index < 0) return session;
  let { nextId } = session;
  const after = object.steps.slice(index + 1).map((step): Step => ({ ...step, id: `step-${nextId++}` }));
  const document = mapObject(image.document, id, (found) => ({
    ...found,
    steps: [...found.steps.slice(0, index), ...after],
  }));
  const what = `removal of ${object.steps[index]?.prompt.kind ?? 'prompt'}`;
  return prune(replaceImage({ ...session, nextId }, commit(image, what, document)));
}

/** Start another object; an active object without prompts is already that. */
export function newObject(session: Session): Session {
  return editActive(session, (image) => {
    const active = activeObjectOf(image);
    if (active !== null && active.steps.length === 0) return image;
    const { image: numbered, document } = withNewObject(image);
    return commit(numbered, 'new object', document);
  });
}

export function deleteObject(session: Session, id: ObjectId): Session {
  return editActive(session, (image) => {
    const { objects, activeObject } = image.document;
    if (!objects.some((object) => object.id === id)) return image;
    const rest = objects.filter((object) => object.id !== id);
    const nextActive = activeObject === id ? (rest.at(-1)?.id ?? null) : activeObject;
    return commit(image, 'delete object', { objects: rest, activeObject: nextActive });
  });
}

/** Remove all objects of the active image. */
export function clearImage(session: Session): Session {
  return editActive(session, (image) =>
    image.document.objects.length === 0 ? image : commit(image, 'clear', EMPTY_DOCUMENT),
  );
}

/** Name an object; an empty name gives it back to the model. */
export function relabel(session: Session, id: ObjectId, label: string): Session {
  const userLabel = label.trim() === '' ? null : label.trim();
  return editActive(session, (image) => {
    const current = image.document.objects.find((object) => object.id === id);
    if (current === undefined || current.userLabel === userLabel) return image;
    return commit(
      image,
      'label',
      mapObject(image.document, id, (object) => ({ ...object, userLabel })),
    );
  });
}

/** Selecting is not a change: undo does not go through it. */
export const selectObject = (session: Session, id: ObjectId): Session =>
  editActive(session, (image) => ({ ...image, document: { ...image.document, activeObject: id } }));

export function toggleVisible(session: Session, id: ObjectId): Session {
  return editActive(session, (image) => {
    const hidden = new Set(image.hidden);
    if (!hidden.delete(id)) hidden.add(id);
    return { ...image, hidden };
  });
}

export const undo = (session: Session): Session => editActive(session, undoChange);
export const redo = (session: Session): Session => editActive(session, redoChange);

/** Keep the result of a step, whether or not the step is in a document just now. */
export const recordResult = (session: Session, step: StepId, result: StepResult): Session => ({
  ...session,
  results: new Map(session.results).set(step, result),
});

/** Call the results by other names, those of undone steps too. */
export const renameResults = (session: Session, nameOf: (classEmbed: Float32Array) => Naming): Session => ({
  ...session,
  results: new Map(
    [...session.results].map(([id, result]) => [id, { ...result, ...nameOf(result.classEmbed) }]),
  ),
});

/** What objects are to be called from now on; null gives it back to the model. */
export const setClassNames = (session: Session, classNames: readonly string[] | null): Session => ({
  ...session,
  classNames,
});

/** Add saved objects to an image as one change; their masks come from replaying the prompts. */
export function restoreObjects(
  session: Session,
  imageId: ImageId,
  saved: readonly ProjectObject[],
  givenAt: number,
): Session {
  const image = session.images.find(({ id }) => id === imageId);
  if (image === undefined || saved.length === 0) return session;
  let { nextId } = session;
  const objects = saved.map((object, index): SegmentObject => ({
    id: objectId(image, image.nextNumber + index),
    number: image.nextNumber + index,
    userLabel: object.label,
    steps: object.prompts.map((prompt) => ({ id: `step-${nextId++}`, prompt, givenAt })),
  }));
  const document = {
    objects: [...image.document.objects, ...objects],
    activeObject: objects.at(-1)?.id ?? null,
  };
  const numbered = { ...image, nextNumber: image.nextNumber + objects.length };
  return replaceImage({ ...session, nextId }, commit(numbered, 'restore project', document));
}

function withNewObject(image: ImageState): { readonly image: ImageState; readonly document: ImageDocument } {
  const id = objectId(image, image.nextNumber);
  const object: SegmentObject = { id, number: image.nextNumber, steps: [], userLabel: null };
  return {
    image: { ...image, nextNumber: image.nextNumber + 1 },
    document: { objects: [...image.document.objects, object], activeObject: id },
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

const replaceImage = (session: Session, next: ImageState): Session => ({
  ...session,
  images: session.images.map((image) => (image.id === next.id ? next : image)),
});

function editActive(session: Session, edit: (image: ImageState) => ImageState): Session {
  const image = activeImageOf(session);
  if (image === null) return session;
  const next = edit(image);
  return next === image ? session : prune(replaceImage(session, next));
}
