/** Objects that nobody clicked on -> objects of an image, each made by its click. */
import type { ClickItem } from '../shared/generated';
import { rleIou } from '../shared/rle';
import type { StepResult } from '../shared/types';
import { commit, replaceImage } from './history';
import { onPart } from './parts';
import {
  resultOf,
  type ImageId,
  type ObjectId,
  type Part,
  type SegmentObject,
  type Session,
  type StepId,
} from './state';

/** IoU above which two masks are of the same thing. */
const SAME = 0.7;

export interface Proposal {
  readonly prompt: ClickItem;
  readonly result: StepResult;
}

/** What is done with proposals: what undo calls it, and whether the first of them is active afterwards. */
export interface Adding {
  readonly what: string;
  readonly selects: boolean;
  readonly givenAt: number;
  /** What they are called by the user; null or absent: nothing. */
  readonly label?: string | null;
  /** Where they were found; null or absent: in all of the photo. */
  readonly part?: Part | null;
  /** The canvas of the embedding that they were found in. */
  readonly canvas: number | null;
}

/**
 * Put proposals into an image as one change, each an object of its own. Those are left out that are there already: from
 * the same click alone, or with nearly the same mask. Unless the first is selected, no object is active: the next
 * prompt begins another. Where nothing is new, the one that is there is selected. If the photo is wanted on another
 * canvas by now, their clicks are answered again.
 */
export function addProposals(
  session: Session,
  imageId: ImageId,
  proposals: readonly Proposal[],
  { what, selects, givenAt, label = null, part = null, canvas }: Adding,
): Session {
  const image = session.images.find(({ id }) => id === imageId);
  if (image === undefined) return session;
  const known = (proposal: Proposal): SegmentObject | undefined =>
    image.document.objects.find((one) => isOf(one, proposal.prompt) || isAlike(session, one, proposal));
  const fresh = proposals.filter((proposal) => known(proposal) === undefined);
  if (fresh.length === 0) {
    const there = selects && proposals[0] ? known(proposals[0]) : undefined;
    if (there === undefined) return session;
    return replaceImage(session, { ...image, document: { ...image.document, activeObject: there.id } });
  }
  let { nextId } = session;
  let { nextNumber } = image;
  const results = new Map<StepId, StepResult>(session.results);
  const objects = fresh.map(({ prompt, result }): SegmentObject => {
    const step = { id: `step-${nextId++}`, prompt, givenAt };
    if (image.document.canvas === canvas) results.set(step.id, result);
    const number = nextNumber++;
    const id: ObjectId = `${image.id}-object-${number}`;
    return onPart({ id, number, steps: [step], userLabel: label, savedGuess: null }, part);
  });
  const activeObject = selects ? (objects[0]?.id ?? null) : null;
  const document = {
    ...image.document,
    objects: [...image.document.objects, ...objects],
    activeObject,
  };
  return commit({ ...session, nextId, results }, { ...image, nextNumber }, what, document);
}

function isAlike(session: Session, object: SegmentObject, { result }: Proposal): boolean {
  const mask = resultOf(session, object)?.mask;
  return mask !== undefined && rleIou(mask, result.mask) > SAME;
}

function isOf({ steps }: SegmentObject, { x, y }: ClickItem): boolean {
  const [first, ...others] = steps;
  const prompt = first?.prompt;
  return others.length === 0 && prompt?.kind === 'click' && prompt.x === x && prompt.y === y;
}
