/** Saved objects -> objects of an image. */
import type { ProjectImage, ProjectObject } from '../shared/types';
import { unanswered } from './canvas';
import { commit } from './history';
import type { ImageId, ImageState, ObjectId, Review, SegmentObject, Session, Step } from './state';

/** What a project says of a photo itself. */
type SavedFacts = Pick<ProjectImage, 'state' | 'note' | 'canvas'>;

/**
 * Put saved objects into an image as one change; their masks come from replaying the prompts.
 *
 * A saved object takes the place of the one it was saved from, so that a project opened over its own objects
 * doubles none of them: known by its id or, in files without ids, by its prompts. Objects that the project
 * does not know stay. Nothing changes where everything is there already.
 */
export function restoreObjects(
  session: Session,
  imageId: ImageId,
  saved: readonly ProjectObject[],
  givenAt: number,
  facts: SavedFacts = {},
): Session {
  const image = session.images.find(({ id }) => id === imageId);
  if (image === undefined) return session;
  const restoring = new Restoring(session, image, givenAt);
  restoring.useCanvas(saved, facts.canvas ?? null);
  for (const object of saved) restoring.put(object);
  restoring.say(facts);
  const { document, nextNumber, nextId, isChanged } = restoring;
  if (!isChanged) return session;
  const restored = commit({ ...session, nextId }, { ...image, nextNumber }, 'restore project', document);
  // A photo that undo brought back may take its objects by itself; redo still does what it would have done.
  return { ...restored, reopened: session.reopened, classRedo: session.classRedo };
}

class Restoring {
  readonly #image: ImageState;
  readonly #givenAt: number;
  /** Ids that objects of other images have. */
  readonly #foreign: ReadonlySet<ObjectId>;
  #objects: SegmentObject[];
  #canvas: number | null;
  readonly #hidden: Set<ObjectId>;
  #review: Review;
  /** Objects that a saved one has been found to be. */
  readonly #placed = new Set<ObjectId>();
  nextNumber: number;
  nextId: number;
  isChanged = false;

  constructor(session: Session, image: ImageState, givenAt: number) {
    const others = session.images.filter((other) => other !== image);
    this.#image = image;
    this.#givenAt = givenAt;
    this.#foreign = new Set(others.flatMap(({ document }) => document.objects.map(({ id }) => id)));
    this.#objects = [...image.document.objects];
    this.#hidden = new Set(image.document.hidden);
    this.#review = image.document.review;
    this.#canvas = image.document.canvas;
    this.nextNumber = image.nextNumber;
    this.nextId = session.nextId;
  }

