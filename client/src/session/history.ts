import type { ChangeSet, ImageDocument, ImageState, Session, StepId } from './state';

/** So many changes of one image can be undone. */
export const MAX_UNDO = 200;

/** The image after a change that can be undone; what was undone before can no longer be redone. */
export function commit(image: ImageState, what: string, after: ImageDocument): ImageState {
  const change: ChangeSet = { what, before: image.document, after };
  return { ...image, document: after, undo: [...image.undo, change].slice(-MAX_UNDO), redo: [] };
}

export function undoChange(image: ImageState): ImageState {
  const change = image.undo.at(-1);
  if (change === undefined) return image;
  return {
    ...image,
    document: change.before,
    undo: image.undo.slice(0, -1),
    redo: [...image.redo, change],
  };
}

export function redoChange(image: ImageState): ImageState {
  const change = image.redo.at(-1);
  if (change === undefined) return image;
  return { ...image, document: change.after, undo: [...image.undo, change], redo: image.redo.slice(0, -1) };
}

/** Forget the results of steps that neither a document nor a change mentions any more. */
export function prune(session: Session): Session {
  const reachable = new Set<StepId>();
  for (const image of session.images) {
    const documents = [image.document, ...[...image.undo, ...image.redo].flatMap((c) => [c.before, c.after])];
    for (const object of documents.flatMap((document) => document.objects)) {
      for (const step of object.steps) reachable.add(step.id);
    }
  }
  if ([...session.results.keys()].every((id) => reachable.has(id))) return session;
  return { ...session, results: new Map([...session.results].filter(([id]) => reachable.has(id))) };
}
