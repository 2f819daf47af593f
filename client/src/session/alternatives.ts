/** Another answer to the last click of an object in the place of the one that it has. */
import type { ClickItem } from '../shared/generated';
import type { StepResult } from '../shared/types';
import { commit } from './history';
import { activeImageOf, type ObjectId, type SegmentObject, type Session, type Step } from './state';

/** The last step of an object, where its prompt is a click; else null. */
export function lastClick({
  steps,
}: Pick<SegmentObject, 'steps'>): (Step & { readonly prompt: ClickItem }) | null {
  const last = steps.at(-1);
  return last?.prompt.kind === 'click' ? { ...last, prompt: last.prompt } : null;
}

/** Have the last click of an object of the shown photo mean this, as one change. */
export function answerOtherwise(
  session: Session,
  id: ObjectId,
  { prompt, result }: { readonly prompt: ClickItem; readonly result: StepResult },
  givenAt: number,
): Session {
  const image = activeImageOf(session);
  const object = image?.document.objects.find((one) => one.id === id);
  if (image === null || object === undefined || object.isLocked === true || lastClick(object) === null)
    return session;
  const step: Step = { id: `step-${session.nextId}`, prompt, givenAt };
  const steps = [...object.steps.slice(0, -1), step];
  const objects = image.document.objects.map((one) => (one.id === id ? { ...one, steps } : one));
  const results = new Map(session.results).set(step.id, result);
  const next = { ...session, nextId: session.nextId + 1, results };
  return commit(next, image, 'another mask', { ...image.document, objects });
}