  get document(): ImageState['document'] {
    const { activeObject } = this.#image.document;
    const [hidden, review, canvas] = [this.#hidden, this.#review, this.#canvas];
    return { objects: this.#objects, activeObject, hidden, review, canvas };
  }

  /** What a project says of the photo; where it says nothing, what is said here stays. */
  say({ state, note }: SavedFacts): void {
    const { mark, note: noted } = this.#review;
    const review = { mark: state ?? mark, note: note ?? noted };
    if (review.mark === mark && review.note === noted) return;
    this.#review = review;
    this.isChanged = true;
  }

  /** Prompts gave their masks on this canvas; masks from elsewhere have none. */
  useCanvas(saved: readonly ProjectObject[], canvas: number | null): void {
    const isOfCanvas = saved.some(({ prompts }) => prompts.some(({ kind }) => kind !== 'mask'));
    if (canvas === this.#canvas || (canvas === null && !isOfCanvas)) return;
    const { objects, nextId } = unanswered(this.#objects, this.nextId);
    [this.#objects, this.nextId, this.#canvas] = [[...objects], nextId, canvas];
    this.isChanged = true;
  }

  put(saved: ProjectObject): void {
    const index = this.#indexOf(saved);
    const current = this.#objects[index];
    const restored = this.#merge(saved, current);
    if (current === undefined) this.#objects.push(restored);
    else this.#objects[index] = restored;
    this.#placed.add(restored.id);
    if (restored !== current) this.isChanged = true;
    this.#setHidden(restored.id, saved.hidden ?? false);
  }

  #indexOf(saved: ProjectObject): number {
    const free = (object: SegmentObject): boolean => !this.#placed.has(object.id);
    const byId = this.#objects.findIndex((object) => object.id === saved.id && free(object));
    if (byId >= 0 || saved.id != null) return byId;
    return this.#objects.findIndex((object) => free(object) && hasPrompts(object, saved));
  }

  #merge(saved: ProjectObject, current: SegmentObject | undefined): SegmentObject {
    const names = { ...namesOf(saved), ...marksOf(saved) };
    const part = saved.roi_xywh == null ? {} : { part: saved.roi_xywh };
    if (current === undefined) {
      const number = this.#takeNumber(saved.number ?? null);
      return { id: this.#takeId(saved.id ?? null), number, steps: this.#stepsOf(saved), ...names, ...part };
    }
    const isSame = hasPrompts(current, saved) && current.part?.join() === saved.roi_xywh?.join();
    const isSaid = JSON.stringify(marksOf(saved)) === JSON.stringify(marksIn(current));
    if (isSame && isSaid && current.userLabel === names.userLabel) return current;
    const steps = isSame ? current.steps : this.#stepsOf(saved);
    return { ...withoutMarks(current), ...names, steps, ...part };
  }

  #stepsOf({ prompts }: ProjectObject): readonly Step[] {
    return prompts.map((prompt) => ({ id: `step-${this.nextId++}`, prompt, givenAt: this.#givenAt }));
  }

  #takeId(wanted: ObjectId | null): ObjectId {
    const isFree = wanted !== null && !this.#foreign.has(wanted) && !this.#placed.has(wanted);
    return isFree ? wanted : `${this.#image.id}-restored-${this.nextId++}`;
  }

  /** The number it was saved with, unless another object has it. */
  #takeNumber(wanted: number | null): number {
    const isFree = wanted !== null && this.#objects.every((object) => object.number !== wanted);
    const number = isFree ? wanted : this.nextNumber;
    this.nextNumber = Math.max(this.nextNumber, number + 1);
    return number;
  }

  #setHidden(id: ObjectId, isHidden: boolean): void {
    if (this.#hidden.has(id) === isHidden) return;
    this.isChanged = true;
    if (isHidden) this.#hidden.add(id);
    else this.#hidden.delete(id);
  }
}

/** Files that do not say whose a label is hold the user's. */
const namesOf = ({ label, label_origin }: ProjectObject): Pick<SegmentObject, 'userLabel' | 'savedGuess'> =>
  label_origin === 'model' ? { userLabel: null, savedGuess: label } : { userLabel: label, savedGuess: null };

type Marks = Pick<SegmentObject, 'isLocked' | 'group' | 'track' | 'attributes'>;

const marksOf = ({ locked, group, track, attributes }: ProjectObject): Marks => ({
  ...(locked === true && { isLocked: true }),
  ...(group != null && { group }),
  ...(track != null && { track }),
  ...(attributes != null && { attributes }),
});

const marksIn = ({ isLocked, group, track, attributes = {} }: SegmentObject): Marks => ({
  ...(isLocked === true && { isLocked }),
  ...(group !== undefined && { group }),
  ...(track !== undefined && { track }),
  ...(Object.keys(attributes).length > 0 && { attributes }),
});

const withoutMarks = ({ id, number, steps, userLabel, savedGuess }: SegmentObject): SegmentObject => ({
  ...{ id, number, steps, userLabel, savedGuess },
});

const hasPrompts = ({ steps }: SegmentObject, { prompts }: ProjectObject): boolean =>
  JSON.stringify(steps.map(({ prompt }) => sorted(prompt))) === JSON.stringify(prompts.map(sorted));

/** With its fields in one order, so that equal prompts are equal texts. */
const sorted = (prompt: object): object =>
  Object.fromEntries(Object.entries(prompt).sort(([a], [b]) => (a < b ? -1 : 1)));
