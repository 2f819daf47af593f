/** Undo and redo: of the changes of a photo and of the class list, and of a photo's being closed. */
import {
  activeImageOf,
  type ChangeSet,
  type ClassChange,
  type ClassList,
  type ClosedImage,
  type ImageDocument,
  type ImageId,
  type ImageState,
  type Reopening,
  type Session,
  type StepId,
} from './state';

/** An image after a change that can be undone; what was undone before can no longer be redone. */
export function commit(
  session: Session,
  image: ImageState,
  what: string,
  after: ImageDocument,
  together?: number,
): Session {
  // The image may have been numbered on the way; what undo goes back to is the document the session has.
  const before = session.images.find(({ id }) => id === image.id)?.document ?? image.document;
  const change: ChangeSet = {
    ...{ what, before, after, at: session.clock },
    ...(together !== undefined && { together }),
  };
  const next = { ...image, document: after, undo: [...image.undo, change], redo: [] };
  const committed = tick({ ...replaceImage(session, next), classRedo: [], reopened: [] });
  // Only what can no longer be redone is out of reach.
  return image.redo.length > 0 ? prune(committed) : committed;
}

/** What has been done so far can no longer be undone. */
export const settle = (session: Session): Session => ({
  ...session,
  images: session.images.map((image) => ({ ...image, undo: [], redo: [] })),
  classUndo: [],
  classRedo: [],
});

/** Close a photo so that undo brings it back. */
export function closeImage(session: Session, id: ImageId): Session {
  return prune({ ...withoutImage(session, id), classRedo: [], reopened: [] });
}

/** A list of classes after a change that can be undone. */
export function commitClasses(session: Session, what: string, after: ClassList): Session {
  const change: ClassChange = { what, before: session.classList, after, at: session.clock };
  const image = activeImageOf(session);
  const undoable = [...session.classUndo, change];
  const changed = { ...session, classList: after, classUndo: undoable, classRedo: [], reopened: [] };
  return prune(tick(image === null ? changed : replaceImage(changed, { ...image, redo: [] })));
}

/** What undo would take back, for people; null when there is nothing. */
export const nextUndo = (session: Session): string | null => latest(undoable(session))?.what ?? null;

/** What redo would do again, for people; null when there is nothing. */
export const nextRedo = (session: Session): string | null => latest(redoable(session))?.what ?? null;

/** Take back what came last: a change of the photo that is shown, of the class list, or the closing of a photo. */
export const undo = (session: Session): Session => latest(undoable(session))?.take() ?? session;

export const redo = (session: Session): Session => latest(redoable(session))?.take() ?? session;

/** Something that undo may take back, or redo do again. */
interface Possible {
  readonly what: string;
  readonly at: number;
  readonly take: () => Session;
}

const latest = (possible: readonly Possible[]): Possible | null =>
  possible.reduce<Possible | null>((last, one) => (last && last.at >= one.at ? last : one), null);

function undoable(session: Session): readonly Possible[] {
  const [closed, classes, image] = [session.closed.at(-1), session.classUndo.at(-1), activeImageOf(session)];
  const change = image?.undo.at(-1);
  return [
    ...(image && change ? [{ ...change, take: () => onAll(session, image, change, undoing) }] : []),
    ...(classes ? [{ ...classes, take: () => undoClasses(session, classes) }] : []),
    ...(closed
      ? [{ what: `closing ${closed.image.name}`, at: closed.at, take: () => reopen(session, closed) }]
      : []),
  ];
}

function redoable(session: Session): readonly Possible[] {
  const [classes, image] = [session.classRedo.at(-1), activeImageOf(session)];
  const [change, reopened] = [image?.redo.at(-1), session.reopened.at(-1)];
  return [
    ...(image && change ? [{ ...change, take: () => onAll(session, image, change, redoing) }] : []),
    ...(classes ? [{ ...classes, take: () => redoClasses(session, classes) }] : []),
    ...(image && reopened?.id === image.id
      ? [{ what: `closing ${image.name}`, at: reopened.at, take: () => closeAgain(session, reopened) }]
      : []),
  ];
}

/** A direction in which changes of photos are gone through: which change is next, and the photo after it. */
interface Direction {
  readonly next: (image: ImageState) => ChangeSet | undefined;
  readonly take: (image: ImageState, change: ChangeSet, at: number) => ImageState;
}

const undoing: Direction = {
  next: ({ undo }) => undo.at(-1),
  take: (image, change, at) => {
    // Selecting is no change; redo brings back what was selected when the change was undone.
    const undone = { ...change, after: image.document, at };
    return {
      ...image,
      document: change.before,
      undo: image.undo.slice(0, -1),
      redo: [...image.redo, undone],
    };
  },
};

const redoing: Direction = {
  next: ({ redo }) => redo.at(-1),
  take: (image, change, at) => {
    const redone = { ...change, before: image.document, at };
    return { ...image, document: change.after, undo: [...image.undo, redone], redo: image.redo.slice(0, -1) };
  },
};

/** Also on the other photos where a change that was made together with this one is next. */
function onAll(session: Session, image: ImageState, change: ChangeSet, { next, take }: Direction): Session {
  const isTogether = (other: ImageState): boolean =>
    change.together !== undefined && next(other)?.together === change.together;
  const images = session.images.map((other) => {
    const taken = other.id === image.id ? change : isTogether(other) ? next(other) : undefined;
    return taken === undefined ? other : take(other, taken, session.clock);
  });
  return tick({ ...session, images });
}

function undoClasses(session: Session, change: ClassChange): Session {
  const redo = [...session.classRedo, { ...change, at: session.clock }];
  return tick({
    ...session,
    classList: change.before,
    classUndo: session.classUndo.slice(0, -1),
    classRedo: redo,
  });
}

function redoClasses(session: Session, change: ClassChange): Session {
  const undo = [...session.classUndo, { ...change, at: session.clock }];
  return tick({
    ...session,
    classList: change.after,
    classUndo: undo,
    classRedo: session.classRedo.slice(0, -1),
  });
}

function closeAgain(session: Session, { id, activeImage }: Reopening): Session {
  const rest = session.reopened.slice(0, -1);
  return prune({ ...withoutImage(session, id), activeImage, reopened: rest });
}

/** Forget the results of steps that neither a document nor a change mentions any more. */
export function prune(session: Session): Session {
  const open = session.images.flatMap((image) => [
    image.document,
    ...[...image.undo, ...image.redo].flatMap((change) => [change.before, change.after]),
  ]);
  // Of a closed photo only what was on it; its undone steps are decoded again when they are wanted.
  const closed = session.closed.map(({ image }) => image.document);
  // A change has most objects in common with the one before it.
  const objects = new Set([...open, ...closed].flatMap((document) => document.objects));
  const reachable = new Set<StepId>();
  for (const { steps } of objects) for (const { id } of steps) reachable.add(id);
  if ([...session.results.keys()].every((id) => reachable.has(id))) return session;
  return { ...session, results: new Map([...session.results].filter(([id]) => reachable.has(id))) };
}

export const replaceImage = (session: Session, next: ImageState): Session => ({
  ...session,
  images: session.images.map((image) => (image.id === next.id ? next : image)),
});

const tick = (session: Session): Session => ({ ...session, clock: session.clock + 1 });

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
    closed: [...session.closed, { image, index, at: session.clock }],
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
