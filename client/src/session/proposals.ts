/** Objects that nobody clicked on -> objects of an image, each made by its click. */
import type { ClickItem } from '../shared/generated';
import type { StepResult } from '../shared/types';
import { commit } from './history';
import type { ImageId, ObjectId, SegmentObject, Session, StepId } from './state';

export interface Proposal {
  readonly prompt: ClickItem;
  readonly result: StepResult;
}

/** What is done with proposals: what undo calls it, and whether the first of them is active afterwards. */
export interface Adding {
  readonly what: string;
  readonly selects: boolean;
  readonly givenAt: number;
}

/**
 * Put proposals into an image as one change, each an object of its own. Those are left out that are there already, from
 * the same click alone. Unless the first is selected, no object is active: the next prompt begins another.
 */
export function addProposals(
  session: Session,
  imageId: ImageId,
  proposals: readonly Proposal[],
  { what, selects, givenAt }: Adding,
): Session {
  const image = session.images.find(({ id }) => id === imageId);
  if (image === undefined) return session;
  const fresh = proposals.filter(({ prompt }) => !image.document.objects.some((one) => isOf(one, prompt)));
  if (fresh.length === 0) return session;
  let { nextId } = session;
  let { nextNumber } = image;
  const results = new Map<StepId, StepResult>(session.results);
  const objects = fresh.map(({ prompt, result }): SegmentObject => {
    const step = { id: `step-${nextId++}`, prompt, givenAt };
    results.set(step.id, result);
    const number = nextNumber++;
    const id: ObjectId = `${image.id}-object-${number}`;
    return { id, number, steps: [step], userLabel: null, savedGuess: null };
  });
  const activeObject = selects ? (objects[0]?.id ?? null) : null;
  const document = {
    ...image.document,
    objects: [...image.document.objects, ...objects],
    activeObject,
  };
  return commit({ ...session, nextId, results }, { ...image, nextNumber }, what, document);
}

function isOf({ steps }: SegmentObject, { x, y }: ClickItem): boolean {
  const [first, ...others] = steps;
  const prompt = first?.prompt;
  return others.length === 0 && prompt?.kind === 'click' && prompt.x === x && prompt.y === y;
}
