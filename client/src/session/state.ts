/** What the user has made: images, objects in them, prompts in order. Plain immutable data. */
import type { ClassAttributeFields } from '../shared/generated';
import type { LabelOrigin, PhotoMark, PromptItem, SizeHw, StepResult } from '../shared/types';
import { isAskedAgain } from './kept';

export type ImageId = string;
export type ObjectId = string;
export type StepId = string;

/** One prompt; together with the steps before it in its object it determines its result. */
export interface Step {
  readonly id: StepId;
  readonly prompt: PromptItem;
  /** When it was given, milliseconds of the page's clock. */
  readonly givenAt: number;
}

export interface SegmentObject {
  readonly id: ObjectId;
  /** Counts up within an image and is never reused; also chooses the colour. */
  readonly number: number;
  readonly steps: readonly Step[];
  /** What the user calls it; null: what the model guesses. */
  readonly userLabel: string | null;
  /** What the model called it when it was saved, until it has been asked again; null when it is not from a project. */
  readonly savedGuess: string | null;
  /** Whether tools leave it as it is. */
  readonly isLocked?: boolean;
  /** That it belongs to, with others of its photo; absent: to none. */
  readonly group?: number;
  /** Of the thing that it is with objects of other photos, where it was followed; absent: it was not. */
  readonly track?: number;
  /** What is said of it beside its label, by the attributes of its class. */
  readonly attributes?: Attributes;
  /** Where its prompts are answered in full detail; absent: on the photo as a whole. */
  readonly part?: Part;
}

/** A part of a photo that is embedded by itself: left, top, width and height, whole pixels of the image. */
export type Part = readonly [number, number, number, number];

/** The embedding that answers prompts. */
export interface Embedded {
  readonly image: ImageId;
  /** Of the embedding: that of the photo, unless it is of a part. */
  readonly id: string;
  /** Null: all of the photo. */
  readonly part: Part | null;
}

/** By name: a text or a choice, or whether it is ticked. */
export type Attributes = Readonly<Record<string, string | boolean>>;

/** What objects of a class say beside their label. */
export type ClassAttribute = ClassAttributeFields;

/** Colours that the user chose, `#rrggbb`, by the names of classes. */
export type ClassColours = Readonly<Record<string, string>>;

/** Of which object a pixel is that several masks hold: of all, of the first, of the last. */
export type Overlap = 'allowed' | 'gives-way' | 'eats';

/** What the user said of a photo. */
export interface Review {
  /** Null: nothing yet. */
  readonly mark: PhotoMark | null;
  readonly note: string;
}

/** The part of an image's state that undo and redo restore. */
export interface ImageDocument {
  readonly objects: readonly SegmentObject[];
  readonly activeObject: ObjectId | null;
  /** Objects that are not drawn. */
  readonly hidden: ReadonlySet<ObjectId>;
  readonly review: Review;
  /** Pixels that the photo is resized to for its embedding; null: the model's own. */
  readonly canvas: number | null;
}

export interface ChangeSet {
  /** For people: "click", "new object". */
  readonly what: string;
  readonly before: ImageDocument;
  readonly after: ImageDocument;
  /** By the session's clock: when it was made, undone or redone, whichever was last. */
  readonly at: number;
  /** Changes of several photos that are undone and redone as one have the same number. */
  readonly together?: number;
}

/** What holds for the objects of all photos: the names that the user labels them with, and what goes with these. */
export interface ClassList {
  /** In the user's order, each once. */
  readonly names: readonly string[];
  /** Whether the model names objects by them, too; else by its own names. */
  readonly isVocabulary: boolean;
  readonly attributes?: readonly ClassAttribute[];
  /** Absent: masks may overlap. */
  readonly overlap?: Overlap;
  /** Absent: all colours follow from the names. */
  readonly colours?: ClassColours;
}

/** A change of the class list. */
export interface ClassChange {
  readonly what: string;
  readonly before: ClassList;
  readonly after: ClassList;
  readonly at: number;
}

/** A photo that was closed and can be brought back. */
export interface ClosedImage {
  readonly image: ImageState;
  /** Its place among the others. */
  readonly index: number;
  readonly at: number;
}

/** A closing that was undone and can be done again. */
export interface Reopening {
  readonly id: ImageId;
  /** What was shown before it came back. */
  readonly activeImage: ImageId | null;
  readonly at: number;
}

export interface ImageState {
  readonly id: ImageId;
  readonly name: string;
  readonly size: SizeHw;
  readonly document: ImageDocument;
  readonly undo: readonly ChangeSet[];
  readonly redo: readonly ChangeSet[];
  readonly nextNumber: number;
}

export interface Session {
  /** Begins every id of this session, so that objects of two sessions are never taken for the same. */
  readonly origin: string;
  readonly images: readonly ImageState[];
  readonly activeImage: ImageId | null;
  /** Masks and memories by step; kept for undone steps too, so that redo brings back the very same ones. */
  readonly results: ReadonlyMap<StepId, StepResult>;
  readonly classList: ClassList;
  readonly classUndo: readonly ClassChange[];
  readonly classRedo: readonly ClassChange[];
  /** Closed photos that undo brings back, the latest last. */
  readonly closed: readonly ClosedImage[];
  readonly reopened: readonly Reopening[];
  /** Counts changes. */
  readonly clock: number;
  /** Source of ids. */
  readonly nextId: number;
}

export const NO_CLASSES: ClassList = { names: [], isVocabulary: false };

