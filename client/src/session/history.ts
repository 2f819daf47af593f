/** Undo and redo: of the changes of a photo, and of its being closed. */
import {
  activeImageOf,
  type ChangeSet,
  type ClosedImage,
  type ImageDocument,
  type ImageId,
  type ImageState,
  type Session,
  type StepId,
} from './state';

/** Changes of one image that can be undone. */
export const MAX_UNDO = 200;

/** Closed photos that can be brought back. */
export const MAX_CLOSED = 4;

/** An image after a change that can be undone; what was undone before can no longer be redone. */
export function commit(session: Session, image: ImageState, what: string, after: ImageDocument): Session {
  // The image may have been numbered on the way; what undo goes back to is the document the session has.
  const before = session.images.find(({ id }) => id === image.id)?.document ?? image.document;
  const change: ChangeSet = { what, before, after, at: session.clock };
  const next = { ...image, document: after, undo: [...image.undo, change].slice(-MAX_UNDO), redo: [] };
  return prune(tick({ ...replaceImage(session, next), reopened: [] }));
}

/** What has been done so far can no longer be undone. */
export const settle = (session: Session): Session => ({
  ...session,
  images: session.images.map((image) => ({ ...image, undo: [], redo: [] })),
});

/** Close a photo so that undo brings it back. */
export function closeImage(session: Session, id: ImageId): Session {
  return prune({ ...withoutImage(session, id), reopened: [] });
}

/** What undo would take back, for people; null when there is nothing. */
export function nextUndo(session: Session): string | null {
  const closed = closedLast(session);
  return closed ? `closing ${closed.image.name}` : (activeImageOf(session)?.undo.at(-1)?.what ?? null);
}

/** What redo would do again, for people; null when there is nothing. */
export function nextRedo(session: Session): string | null {
  const image = activeImageOf(session);
  return reopenedLast(session) ? `closing ${image?.name ?? ''}` : (image?.redo.at(-1)?.what ?? null);
}

/** Take back the last change of the photo that is shown, or the closing of another when that came later. */
export function undo(session: Session): Session {
  const closed = closedLast(session);
  if (closed) return reopen(session, closed);
  const image = activeImageOf(session);
  const change = image?.undo.at(-1);
  if (image === null || change === undefined) return session;
  // Selecting is no change; redo brings back what was selected when the change was undone.
  const undone = { ...change, after: image.document, at: session.clock };
  const [rest, redo] = [image.undo.slice(0, -1), [...image.redo, undone]];
  return tick(replaceImage(session, { ...image, document: change.before, undo: rest, redo }));
}

export function redo(session: Session): Session {
  const reopened = reopenedLast(session);
  if (reopened) {
    const closed = withoutImage(session, reopened.id);
    const rest = session.reopened.slice(0, -1);
    return prune({ ...closed, activeImage: reopened.activeImage, reopened: rest });
  }
  const image = activeImageOf(session);
  const change = image?.redo.at(-1);
  if (image === null || change === undefined) return session;
  const redone = { ...change, before: image.document, at: session.clock };
  const [undoable, rest] = [[...image.undo, redone], image.redo.slice(0, -1)];
  return tick(replaceImage(session, { ...image, document: change.after, undo: undoable, redo: rest }));
}

/** Forget the results of steps that neither a document nor a change mentions any more. */
export function prune(session: Session): Session {
  const open = session.images.flatMap((image) => [
    image.document,
    ...[...image.undo, ...image.redo].flatMap((change) => [change.before, change.after]),
  ]);
  // Of a closed photo only what was on it; its undone steps are decoded again when they are wanted.
  const closed = session.closed.map(({ image }) => image.document);
  const reachable = new Set<StepId>();
  for (const object of [...open, ...closed].flatMap((document) => document.objects)) {
    for (const step of object.steps) reachable.add(step.id);
  }
  if ([...session.results.keys()].every((id) => reachable.has(id))) return session;
  return { ...session, results: new Map([...session.results].filter(([id]) => reachable.has(id))) };
}

export const replaceImage = (session: Session, next: ImageState): Session => ({
  ...session,
  images: session.images.map((image) => (image.id === next.id ? next : image)),
});

const tick = (session: Session): Session => ({ ...session, clock: session.clock + 1 });

/** The photo closed last, if that came after the last change of the photo that is shown. */
function closedLast(session: Session): ClosedImage | null {
  const closed = session.closed.at(-1);
  const change = activeImageOf(session)?.undo.at(-1);
  return closed && closed.at > (change?.at ?? 0) ? closed : null;
}

/** The closing undone last, if that came after the last change that was undone on the photo that is shown. */
function reopenedLast(session: Session): Session['reopened'][number] | null {
  const reopened = session.reopened.at(-1);
  const image = activeImageOf(session);
  if (!reopened || image?.id !== reopened.id) return null;
  return reopened.at > (image.redo.at(-1)?.at ?? 0) ? reopened : null;
}

function withoutImage(session: Session, id: ImageId): Session {
  const index = session.images.findIndex((image) => image.id === id);
  const image = session.images[index];
  if (image === undefined) return session;
  const images = session.images.filter((other) => other !== image);
  const neighbour = images[Math.min(index, images.length - 1)]?.id ?? null;
  return tick({
    ...session,
    images,
    activeImage: session.activeImage === id ? neighbour : session.activeImage,
    closed: [...session.closed, { image, index, at: session.clock }].slice(-MAX_CLOSED),
  });
}

function reopen(session: Session, { image, index }: ClosedImage): Session {
  const { activeImage, clock: at } = session;
  return tick({
    ...session,
    images: session.images.toSpliced(index, 0, image),
    activeImage: image.id,
    closed: session.closed.slice(0, -1),
    reopened: [...session.reopened, { id: image.id, activeImage, at }],
  });
}
