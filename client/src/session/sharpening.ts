/** Masks that are still those of the decoder's cells, and the ones that replace them. */
import type { CocoRle, PromptItem, StepResult } from '../shared/types';
import { isEdit } from '../shared/prompt/edits';
import { rleArea } from '../shared/rle';
import {
  embeddedOf,
  type Embedded,
  type ImageId,
  type ImageState,
  type SegmentObject,
  type Session,
  type StepId,
} from './state';

/** Steps that failed: the object is answered without them. */
type LeftOut = ReadonlyMap<StepId, unknown>;

/** An object whose mask, as it is shown, can get the edges of the photo. */
export interface CoarseMask {
  readonly imageId: ImageId;
  readonly embedded: Embedded;
  readonly step: StepId;
  /** Up to that step. */
  readonly prompts: readonly PromptItem[];
  readonly result: StepResult;
}

/** Those of the active image first; not those that another answer of the decoder is about to replace. */
export function coarseMasks(session: Session, leftOut: LeftOut): readonly CoarseMask[] {
  const { images, activeImage } = session;
  const active = images.filter(({ id }) => id === activeImage);
  const others = images.filter(({ id }) => id !== activeImage);
  return [...active, ...others].flatMap((image) =>
    image.document.objects.flatMap((object) => coarseMask(session, image, object, leftOut) ?? []),
  );
}

function coarseMask(
  { results }: Session,
  image: ImageState,
  object: SegmentObject,
  leftOut: LeftOut,
): CoarseMask | null {
  const steps = object.steps.filter(({ id }) => !leftOut.has(id));
  // Those from the first draft on are answered again, one after the other; what is painted waits for the one before it.
  const open = steps.findIndex(({ id }) => results.get(id)?.isDraft !== false);
  const index = (open < 0 ? steps.length : open) - 1;
  const [step, next] = [steps[index], steps[index + 1]];
  const result = step && results.get(step.id);
  if (result?.isCoarse !== true || result.isDraft || (next && !isEdit(next.prompt))) return null;
  const prompts = steps.slice(0, index + 1).map(({ prompt }) => prompt);
  const embedded = embeddedOf(image, object.part ?? null);
  return { imageId: image.id, embedded, step: step?.id ?? '', prompts, result };
}

/** With the mask in place of the coarse one, unless that was replaced meanwhile; null: with the coarse one for good. */
export function recordSharp(
  session: Session,
  { step, result }: Pick<CoarseMask, 'step' | 'result'>,
  mask: CocoRle | null,
): Session {
  if (session.results.get(step) !== result) return session;
  const sharp = mask === null ? result : { ...result, mask, area: rleArea(mask) };
  return { ...session, results: new Map(session.results).set(step, { ...sharp, isCoarse: false }) };
}