export const EMPTY_SESSION: Session = {
  origin: '',
  images: [],
  activeImage: null,
  results: new Map(),
  classList: NO_CLASSES,
  classUndo: [],
  classRedo: [],
  closed: [],
  reopened: [],
  clock: 1,
  nextId: 1,
};

export const NO_REVIEW: Review = { mark: null, note: '' };

export const EMPTY_DOCUMENT: ImageDocument = {
  objects: [],
  activeObject: null,
  hidden: new Set(),
  review: NO_REVIEW,
  canvas: null,
};

/** The names by which the model is to call objects; null: by its own. */
export const vocabularyOf = ({ classList }: Pick<Session, 'classList'>): readonly string[] | null =>
  classList.isVocabulary ? classList.names : null;

export const imageOf = (session: Session, id: ImageId | null): ImageState | null =>
  session.images.find((image) => image.id === id) ?? null;

export const activeImageOf = (session: Session): ImageState | null => imageOf(session, session.activeImage);

export const activeObjectOf = (image: ImageState): SegmentObject | null =>
  image.document.objects.find((object) => object.id === image.document.activeObject) ?? null;

/** The embedding of a photo, or of a part of it, on the photo's canvas. */
export function embeddedOf(
  { id, document }: Pick<ImageState, 'id' | 'document'>,
  part: Part | null,
): Embedded {
  return { image: id, id: part === null ? id : [id, part.join(), document.canvas ?? ''].join(' '), part };
}

/** Result of the latest step that has one: what is painted and exported. */
export function resultOf(session: Session, object: SegmentObject): StepResult | null {
  for (let i = object.steps.length - 1; i >= 0; i--) {
    const step = object.steps[i];
    const result = step && session.results.get(step.id);
    if (result) return result;
  }
  return null;
}

export interface Label {
  readonly text: string;
  readonly origin: LabelOrigin;
}

/** What the model takes an object for, whatever the user calls it; null while that is not known. */
export const guessOf = (session: Session, object: SegmentObject): string | null =>
  resultOf(session, object)?.label ?? object.savedGuess;

/** What an object is called, and by whom; null while it has no name. */
export function labelOf(session: Session, object: SegmentObject): Label | null {
  if (object.userLabel !== null) return { text: object.userLabel, origin: 'user' };
  const guess = guessOf(session, object);
  return guess === null ? null : { text: guess, origin: 'model' };
}

/** A step that waits for its result, with everything that the decoder needs. */
export interface PendingStep {
  readonly imageId: ImageId;
  readonly embedded: Embedded;
  /** With those of its steps that are not left out. */
  readonly object: SegmentObject;
  readonly step: Step;
  /** All prompts of the object up to and with this one. */
  readonly prompts: readonly PromptItem[];
  /** Result of the step before; null when this is the first. */
  readonly previous: StepResult | null;
}

/** Of an embedding: whether it gives answers that are no drafts. */
export type IsComplete = (embedded: string) => boolean;

/** Steps that cannot be answered; the other steps of their object are answered without them. */
export type LeftOut = Pick<ReadonlySet<StepId>, 'has'>;

const NONE: LeftOut = new Set();

/**
 * The first step of every object that has no result, or only a draft of one where there can be a better one, or one that
 * was kept and says too little to the steps after it.
 */
export const pendingSteps = (
  session: Session,
  isComplete: IsComplete,
  leftOut: LeftOut = NONE,
): readonly PendingStep[] =>
  session.images.flatMap((image) =>
    image.document.objects.flatMap((object) => {
      const steps = object.steps.filter(({ id }) => !leftOut.has(id));
      return firstPending(session, image, { ...object, steps }, isComplete) ?? [];
    }),
  );

/**
 * The step to decode next: of the photo that is shown before all others, and the oldest first. A project that was just
 * opened may have a thousand steps to answer again. `canDecode` says for which steps that is possible.
 */
export function nextPending(
  session: Session,
  isComplete: IsComplete,
  canDecode: (pending: PendingStep) => boolean,
  leftOut?: LeftOut,
): PendingStep | null {
  const isShown = ({ imageId }: PendingStep): boolean => imageId === session.activeImage;
  const comesFirst = (a: PendingStep, b: PendingStep): boolean =>
    isShown(a) === isShown(b) ? a.step.givenAt <= b.step.givenAt : isShown(a);
  return pendingSteps(session, isComplete, leftOut)
    .filter(canDecode)
    .reduce<PendingStep | null>((first, next) => (first && comesFirst(first, next) ? first : next), null);
}

function firstPending(
  session: Session,
  image: ImageState,
  object: SegmentObject,
  isComplete: IsComplete,
): PendingStep | null {
  const embedded = embeddedOf(image, object.part ?? null);
  const asksAgain = isAskedAgain(session.results, object.steps);
  const index = object.steps.findIndex(({ id }) => {
    const result = session.results.get(id);
    if (result === undefined || (asksAgain && result.kept !== undefined)) return true;
    return result.isDraft && isComplete(embedded.id);
  });
  const step = object.steps[index];
  if (step === undefined) return null;
  const before = object.steps[index - 1];
  return {
    imageId: image.id,
    embedded,
    object,
    step,
    prompts: object.steps.slice(0, index + 1).map(({ prompt }) => prompt),
    previous: (before && session.results.get(before.id)) ?? null,
  };
}

export const hasStep = (session: Session, id: StepId): boolean =>
  session.images.some(({ document }) =>
    document.objects.some((object) => object.steps.some((step) => step.id === id)),
  );
